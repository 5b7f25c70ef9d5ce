"""The evidence of a gap is the rows that were counted, read in two waits."""

from ontos.improve.evidence import get_evidence, get_worst_evidence
from ontos.improve.gaps import close_gap
from ontos.warehouse import tally
from tests.improve.conftest import ENDPOINT, found
from tests.train.made import Trained


def test_the_evidence_is_the_rows_that_were_counted(served: Trained) -> None:
    for gap in found(served).values():
        rows = get_evidence(served.caller, gap.id).rows
        assert len(rows) == gap.affected
        assert all(row["expected"] != row["predicted"] for row in rows)


def test_the_worst_gap_is_shown_with_its_evidence(served: Trained) -> None:
    caller = served.caller
    assert get_worst_evidence(caller, ENDPOINT) is None
    worst, *_ = sorted(found(served).values(), key=lambda gap: (-gap.affected, gap.id))
    with tally() as cost:
        shown = get_worst_evidence(caller, ENDPOINT)
    assert shown == get_evidence(caller, worst.id)
    assert cost.waits == 2
    close_gap(caller, worst.id)
    after = get_worst_evidence(caller, ENDPOINT)
    assert after is not None and after.gap_id != worst.id

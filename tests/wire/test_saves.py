"""A save is one wait, and is done once, whatever becomes of the answer."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ontos.bootstrap import Workbench, open_workbench
from ontos.data.sheets import SheetChange, get_sheet, update_sheet
from ontos.govern.audit import list_audit
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict
from ontos.kernel.operation import OPERATIONS
from ontos.kernel.settings import Settings
from ontos.kernel.tenancy import desired
from ontos.label.labels import label_history, list_labels
from ontos.label.reviews import Review, ReviewBatch, review_batch, review_pairs
from ontos.warehouse import declared, tally
from tests.bench.saves import ACTS, ELSEWHERE, Ground, every_save, measured, operation_of, waits
from tests.label.assembled import Assembled, Maker, messages
from tests.wire.server import Warehouse

ROWS = [{"ref": f"i{n}", "text": f"text {n}", "label": "greet"} for n in range(4)]


@pytest.fixture
def caller(settings: Settings, tmp_path: Path) -> Iterator[Caller]:
    opened: Workbench = open_workbench(
        settings.model_copy(update={"home": tmp_path, "log_level": "ERROR"})
    )
    yield opened.local_caller()
    opened.close()


@pytest.fixture
def maker(caller: Caller) -> Maker:
    store = caller.warehouse.within("data_default")
    return Maker(caller, lambda name, rows: messages(store, name, rows))


@pytest.fixture
def made(maker: Maker) -> Assembled:
    return maker(ROWS)


def approval(made: Assembled, item: str) -> ReviewBatch:
    pair = made.pair(item)
    return ReviewBatch.model_validate(
        {"changes": [{"pair_id": pair.id, "version": pair.version, "action": "approve"}]}
    )


@pytest.fixture
def ground(caller: Caller, maker: Maker) -> Ground:
    rows = [{"ref": f"i{n}", "text": f"text {n}", "label": "greet"} for n in range(12)]
    return Ground(caller, maker(rows).id)


def test_a_save_waits_for_the_warehouse_once(ground: Ground) -> None:
    """`ACTS` are more than saves, as the decision on saves explains."""
    found = {}
    for name, save in every_save(ground).items():
        with tally() as cost:
            save()
        found[name] = cost.waits
    assert found == {name: waits(name) for name in found}


def test_every_write_is_held_to_it_or_says_why_not(ground: Ground) -> None:
    assert {operation_of(name) for name in every_save(ground)} == measured()
    assert {*ELSEWHERE, *ACTS} <= set(OPERATIONS)


def test_a_save_whose_answer_is_lost_is_done_once(ground: Ground, served: Warehouse) -> None:
    """Compared with the same save that nothing befell: rows, versions and the journal.

    What a save writes is in its last statement, whose answer is the one that is lost.
    """
    once, before = {}, {}
    for name, save in every_save(ground).items():
        once[name], sent = grown(ground.caller, save, served)
        before[name] = sent - 1
    for name, save in every_save(ground).items():
        again, sent = grown(ground.caller, save, served, before[name])
        assert (name, again, sent) == (name, once[name], before[name] + 2)
    silent = {name for name, grew in once.items() if "journal" not in grew}
    assert silent == {"dismiss_notice"}


Growth = dict[str, tuple[int, int]]
"""By table: rows, and the sum of their versions."""


def grown(
    caller: Caller, save: Callable[[], object], served: Warehouse, answered: int | None = None
) -> tuple[Growth, int]:
    """What a save added, and how many statements it sent; the answer after those is lost."""
    before, seen = state(caller), dict(served.faults.seen)
    if answered is not None:
        served.faults.cut_after(spared=answered)
    save()
    sent = served.faults.seen["ExecuteStatement"] - seen["ExecuteStatement"]
    after = state(caller)
    changes = {t: (after[t][0] - before[t][0], after[t][1] - before[t][1]) for t in after}
    return {table: change for table, change in changes.items() if change != (0, 0)}, sent


def state(caller: Caller) -> Growth:
    """Of all tables of the tenant and of the installation, in a statement for each."""
    rows = []
    for system, store in ((False, caller.warehouse), (True, caller.system)):
        counts = (
            f"SELECT '{name}' AS name, count(*) AS n,"
            f" coalesce({'sum(version)' if 'version' in columns else '0'}, 0) AS v FROM {name}"
            for name, columns in declared(desired(system)).items()
        )
        rows += store.rows(" UNION ALL ".join(counts))
    return {row["name"]: (row["n"], row["v"]) for row in rows}


def test_a_review_whose_answer_is_lost_is_done_once(made: Assembled, served: Warehouse) -> None:
    approve = approval(made, "i0")
    served.faults.cut_after()
    done = review_batch(made.caller, made.id, approve)
    assert (done.changed, done.labels_set, done.conflicts) == (1, 1, [])
    pair = made.pair("i0")
    assert (pair.review_status, pair.version) == ("approved", approve.changes[0].version + 1)
    label = list_labels(made.caller, item_ref="i0").items[0]
    assert [each.change for each in label_history(made.caller, label.id)] == ["set"]
    assert journaled(made.caller, "review_batch") == ["done"]


def test_a_withdrawal_whose_answer_is_lost_is_kept_once(made: Assembled, served: Warehouse) -> None:
    review_batch(made.caller, made.id, approval(made, "i0"))
    label = list_labels(made.caller, item_ref="i0").items[0]
    served.faults.cut_after()
    rejected = Review(action="reject", pair_ids=[made.pair("i0").id], reason="spam")
    assert review_pairs(made.caller, made.id, rejected).labels_withdrawn == 1
    kept = [each.change for each in label_history(made.caller, label.id)]
    assert kept == ["withdrawn", "set"]
    assert list_labels(made.caller, item_ref="i0").items == []


def test_a_change_whose_answer_is_lost_is_made_once(made: Assembled, served: Warehouse) -> None:
    before = get_sheet(made.caller, made.sheet_id)
    served.faults.cut_after()
    after = update_sheet(made.caller, made.sheet_id, SheetChange(description="d"))
    assert (after.description, after.version) == ("d", before.version + 1)
    assert journaled(made.caller, "update_sheet") == ["done"]


def test_a_stale_change_is_refused_and_journaled_as_failed(made: Assembled) -> None:
    with pytest.raises(Conflict, match="changed this sheet meanwhile"):
        update_sheet(made.caller, made.sheet_id, SheetChange(description="d", version=0))
    assert get_sheet(made.caller, made.sheet_id).description is None
    assert journaled(made.caller, "update_sheet") == ["failed"]


def journaled(caller: Caller, operation: str) -> list[str]:
    return [entry.outcome for entry in list_audit(caller, operation=operation).items]

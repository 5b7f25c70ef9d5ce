"""What the pages of single things wait for; of every view by itself tests/wire/test_waits.py."""

from functools import partial

import pytest

from ontos.improve.gaps import Analysis, analyze_gaps
from tests.bench.pages import Link, cost, forget
from tests.improve.conftest import ENDPOINT, served
from tests.monitor.made import answered
from tests.train.made import Trained
from tests.trained import trained

__all__ = ["served", "trained"]


@pytest.fixture
def lived(served: Trained, monkeypatch: pytest.MonkeyPatch) -> Trained:
    """A model that answers, was asked and has gaps, in a workbench that tells what pages cost."""
    bench = served.bench
    monkeypatch.setattr(bench, "settings", bench.settings.model_copy(update={"debug_footer": True}))
    answered(served.caller, ENDPOINT, range(1, 10))
    analyze_gaps(served.caller, Analysis(endpoint_name=ENDPOINT))
    return served


def links(made: Trained) -> list[Link]:
    gap = made.caller.warehouse.rows("SELECT max(id) AS id FROM gaps")[0]["id"]
    pairs, sheet = made.sheet.id, made.sheet.sheet_id
    (table,) = made.caller.warehouse.rows("SELECT source_table AS name FROM sheets WHERE id = :id",
                                          id=sheet)  # fmt: skip
    return [
        ("data", "catalog", {"table": table["name"]}),
        ("data", "sheets", {"sheet": sheet}),
        ("generate", "training-sheets", {"training_sheet": pairs}),
        ("label", "review", {"sheet": pairs}),
        ("train", "new", {"sheet": pairs}),
        ("train", "jobs", {"job": made.first.id}),
        ("train", "compare", {"model": "kinds"}),
        ("deploy", "endpoints", {"endpoint": ENDPOINT}),
        ("deploy", "playground", {"endpoint": ENDPOINT}),
        ("deploy", "models", {"model": "kinds"}),
        ("monitor", "performance", {}),
        ("monitor", "performance", {"endpoint": ENDPOINT}),
        ("improve", "gaps", {}),
        ("improve", "gaps", {"endpoint": ENDPOINT, "gap": gap}),
        ("improve", "feedback", {"endpoint": ENDPOINT}),
        ("govern", "lineage", {"entity": f"training_sheet/{pairs}"}),
    ]


def test_a_page_of_one_thing_opens_in_two_waits_and_else_in_one(lived: Trained) -> None:
    """Two where nothing is known yet, rights included."""
    for stage, view, params in links(lived):
        first = cost(lived.bench, stage, view, params, partial(forget, lived.bench))[1]
        again = cost(lived.bench, stage, view, params)[1]
        assert (stage, view, params, first <= 2, again <= 1) == (stage, view, params, True, True)

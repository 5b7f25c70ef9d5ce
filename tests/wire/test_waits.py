"""What opening a page waits for, also after minutes in which nobody asked anything."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ontos.bootstrap import Workbench, open_workbench
from ontos.doors import session
from ontos.generate.training_sheets import get_training_sheet
from ontos.govern.orgs import OrgSpec, create_org
from ontos.kernel import kept
from ontos.kernel.settings import Settings
from ontos.label.tasks import TaskSpec, create_task
from ontos.sample.project import load_sample
from ontos.warehouse import tally
from tests.bench.pages import STAGES, cost, forget, unheard, views
from tests.label.elsewhere import pairs_elsewhere
from tests.wire.server import Warehouse


@pytest.fixture
def lived(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workbench]:
    """A workbench with the sample project, whose pages tell what they cost."""
    monkeypatch.setenv("ONTOS_DEBUG_FOOTER", "1")
    made = open_workbench(
        settings.model_copy(update={"home": tmp_path, "log_level": "ERROR", "debug_footer": True})
    )
    made.start()
    sample = load_sample(made.local_caller())
    deadline = time.monotonic() + 60
    while get_training_sheet(made.local_caller(), sample.training_sheet_id).status != "ready":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    yield made
    made.close()


@pytest.fixture
def whose(
    request: pytest.FixtureRequest, lived: Workbench, served: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
) -> Workbench:  # fmt: skip
    """Who reads the table that the newest pairs were made of: the app, or whoever looks."""
    if request.param == "person":
        served.tokens.add("forwarded")
        pairs_elsewhere(lived)
        looks = replace(session.local_person(), token="forwarded")  # noqa: S106
        monkeypatch.setattr(session, "local_person", lambda: looks)
    return lived


@pytest.mark.parametrize(
    ("whose", "stages"), [("person", STAGES), ("app", ("label", "train"))], indirect=["whose"]
)
def test_a_page_opens_in_two_waits(whose: Workbench, stages: Sequence[str]) -> None:
    """Also as the first of a process, after a silence: rights are read first, which wakes the
    warehouse, and beside them what the page will be about. Else it is one.
    """
    names = [(stage, view) for stage in stages for view in views(stage)]
    with unheard():
        first = {name: cost(whose, *name, {}, lambda: forget(whose))[1] for name in names}
    assert {name: waits for name, waits in first.items() if waits > 2} == {}
    again = {name: cost(whose, *name, {})[1] for name in names}
    assert {name: waits for name, waits in again.items() if waits > 1} == {}


@pytest.mark.parametrize("whose", ["person"], indirect=True)
def test_another_newest_training_sheet_costs_no_third_wait(whose: Workbench) -> None:
    """The wrong one is guessed then, in the view that reads most of what it shows."""
    cost(whose, "label", "focus", {})
    pairs_elsewhere(whose, "newer")
    assert cost(whose, "label", "focus", {})[1] == 2


def test_a_page_of_another_org_opens_in_two_waits(lived: Workbench) -> None:
    create_org(lived.local_caller(), OrgSpec(id="north", title="North"))
    pairs_elsewhere(lived, org="north")
    for view in views("label"):
        with unheard():
            waits = cost(lived, "label", view, {"org": "north"}, lambda: forget(lived))[1]
        assert (view, waits <= 2) == (view, True)


def test_a_save_minutes_later_does_not_wait_for_rights(
    lived: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = lived.local_caller().person
    monkeypatch.setattr(kept, "FRESH_SECONDS", 0.0)
    with tally() as spent:
        caller = lived.directory.of_person(person, door="page")
        create_task(caller, TaskSpec(title="look again", target_record_count=5))
    assert spent.waits == 1

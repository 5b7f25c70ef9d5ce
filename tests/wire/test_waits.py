"""What opening a page waits for, also after minutes in which nobody asked anything."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ontos.bootstrap import Workbench, open_workbench
from ontos.generate.training_sheets import get_training_sheet
from ontos.kernel import kept
from ontos.kernel.settings import Settings
from ontos.label.tasks import TaskSpec, create_task
from ontos.sample.project import load_sample
from ontos.warehouse import tally
from tests.bench.pages import STAGES, cost, unheard, views


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


def test_a_page_opens_in_two_waits(lived: Workbench) -> None:
    """What it is about is read beside the list, once somebody has seen what stands first there.

    After a silence the rights are read first, which also wakes the warehouse: one wait more.
    """
    names = [(stage, view) for stage in STAGES for view in views(stage)]
    found = {name: cost(lived, *name, {})[1] for name in names}
    assert {name: waits for name, waits in found.items() if waits > 2} == {}
    again = {name: cost(lived, *name, {})[1] for name in names}
    assert {name: waits for name, waits in again.items() if waits > 1} == {}
    with unheard():
        after = {name: cost(lived, *name, {}, lived.directory.forget)[1] for name in names}
    assert {name: waits for name, waits in after.items() if waits > 2} == {}


def test_a_save_minutes_later_does_not_wait_for_rights(
    lived: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = lived.local_caller().person
    monkeypatch.setattr(kept, "FRESH_SECONDS", 0.0)
    with tally() as spent:
        caller = lived.directory.of_person(person, door="page")
        create_task(caller, TaskSpec(title="look again", target_record_count=5))
    assert spent.waits == 1

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

SHEET_FIRST = {"review", "focus", "usage", "export", "new", "models", "lineage"}
"""Views that choose a training sheet, a model or a thing before they read about it."""


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
    """After a silence the rights are read first, which also wakes the warehouse: one wait more."""
    found = {
        (stage, view): cost(lived, stage, view, {})[1] for stage in STAGES for view in views(stage)
    }
    assert {k: n for k, n in found.items() if n > (2 if k[1] in SHEET_FIRST else 1)} == {}
    with unheard():
        after = {
            (stage, view): cost(lived, stage, view, {}, lived.directory.forget)[1]
            for stage, view in found
        }
    assert {key: n for key, n in after.items() if n > found[key] + 1} == {}


def test_a_save_minutes_later_does_not_wait_for_rights(
    lived: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = lived.local_caller().person
    monkeypatch.setattr(kept, "FRESH_SECONDS", 0.0)
    with tally() as spent:
        caller = lived.directory.of_person(person, door="page")
        create_task(caller, TaskSpec(title="look again", target_record_count=5))
    assert spent.waits == 1

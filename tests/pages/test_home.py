import tempfile
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ontos.bootstrap import Workbench
from ontos.data.sheets import SheetSpec, create_sheet, publish_sheet
from ontos.data.sources import Source, upload_file
from ontos.generate.templates import TemplateSpec, create_template, publish_template
from ontos.generate.training_sheets import get_training_sheet
from ontos.govern.roles import LevelChange, set_level
from ontos.kernel.caller import Caller
from ontos.kernel.fields import new_id, now
from ontos.kernel.jobs import enqueue
from ontos.kernel.transfer import Upload
from ontos.label.pairs import list_pairs
from ontos.label.reviews import review_pairs
from ontos.label.tasks import TaskSpec, create_task
from ontos.sample.project import get_sample, load_sample
from pages.home.overview import short as short_figure
from tests.pages.opened import figure, opened, press, sound, texts, visited


def test_an_empty_home_says_how_to_begin(bench: Workbench) -> None:
    page = opened(bench, "home")
    assert "Nothing here yet" in texts(page)
    assert {"Upload a table", "Load the sample project"} <= {b.label for b in page.button}


def test_after_the_first_upload_home_shows_the_next_step(bench: Workbench, caller: Caller) -> None:
    source = upload(caller)
    page = opened(bench, "home")
    assert "**clinc150** is loaded. Make a sheet of it" in texts(page)
    assert "Nothing waits" not in texts(page)
    assert "Load the sample project" in [b.label for b in page.button]
    page = press(page, "Make a sheet of it")
    assert asked(page, "table") == source.table and asked(page, "new") == "1"


def test_home_leads_on_until_there_are_pairs(bench: Workbench, caller: Caller) -> None:
    source = upload(caller)
    sheet = create_sheet(caller, SheetSpec(name="Intents", source_table=source.table))
    assert "**Intents** is a draft" in texts(opened(bench, "home"))
    publish_sheet(caller, sheet.id)
    page = opened(bench, "home")
    assert "Write a template" in [b.label for b in page.button]
    spec = TemplateSpec(name="Sort", label_type="intent", user_prompt="{{ text }}")
    publish_template(caller, create_template(caller, spec).id)
    page = press(opened(bench, "home"), "Assemble pairs")
    assert asked(page, "view") == "assemble"
    load_sample(caller)
    page = opened(bench, "home")
    assert "Next" not in [s.value for s in page.subheader]


def test_who_may_only_read_is_not_asked_to_upload(bench: Workbench, caller: Caller) -> None:
    set_level(caller, LevelChange(role="admin", feature="sheets", level="read"))
    assert "Upload a table" not in [b.label for b in opened(bench, "home").button]


@pytest.mark.parametrize(("count", "shown"), [(22_804, "22,804"), (1_234_567, "1.2 M")])
def test_a_figure_fits_its_cell(count: int, shown: str) -> None:
    assert short_figure(count) == shown


def upload(caller: Caller) -> Source:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "body"
        path.write_text("text,intent\nhello,greet\nbye,leave\n", encoding="utf-8")
        return upload_file(caller, Upload(path, "clinc150.csv", "text/csv"), "clinc150")


def asked(page: AppTest, name: str) -> str | None:
    """A parameter of the page's address."""
    found = page.query_params.get(name)
    return found[0] if isinstance(found, list) else found


def test_the_sample_loads_and_goes_by_click(bench: Workbench, caller: Caller) -> None:
    page = press(opened(bench, "home"), "Load the sample project")
    assert get_sample(caller).loaded and figure(page, "items") == "304"
    page = press(opened(bench, "home"), "Remove it")
    assert not get_sample(caller).loaded


def test_what_waits_agrees_with_its_count_and_opens_just_that(
    bench: Workbench, caller: Caller
) -> None:
    create_task(caller, TaskSpec(title="Look", target_record_count=1))
    sheet = load_sample(caller).training_sheet_id
    until = time.monotonic() + 60
    while get_training_sheet(caller, sheet).status != "ready":
        assert time.monotonic() < until, "the sample is not assembled"
        time.sleep(0.05)
    first = list_pairs(caller, sheet, limit=1).items[0]
    review_pairs(caller, sheet, {"action": "flag", "pair_ids": [first.id], "reason": "Two"})
    page = opened(bench, "home")
    said = texts(page)
    assert "**1** annotation task\n" in said and "**1** flagged pair to settle in " in said
    at = [b.label for b in page.button if b.key and b.key.startswith("waiting")]
    waits = [m.value for m in page.markdown if m.value.startswith("**")]
    flagged = next(n for n, words in enumerate(waits) if "flagged" in words)
    assert len(at) == len(waits)
    page = sound(page.button(key=f"waiting-{flagged}").click().run())
    assert page.query_params["status"] in ("Flagged", ["Flagged"])


def test_a_failed_job_leads_to_what_it_worked_on(bench: Workbench, caller: Caller) -> None:
    press(opened(bench, "home"), "Load the sample project")
    bench.pool.stop()
    key = new_id()
    enqueue(caller, "assemble", ("training_sheet", key), "Assemble *this*")
    caller.warehouse.execute(
        "UPDATE jobs SET status = 'failed', error = 'No', finished_at = :at WHERE entity_id = :id",
        at=now(), id=key,
    )  # fmt: skip
    page = visited(bench, "home")
    assert page.error[0].value == r"Assemble \*this\* failed\. No"
    page = next(b for b in page.button if b.key and b.key.startswith("job-")).click().run()
    assert page.query_params["training_sheet"] in (key, [key])


@pytest.mark.parametrize("view", ["gaps", "feedback"])
def test_an_empty_improve_says_what_comes_first(bench: Workbench, view: str) -> None:
    said = texts(opened(bench, "improve", view=view))
    assert "No endpoint yet" in said or "No feedback yet" in said

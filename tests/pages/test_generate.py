"""The Generate page: each view opens empty and full; templates, assembling, pairs by clicks."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from ontos.bootstrap import Workbench
from ontos.data.sheets import Sheet, SheetSpec, create_sheet, publish_sheet
from ontos.generate.assembly import AssembleSpec, assemble_sheet
from ontos.generate.templates import (
    Template,
    TemplateChange,
    TemplateSpec,
    create_template,
    get_template,
    list_templates,
    publish_template,
    update_template,
)
from ontos.generate.training_sheets import (
    TrainingSheet,
    get_training_sheet,
    list_training_sheets,
)
from ontos.kernel.caller import Caller
from tests.pages.opened import FAILED, figure, opened, press, texts, visited

VIEWS = ("templates", "assemble", "training-sheets")
ROWS = [
    {"ref": "a", "text": "Where is it?", "intent": "delivery"},
    {"ref": "b", "text": "Charged twice", "intent": "billing"},
    {"ref": "c", "text": "Hm", "intent": None},
]


@pytest.fixture
def sheet(caller: Caller, table: Callable[..., str]) -> Sheet:
    spec = SheetSpec(name="Messages", source_table=table("m", ROWS), item_id_column="ref")
    return publish_sheet(caller, create_sheet(caller, spec).id)


@pytest.fixture
def draft(caller: Caller) -> Template:
    spec = TemplateSpec(
        name="Sort *them*", label_type="intent", system_prompt="Be brief.",
        user_prompt="Message: {{ message }}",
    )  # fmt: skip
    return create_template(caller, spec)


@pytest.fixture
def template(caller: Caller, draft: Template) -> Template:
    return publish_template(caller, draft.id)


@pytest.fixture
def assembled(caller: Caller, sheet: Sheet, template: Template) -> TrainingSheet:
    return settled(caller, assemble_sheet(caller, sheet.id, plan(template)))


def plan(template: Template, **mapping: str) -> AssembleSpec:
    return AssembleSpec(
        name="Pairs", template_id=template.id, column_mapping=mapping or {"message": "text"},
        response_column="intent",
    )  # fmt: skip


def settled(caller: Caller, made: TrainingSheet) -> TrainingSheet:
    end = time.monotonic() + 30
    while (now := get_training_sheet(caller, made.id)).status == "assembling":
        assert time.monotonic() < end
        time.sleep(0.02)
    return now


def box(kind: Any, label: str) -> Any:
    return next(widget for widget in kind if widget.label == label)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_opens_empty_and_says_what_to_do(bench: Workbench, view: str) -> None:
    page = opened(bench, "generate", view=view)
    assert page.title[0].value == "Generate"
    assert page.subheader[0].value.startswith("No ")


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_opens_full(bench: Workbench, assembled: TrainingSheet, view: str) -> None:
    page = opened(bench, "generate", view=view)
    assert not page.subheader


def test_a_template_is_written_with_its_placeholders_in_view(
    bench: Workbench, caller: Caller, sheet: Sheet
) -> None:
    page = opened(bench, "generate", view="templates", template="new", sheet=sheet.id)
    box(page.text_input, "Name").input("Sort")
    box(page.text_input, "Label type").input("intent")
    page = box(page.text_area, "User prompt").input("Say {{ text|upper }} {{ unclosed").run()
    assert "mistake in line 1" in page.warning[0].value
    page = box(page.text_area, "User prompt").input("Say {{ text|upper }}").run()
    assert "text" in texts(page) and page.code[0].value == "Say WHERE IS IT?"
    page = press(page, "Save as draft")
    (made,) = list_templates(caller).items
    assert (made.name, made.placeholders, made.status) == ("Sort", ["text"], "draft")
    assert page.query_params["template"] in (made.id, [made.id])


def test_what_was_typed_survives_a_refusal(bench: Workbench, caller: Caller) -> None:
    page = opened(bench, "generate", view="templates", template="new")
    box(page.text_area, "User prompt").input("{{ text }}")
    page = press(page, "Save as draft")
    assert "name" in page.error[0].value
    assert box(page.text_area, "User prompt").value == "{{ text }}"
    assert list_templates(caller).items == []


def test_the_preview_shows_what_the_item_is_asked(
    bench: Workbench, sheet: Sheet, draft: Template
) -> None:
    page = opened(bench, "generate", view="templates", template=draft.id, sheet=sheet.id)
    assert [c.value for c in page.code] == ["Be brief.", "Message: Where is it?"]
    page = box(page.number_input, "Item").set_value(2).run()
    assert page.code[1].value == "Message: Charged twice"
    page = box(page.selectbox, "message is").select("ref").run()
    assert page.code[1].value == "Message: b"


def test_the_preview_fills_no_placeholder_by_chance(
    bench: Workbench, sheet: Sheet, draft: Template
) -> None:
    page = opened(bench, "generate", view="templates", template=draft.id, sheet=sheet.id)
    page = box(page.text_area, "User prompt").input("{{ text }} {{ txet }}").run()
    assert box(page.selectbox, "txet is").value is None
    assert "Choose a column for each placeholder" in texts(page) and not page.code
    page = box(page.selectbox, "txet is").select("ref").run()
    assert page.code[-1].value == "Where is it? a"


def test_a_draft_is_changed_published_and_revised(
    bench: Workbench, caller: Caller, draft: Template
) -> None:
    page = opened(bench, "generate", view="templates", template=draft.id)
    page = box(page.text_area, "User prompt").input("{{ other }}").run()
    assert "Not saved yet" in texts(page)
    page = press(page, "Publish the template")
    now = get_template(caller, draft.id)
    assert (now.status, now.placeholders) == ("published", ["other"])
    assert not page.text_area
    page = press(page, "New revision")
    assert page.text_area and "Revision 2" in texts(page)
    press(opened(bench, "generate", view="templates", template=draft.id), "Archive the template")
    assert get_template(caller, draft.id).status == "archived"


def test_two_who_edit_the_same_draft_are_told(
    bench: Workbench, caller: Caller, draft: Template
) -> None:
    page = opened(bench, "generate", view="templates", template=draft.id)
    update_template(caller, draft.id, TemplateChange(user_prompt="{{ theirs }}"))
    page = box(page.text_area, "User prompt").input("{{ mine }}").run()
    assert "changed this template" in page.warning[0].value
    page = press(page, "Save")
    assert "meanwhile" in page.error[0].value
    assert box(page.text_area, "User prompt").value == "{{ mine }}"
    page = press(page, "Load the newer version")
    assert box(page.text_area, "User prompt").value == "{{ theirs }}"
    assert not page.warning


@pytest.mark.parametrize("tried", [True, False])
def test_assembling_goes_on_with_the_sheet_that_was_tried(
    bench: Workbench, sheet: Sheet, template: Template, tried: bool
) -> None:
    given = {"sheet": sheet.id} if tried else {}  # else it is the only one
    page = opened(bench, "generate", view="templates", template=template.id, **given)
    page = press(page, "Assemble pairs with it")
    assert page.query_params["sheet"] in (sheet.id, [sheet.id])
    assert "Assemble" in [b.label for b in page.button]


def test_a_sheet_is_assembled_by_clicks(
    bench: Workbench, caller: Caller, sheet: Sheet, template: Template
) -> None:
    page = opened(bench, "generate", view="assemble", sheet=sheet.id, template=template.id)
    assert box(page.selectbox, "`message` is the column").value == "text"
    assert box(page.selectbox, "Responses are in the column").value == "intent"
    page = page.toggle[0].set_value(True).run()
    assert page.code[0].value == "Message: Where is it?"
    press(page, "Assemble")
    (made,) = list_training_sheets(caller).items
    ready = settled(caller, made)
    assert (ready.status, ready.total_items, ready.empty_count) == ("ready", 3, 1)
    assert ready.name == "Messages · Sort *them*"


def test_nothing_is_chosen_before_somebody_chooses(
    bench: Workbench, sheet: Sheet, template: Template
) -> None:
    page = opened(bench, "generate", view="assemble")
    assert [box(page.selectbox, label).value for label in ("Sheet", "Template")] == [None, None]
    page = box(page.selectbox, "Sheet").select(sheet.id).run()
    page = box(page.selectbox, "Template").select(template.id).run()
    assert "Assemble" in [button.label for button in page.button]
    assert page.query_params["sheet"] in (sheet.id, [sheet.id])


def test_a_response_that_stands_in_the_prompt_is_warned_of(
    bench: Workbench, sheet: Sheet, template: Template
) -> None:
    page = opened(bench, "generate", view="assemble", sheet=sheet.id, template=template.id)
    page = box(page.selectbox, "`message` is the column").select("intent").run()
    assert "repeat it" in page.warning[0].value


def test_what_changed_meanwhile_is_refused_in_words(
    bench: Workbench, caller: Caller, sheet: Sheet, template: Template
) -> None:
    page = opened(bench, "generate", view="assemble", sheet=sheet.id, template=template.id)
    caller.warehouse.execute(f"DROP TABLE {sheet.source_table}")
    page = press(page, "Assemble")
    assert "is gone, or you may not see it" in page.error[0].value
    assert list_training_sheets(caller).items == []


def test_a_training_sheet_shows_its_counts_and_that_no_model_is_there(
    bench: Workbench, assembled: TrainingSheet
) -> None:
    page = opened(bench, "generate", view="training-sheets", training_sheet=assembled.id)
    assert (figure(page, "Pairs"), figure(page, "To review")) == ("3", "2")
    assert figure(page, "Without a response") == "1"
    assert "ONTOS_LLM_BASE_URL" in page.info[0].value
    assert "Generate" not in [button.label for button in page.button]


def test_a_training_sheet_is_archived_by_click(
    bench: Workbench, caller: Caller, assembled: TrainingSheet
) -> None:
    page = opened(bench, "generate", view="training-sheets", training_sheet=assembled.id)
    press(page, "Archive the training sheet")
    assert get_training_sheet(caller, assembled.id).status == "archived"


def test_running_work_shows_its_bar_and_can_be_cancelled(
    bench: Workbench, caller: Caller, sheet: Sheet, template: Template
) -> None:
    bench.pool.stop()
    made = assemble_sheet(caller, sheet.id, plan(template))
    page = opened(bench, "generate", view="training-sheets", training_sheet=made.id)
    assert "assembling" in texts(page)
    press(page, "Cancel")
    asked = caller.warehouse.rows("SELECT cancel_requested FROM jobs")
    assert asked == [{"cancel_requested": True}]


def test_a_failure_says_why_and_offers_another_try(
    bench: Workbench, caller: Caller, sheet: Sheet
) -> None:
    spec = TemplateSpec(name="bad", label_type="x", user_prompt="{{ message.nope }}")
    bad = publish_template(caller, create_template(caller, spec).id)
    failed = settled(caller, assemble_sheet(caller, sheet.id, plan(bad)))
    page = visited(bench, "generate", view="training-sheets", training_sheet=failed.id)
    assert not page.exception and "nope" in page.error[0].value
    assert "Assemble again" in [button.label for button in page.button]


@pytest.mark.parametrize("address", [
    {"view": "templates", "template": "0" * 32}, {"view": "training-sheets", "training_sheet": "x"},
    {"view": "assemble", "sheet": "x", "template": "y"},
])  # fmt: skip
def test_addresses_that_lead_nowhere_are_told(bench: Workbench, address: dict[str, str]) -> None:
    page = visited(bench, "generate", **address)
    assert not page.exception and FAILED not in texts(page)
    assert page.error or "No published" in texts(page)


def test_an_address_of_what_cannot_be_assembled_says_so(
    bench: Workbench, sheet: Sheet, template: Template
) -> None:
    page = opened(bench, "generate", view="assemble", sheet="0" * 32, template=template.id)
    assert "The sheet that the address names is not published, or gone" in texts(page)
    assert "The template" not in texts(page)

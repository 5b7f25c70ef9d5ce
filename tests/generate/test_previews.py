"""What a template makes of a real item, before anything is assembled."""

import pytest

from ontos.generate.previews import PreviewSpec, PromptSpec, check_template, preview_template
from ontos.kernel.errors import Invalid, NotFound


def test_one_item_is_rendered_as_it_would_be_sent(caller, sheet, template):
    spec = PreviewSpec(sheet_id=sheet.id, column_mapping={"message": "text"})
    shown = preview_template(caller, template.id, spec)
    assert shown.user_prompt.startswith("Message: ") and shown.item_ref in "abcd"
    assert shown.system_prompt == "You sort messages."
    assert shown.column_mapping == {"message": "text"}


def test_placeholders_named_as_columns_need_no_mapping(caller, sheet, template_of):
    template = template_of("{{ text }} / {{ INTENT }}")
    specs = [PreviewSpec(sheet_id=sheet.id, offset=n) for n in range(4)]
    seen = {preview_template(caller, template.id, spec).user_prompt for spec in specs}
    assert "Where is my order? / delivery" in seen and len(seen) == 4


def test_what_is_being_written_is_checked_and_shown(caller, sheet):
    bare = check_template(caller, PromptSpec(user_prompt="{{ b }}{{ a }}"))
    assert (bare.placeholders, bare.preview) == (["b", "a"], None)
    item = PreviewSpec(sheet_id=sheet.id)
    shown = check_template(caller, PromptSpec(user_prompt="{{ text|upper }}", item=item)).preview
    assert shown is not None and shown.system_prompt is None
    with pytest.raises(Invalid):
        check_template(caller, PromptSpec(user_prompt="{{ ''.__class__ }}"))


def test_a_preview_journals_nothing(caller, sheet, template):
    before = caller.warehouse.rows("SELECT count(*) AS n FROM journal")
    check_template(caller, PromptSpec(user_prompt="x"))
    assert caller.warehouse.rows("SELECT count(*) AS n FROM journal") == before


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "column_mapping"),
        ({"column_mapping": {"message": "nope"}}, "column_mapping"),
        ({"column_mapping": {"message": "text", "x": "text"}}, "column_mapping"),
    ],
)
def test_a_mapping_that_does_not_fit_is_told(caller, sheet, template, given, field):
    with pytest.raises(Invalid) as refused:
        preview_template(caller, template.id, PreviewSpec(sheet_id=sheet.id, **given))
    assert refused.value.field == field


def test_a_column_that_items_do_not_show_is_not_previewed(caller, sheet_of, template_of):
    sheet = sheet_of([{"ref": "a", "item_ref": "first"}])
    with pytest.raises(Invalid, match=r"item_ref.*own values"):
        spec = PreviewSpec(sheet_id=sheet.id)
        preview_template(caller, template_of("{{ item_ref }}").id, spec)


def test_an_item_beyond_the_last_is_not_found(caller, sheet, template):
    spec = PreviewSpec(sheet_id=sheet.id, column_mapping={"message": "text"}, offset=4)
    with pytest.raises(NotFound) as refused:
        preview_template(caller, template.id, spec)
    assert refused.value.field == "offset"

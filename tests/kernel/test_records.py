"""Rows added, and shared ones changed by compare-and-set, explained from what is there then."""

import pytest

from ontos.data.sheets import SheetChange, SheetSpec, archive_sheet, create_sheet, update_sheet
from ontos.generate.templates import TemplateSpec, create_template
from ontos.govern.audit import list_audit
from ontos.kernel.errors import Conflict, NotFound, NotNow
from ontos.kernel.fields import new_id
from ontos.label.tasks import TaskSpec, create_task, list_tasks


@pytest.fixture
def sheet(caller, table):
    return create_sheet(caller, SheetSpec(name="s", source_table=table("t", [{"a": "x"}])))


def test_only_what_is_given_changes(caller, sheet):
    after = update_sheet(caller, sheet.id, SheetChange(description="d", version=sheet.version))
    assert (after.name, after.description, after.version) == ("s", "d", sheet.version + 1)
    assert (after.updated_by, after.created_at) == (caller.user, sheet.created_at)
    assert after.updated_at > sheet.updated_at


def test_a_change_leaves_one_row_in_the_journal(caller, sheet):
    update_sheet(caller, sheet.id, SheetChange(description="d"))
    (entry,) = list_audit(caller, operation="update_sheet").items
    assert (entry.outcome, entry.entity_type, entry.entity_id) == ("done", "sheet", sheet.id)
    assert '"description": "d"' in entry.detail


def test_what_is_made_is_named_in_the_journal(caller):
    template = create_template(caller, TemplateSpec(name="t", label_type="x", user_prompt="Hi"))
    task = create_task(caller, TaskSpec(title="more", target_record_count=3))
    for operation, made in (("create_template", template), ("create_task", task)):
        (entry,) = list_audit(caller, operation=operation).items
        kind = operation.removeprefix("create_")
        assert (entry.outcome, entry.entity_type, entry.entity_id) == ("done", kind, made.id)


def test_what_it_needs_must_be_there(caller):
    nowhere = TaskSpec(title="more", target_record_count=3, training_sheet_id=new_id())
    with pytest.raises(NotFound, match="no training sheet"):
        create_task(caller, nowhere)
    assert list_tasks(caller).items == []
    assert [e.outcome for e in list_audit(caller, operation="create_task").items] == ["failed"]


def test_the_same_change_may_be_made_twice(caller, sheet):
    update_sheet(caller, sheet.id, SheetChange(description="d"))
    again = update_sheet(caller, sheet.id, SheetChange(description="d"))
    assert again.version == sheet.version + 2


def test_who_comes_second_is_told_who_was_first(caller, sheet):
    update_sheet(caller, sheet.id, SheetChange(name="first", version=sheet.version))
    with pytest.raises(Conflict, match=f"{caller.user} changed this sheet meanwhile"):
        update_sheet(caller, sheet.id, SheetChange(name="second", version=sheet.version))


def test_a_state_that_does_not_allow_it_is_named(caller, sheet):
    archive_sheet(caller, sheet.id)
    with pytest.raises(NotNow, match="archived and cannot be changed"):
        update_sheet(caller, sheet.id, SheetChange(name="late"))
    with pytest.raises(NotNow, match="cannot become archived"):
        archive_sheet(caller, sheet.id)
    with pytest.raises(NotFound):
        archive_sheet(caller, new_id())

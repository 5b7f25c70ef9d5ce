"""Changing one shared row: compare-and-set, explained from the row as it is."""

import pytest

from ontos.data.sheets import SheetChange, SheetSpec, archive_sheet, create_sheet, update_sheet
from ontos.govern.audit import list_audit
from ontos.kernel.errors import Conflict, NotFound, NotNow
from ontos.kernel.fields import new_id


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

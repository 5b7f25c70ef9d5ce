"""The audit trail: filters, pages, facets, events."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from ontos.data.sheets import SheetSpec, archive_sheet, create_sheet
from ontos.govern.audit import audit_facets, get_event, list_audit
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Denied, NotFound
from ontos.kernel.fields import new_id, now


@pytest.fixture
def history(caller: Caller, table: Callable[..., str]) -> str:
    """A sheet that was made and archived; its id."""
    sheet = create_sheet(caller, SheetSpec(name="s", source_table=table("t", [{"a": "x"}])))
    archive_sheet(caller, sheet.id)
    return sheet.id


def test_newest_first_and_filtered(caller: Caller, history: str) -> None:
    everything = [e.operation for e in list_audit(caller).items]
    assert everything == ["archive_sheet", "create_sheet"]
    assert [e.operation for e in list_audit(caller, operation="create_sheet").items] == [
        "create_sheet"
    ]
    assert len(list_audit(caller, entity_type="sheet", entity_id=history).items) == 2
    assert list_audit(caller, since=now() + timedelta(minutes=1)).items == []
    assert list_audit(caller, user="nobody").items == []


def test_pages_do_not_overlap(caller: Caller, history: str) -> None:
    first = list_audit(caller, limit=1)
    second = list_audit(caller, limit=1, cursor=first.next_cursor)
    assert [first.items[0].operation, second.items[0].operation] == [
        "archive_sheet",
        "create_sheet",
    ]
    assert second.next_cursor is None


def test_facets_are_what_occurs(caller: Caller, history: str) -> None:
    facets = audit_facets(caller)
    assert facets["operation"] == ["archive_sheet", "create_sheet"]
    assert facets["user"] == [caller.user] and facets["entity_type"] == ["sheet"]


def test_an_entry_is_an_event(caller: Caller, history: str) -> None:
    entry = list_audit(caller, operation="archive_sheet").items[0]
    event = get_event(caller, entry.id)
    assert event["id"] == entry.id and event["subject"] == f"sheet/{history}"
    with pytest.raises(NotFound):
        get_event(caller, new_id())


def test_a_labeler_does_not_read_the_trail(as_role: Callable[..., Caller]) -> None:
    with pytest.raises(Denied):
        list_audit(as_role("labeler"))

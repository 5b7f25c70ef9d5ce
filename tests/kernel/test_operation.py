"""The one call path: permission, checks, gates, journal, all or nothing."""

from collections.abc import Callable, Iterator

import pytest

from ontos.data.sheets import SheetSpec, create_sheet, get_sheet, list_sheets
from ontos.govern.audit import list_audit
from ontos.kernel import observers
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Denied, Invalid, NotFound, Refused
from ontos.kernel.observers import gate

Table = Callable[..., str]


@pytest.fixture
def no_bad_names() -> Iterator[None]:
    """A gate like governance registers them, gone after the test."""

    @gate("create_sheet")
    def naming(_caller: Caller, arguments: dict[str, SheetSpec]) -> None:
        if "bad" in arguments["spec"].name:
            raise Refused("name: must not say bad. Choose another.", field="name")

    yield
    observers._gates["create_sheet"].remove(naming)


def test_a_write_leaves_one_journal_row_about_what_it_made(caller: Caller, table: Table) -> None:
    sheet = create_sheet(caller, SheetSpec(name="s", source_table=table("t", [{"a": "x"}])))
    entry = list_audit(caller, operation="create_sheet").items[0]
    assert (entry.outcome, entry.entity_type, entry.entity_id) == ("done", "sheet", sheet.id)
    assert entry.user == caller.user and "source_table" in (entry.detail or "")


def test_a_refused_permission_is_journaled_and_changes_nothing(
    caller: Caller, as_role: Callable[..., Caller], table: Table
) -> None:
    name = table("t", [{"a": "x"}])
    with pytest.raises(Denied, match="write on sheets"):
        create_sheet(as_role("data_consumer"), SheetSpec(name="s", source_table=name))
    entry = list_audit(caller, operation="create_sheet").items[0]
    assert entry.outcome == "refused" and "write on sheets" in (entry.reason or "")
    assert list_sheets(caller).items == []


def test_a_gate_refuses_with_its_reason(caller: Caller, table: Table, no_bad_names: None) -> None:
    name = table("t", [{"a": "x"}])
    with pytest.raises(Refused, match="must not say bad"):
        create_sheet(caller, SheetSpec(name="a bad name", source_table=name))
    assert list_audit(caller, outcome="refused").items[0].operation == "create_sheet"
    assert list_sheets(caller).items == []


def test_a_failed_write_is_journaled_as_failed(caller: Caller) -> None:
    with pytest.raises(NotFound):
        create_sheet(caller, SheetSpec(name="s", source_table="workbench.data_default.none"))
    assert list_audit(caller, operation="create_sheet").items[0].outcome == "failed"


def test_arguments_are_checked_whatever_the_door(caller: Caller) -> None:
    with pytest.raises(Invalid, match="limit") as refused:
        list_sheets(caller, limit=0)
    assert refused.value.field == "limit"


def test_arguments_that_are_unknown_missing_or_given_twice_are_named(caller: Caller) -> None:
    """As by MCP and in Python, where no other door looks at them first."""
    with pytest.raises(Invalid, match=r"colour: is not known here\. Correct its name") as unknown:
        list_sheets(caller, colour="red")  # type: ignore[call-arg]
    assert unknown.value.field == "colour"
    with pytest.raises(Invalid, match=r"sheet_id: is missing\. Add it") as missing:
        get_sheet(caller)  # type: ignore[call-arg]
    assert missing.value.field == "sheet_id"
    with pytest.raises(Invalid, match="sheet_id is given twice"):
        get_sheet(caller, "0" * 32, sheet_id="1" * 32)  # type: ignore[misc]

"""Orgs: a second one has its own everything, and sees nothing of the first."""

from collections.abc import Callable

import pytest

from ontos.bootstrap import Workbench
from ontos.data.sheets import SheetSpec, create_sheet, get_sheet, list_sheets
from ontos.govern.audit import list_audit
from ontos.govern.orgs import OrgSpec, create_org, list_orgs
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict, Denied, NotFound
from ontos.workspace import Person


@pytest.fixture
def second(bench: Workbench, caller: Caller) -> Caller:
    """The administrator, in a second org."""
    create_org(caller, OrgSpec(id="second", title="The second"))
    return bench.local_caller("second")


def test_a_second_org_sees_nothing_of_the_first(
    caller: Caller, second: Caller, table: Callable[..., str]
) -> None:
    source = table("mine", [{"a": "x"}])
    sheet = create_sheet(caller, SheetSpec(name="s", source_table=source))
    assert list_sheets(second).items == []
    with pytest.raises(NotFound):
        get_sheet(second, sheet.id)
    with pytest.raises(NotFound, match="no table"):
        create_sheet(second, SheetSpec(name="theft", source_table=source))
    operations = {entry.operation for entry in list_audit(second).items}
    assert operations == {"create_sheet"}  # its own refused attempt, nothing of the first org


def test_internal_schemas_are_not_tables_to_look_at(caller: Caller) -> None:
    for name in ("workbench.ontos_system.tokens", "workbench.org_default.journal"):
        with pytest.raises(NotFound):
            create_sheet(caller, SheetSpec(name="peek", source_table=name))


def test_only_members_come_in(bench: Workbench, second: Caller) -> None:
    with pytest.raises(Denied, match="not a member"):
        bench.directory.of_person(Person("stranger@example.org"), "second")
    with pytest.raises(Denied):
        bench.directory.of_person(Person("stranger@example.org"), "no_such_org")


def test_an_id_is_taken_once(caller: Caller, second: Caller) -> None:
    with pytest.raises(Conflict, match="already"):
        create_org(caller, OrgSpec(id="second", title="Again"))
    assert [org.id for org in list_orgs(caller)] == ["default", "second"]


def test_only_administrators_make_orgs(as_role: Callable[..., Caller]) -> None:
    with pytest.raises(Denied):
        create_org(as_role("data_steward"), OrgSpec(id="third", title="No"))

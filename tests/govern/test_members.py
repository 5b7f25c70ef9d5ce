"""Members: roles given to people and groups, taken away, and the last administrator."""

from collections.abc import Callable

import pytest

from ontos.bootstrap import Workbench
from ontos.govern.audit import list_audit
from ontos.govern.members import MemberSpec, grant_role, list_members, revoke_role
from ontos.govern.projects import ProjectSpec, create_project, list_projects
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Denied, Invalid, NotFound, Refused
from ontos.kernel.permission import VOID
from ontos.workspace import Person


def test_who_starts_the_store_is_its_first_administrator(caller: Caller) -> None:
    assert [(m.principal, m.role) for m in list_members(caller)] == [(caller.user, "admin")]


def test_a_role_given_twice_is_one_row(caller: Caller) -> None:
    for _ in range(2):
        grant_role(caller, MemberSpec(principal="x@example.org", role="labeler"))
    assert len(list_members(caller)) == 2


def test_a_groups_role_holds_for_its_people(bench: Workbench, caller: Caller) -> None:
    grant_role(caller, MemberSpec(kind="group", principal="stewards", role="data_steward"))
    member = bench.directory.of_person(Person("x@example.org", frozenset({"stewards"})))
    assert member.roles == {"data_steward"}
    assert bench.directory.of_person(Person("y@example.org")).roles == {"data_consumer"}


def test_the_last_administrator_stays(caller: Caller) -> None:
    with pytest.raises(Refused, match="last administrator"):
        revoke_role(caller, caller.user, "admin")


def test_of_two_administrators_one_may_go(caller: Caller) -> None:
    grant_role(caller, MemberSpec(principal="x@example.org", role="admin"))
    left = revoke_role(caller, "x@example.org", "admin")
    assert [(m.principal, m.role) for m in left] == [(caller.user, "admin")]
    assert left == list_members(caller)
    with pytest.raises(Refused, match="last administrator"):
        revoke_role(caller, caller.user, "admin")
    outcomes = [entry.outcome for entry in list_audit(caller, operation="revoke_role").items]
    assert outcomes == ["refused", "done"]


def test_unknown_roles_and_members_are_named(caller: Caller) -> None:
    with pytest.raises(Invalid, match="no role 'king'"):
        grant_role(caller, MemberSpec(principal="x", role="king"))
    with pytest.raises(NotFound, match="does not have the role"):
        revoke_role(caller, "nobody", "labeler")


def test_only_administrators_give_roles(as_role: Callable[..., Caller]) -> None:
    with pytest.raises(Denied):
        grant_role(as_role("data_steward"), MemberSpec(principal="me", role="admin"))


def test_what_a_lost_revocation_left_is_no_membership(
    caller: Caller, as_role: Callable[..., Caller]
) -> None:
    """A warehouse that dies between the statements of a script leaves the role void."""
    person = as_role("labeler")
    create_project(caller, ProjectSpec(id="alpha", title="Alpha"))
    assert [p.id for p in list_projects(person)] == ["alpha"]
    caller.system.execute(
        "UPDATE members SET role = concat(:void, 'x') WHERE principal = :who",
        void=VOID, who=person.user,
    )  # fmt: skip
    assert [m.principal for m in list_members(caller)] == [caller.user]
    assert list_projects(person) == []

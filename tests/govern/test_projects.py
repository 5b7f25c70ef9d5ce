"""Projects: made and archived by the org's administrators, administered by their own."""

import pytest

from ontos.bootstrap import Workbench
from ontos.data.sheets import list_sheets
from ontos.deploy.endpoints import list_endpoints
from ontos.govern.audit import get_event, list_audit
from ontos.govern.members import MemberSpec, grant_role, list_members, revoke_role
from ontos.govern.orgs import OrgSpec, create_org, list_orgs
from ontos.govern.projects import (
    ProjectSpec,
    archive_project,
    create_project,
    list_projects,
    restore_project,
)
from ontos.govern.roles import LevelChange, list_roles, set_level, whoami
from ontos.govern.tokens import (
    TokenSpec,
    create_token,
    list_all_tokens,
    list_tokens,
    revoke_token,
)
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict, Denied, Invalid, NotFound, NotNow
from ontos.kernel.jobs import KINDS, enqueue
from ontos.kernel.tenancy import add_org
from ontos.workspace import Person

READ = TokenSpec(title="reader", scopes={"sheets": "read"})


@pytest.fixture
def alpha(bench: Workbench, caller: Caller) -> Caller:
    """The org's administrator in a project."""
    create_project(caller, ProjectSpec(id="alpha", title="Alpha"))
    return bench.local_caller(project="alpha")


@pytest.fixture
def theirs(bench: Workbench, alpha: Caller) -> Caller:
    """An administrator of that project alone."""
    grant_role(alpha, MemberSpec(principal="ann@example.org", role="admin"))
    return bench.directory.of_person(Person("ann@example.org"), project="alpha")


def test_a_project_is_made_with_tables_of_its_own(caller: Caller, alpha: Caller) -> None:
    assert [(p.id, p.title, p.archived_at) for p in list_projects(caller)] == [
        ("alpha", "Alpha", None)
    ]
    assert list_sheets(alpha).items == [] and list_endpoints(alpha).items == []
    assert (whoami(alpha).project, whoami(caller).project) == ("alpha", None)


def test_an_id_is_taken_once(bench: Workbench, caller: Caller, alpha: Caller) -> None:
    with pytest.raises(Conflict, match="already"):
        create_project(caller, ProjectSpec(id="alpha", title="Again"))
    archive_project(caller, "alpha")
    with pytest.raises(Conflict, match="already"):
        create_project(caller, ProjectSpec(id="alpha", title="Again"))


def test_no_project_takes_the_schemas_of_an_older_org(bench: Workbench, caller: Caller) -> None:
    add_org(bench.engine, "default__old", "Made when ids might hold two underscores", caller.user)
    with pytest.raises(Conflict, match="already"):
        create_project(caller, ProjectSpec(id="old", title="Old"))


def test_a_name_too_long_together_is_refused(bench: Workbench, caller: Caller) -> None:
    add_org(bench.engine, "o" * 40, "From a setting", caller.user)
    bench.directory.forget()
    with pytest.raises(Invalid, match="more than 60") as refused:
        create_project(bench.local_caller("o" * 40), ProjectSpec(id="p" * 20, title="Long"))
    assert refused.value.field == "id"


def test_archiving_closes_and_restoring_opens(
    bench: Workbench, caller: Caller, alpha: Caller
) -> None:
    assert archive_project(caller, "alpha").archived_at is not None
    with pytest.raises(Denied):
        bench.local_caller(project="alpha")
    assert [p.archived_at is None for p in list_projects(caller)] == [False]
    assert restore_project(caller, "alpha").archived_at is None
    assert bench.local_caller(project="alpha").project == "alpha"


def test_a_project_at_work_is_not_archived(caller: Caller, alpha: Caller) -> None:
    enqueue(alpha, next(iter(KINDS)), ("thing", "x"), "Work")
    with pytest.raises(NotNow, match="1 jobs under way, 0 endpoints"):
        archive_project(caller, "alpha")


def test_what_is_unknown_is_named(caller: Caller) -> None:
    for act in (archive_project, restore_project):
        with pytest.raises(NotFound, match="List projects"):
            act(caller, "nope")
    with pytest.raises(NotFound, match="no project 'nope'") as refused:
        grant_role(caller, MemberSpec(principal="x", role="admin", project="nope"))
    assert refused.value.field == "project"


def test_everybody_sees_the_projects_they_have_a_role_in(
    bench: Workbench, caller: Caller, theirs: Caller
) -> None:
    create_project(caller, ProjectSpec(id="beta", title="Beta"))
    assert [p.id for p in list_projects(caller)] == ["alpha", "beta"]
    assert [p.id for p in list_projects(theirs)] == ["alpha"]
    assert list_projects(bench.directory.of_person(Person("zoe@example.org"))) == []
    grant_role(caller, MemberSpec(kind="group", principal="g", role="labeler", project="beta"))
    member = bench.directory.of_person(Person("zoe@example.org", frozenset({"g"})))
    assert [p.id for p in list_projects(member)] == ["beta"]


def test_a_token_sees_the_project_that_it_acts_in(bench: Workbench, alpha: Caller) -> None:
    create_project(bench.local_caller(), ProjectSpec(id="beta", title="Beta"))
    bound = bench.directory.of_token(create_token(alpha, READ).secret, "rest")
    assert [p.id for p in list_projects(bound)] == ["alpha"]


def test_a_projects_administrator_gives_roles_in_it_alone(
    bench: Workbench, caller: Caller, theirs: Caller
) -> None:
    create_project(caller, ProjectSpec(id="beta", title="Beta"))
    given = grant_role(theirs, MemberSpec(principal="ben@example.org", role="labeler"))
    assert given.project == "alpha"
    with pytest.raises(Denied, match="in alpha alone"):
        grant_role(theirs, MemberSpec(principal="ben@example.org", role="admin", project="beta"))
    with pytest.raises(Denied, match="common project"):
        create_project(theirs, ProjectSpec(id="gamma", title="Gamma"))
    with pytest.raises(Denied, match="common project"):
        create_org(theirs, OrgSpec(id="gamma", title="Gamma"))
    with pytest.raises(Denied, match="common project"):
        set_level(theirs, LevelChange(role="labeler", feature="sheets", level="admin"))
    with pytest.raises(Denied, match="common project"):
        archive_project(theirs, "beta")


def test_a_projects_administrator_takes_no_role_of_the_org(caller: Caller, theirs: Caller) -> None:
    with pytest.raises(NotFound):
        revoke_role(theirs, caller.user, "admin")
    revoke_role(theirs, theirs.user, "admin")
    assert [m.principal for m in list_members(caller)] == [caller.user]


def test_the_orgs_administrator_gives_and_takes_in_any_project(
    bench: Workbench, caller: Caller, alpha: Caller
) -> None:
    spec = MemberSpec(principal="ben@example.org", role="labeler", project="alpha")
    for _ in range(2):
        grant_role(caller, spec)
    grant_role(caller, spec.model_copy(update={"project": None}))
    assert sorted(str(m.project) for m in list_members(caller)) == ["None", "None", "alpha"]
    left = revoke_role(caller, "ben@example.org", "labeler", project="alpha")
    assert [m.project for m in left] == [None, None]
    assert bench.directory.of_person(Person("ben@example.org"), project="alpha").roles == {
        "labeler"
    }


def test_the_last_administrator_is_the_orgs(caller: Caller, theirs: Caller) -> None:
    """One of a project does not stand in for one of the org."""
    with pytest.raises(Exception, match="last administrator"):
        revoke_role(caller, caller.user, "admin")


def test_members_of_one_project_are_not_seen_in_another(
    bench: Workbench, caller: Caller, theirs: Caller
) -> None:
    create_project(caller, ProjectSpec(id="beta", title="Beta"))
    beta = bench.local_caller(project="beta")
    assert [m.principal for m in list_members(beta)] == [caller.user]
    assert {m.principal for m in list_members(theirs)} == {caller.user, theirs.user}


def test_roles_read_the_same_in_every_project(caller: Caller, alpha: Caller) -> None:
    set_level(caller, LevelChange(role="labeler", feature="deploy", level="read"))
    assert list_roles(alpha) == list_roles(caller)


def test_tokens_are_seen_where_they_hold(bench: Workbench, caller: Caller, alpha: Caller) -> None:
    create_project(caller, ProjectSpec(id="beta", title="Beta"))
    beta = bench.local_caller(project="beta")
    wide, bound = create_token(caller, READ), create_token(alpha, READ)
    assert (wide.project, bound.project) == (None, "alpha")
    assert {t.id for t in list_tokens(caller).items} == {wide.id, bound.id}
    assert {t.id for t in list_tokens(alpha).items} == {wide.id, bound.id}
    assert {t.id for t in list_tokens(beta).items} == {wide.id}
    assert {t.id for t in list_all_tokens(alpha).items} == {bound.id}
    assert list_all_tokens(beta).items == []
    with pytest.raises(NotFound):
        revoke_token(beta, bound.id)
    assert revoke_token(caller, bound.id).revoked_at is not None


def test_a_projects_administrator_revokes_its_tokens_alone(
    caller: Caller, alpha: Caller, theirs: Caller
) -> None:
    wide, bound = create_token(caller, READ), create_token(alpha, READ)
    with pytest.raises(NotFound):
        revoke_token(theirs, wide.id)
    assert revoke_token(theirs, bound.id).revoked_at is not None


def test_each_project_keeps_its_own_trail(caller: Caller, alpha: Caller) -> None:
    grant_role(alpha, MemberSpec(principal="ben@example.org", role="labeler"))
    assert [e.operation for e in list_audit(caller).items] == ["create_project"]
    there = list_audit(alpha).items
    assert [e.operation for e in there] == ["grant_role"]
    assert get_event(alpha, there[0].id)["source"] == "/ontos/default/alpha"


def test_group_members_see_their_orgs(bench: Workbench, caller: Caller) -> None:
    create_org(caller, OrgSpec(id="north", title="North"))
    grant_role(bench.local_caller("north"), MemberSpec(kind="group", principal="g", role="labeler"))
    member = bench.directory.of_person(Person("zoe@example.org", frozenset({"g"})))
    assert [org.id for org in list_orgs(member)] == ["default", "north"]

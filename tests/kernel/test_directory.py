"""Who may work where, as what; and how many statements it takes to know."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ontos.bootstrap import Workbench, open_workbench
from ontos.data.sheets import list_sheets
from ontos.govern.members import MemberSpec, grant_role
from ontos.govern.orgs import OrgSpec, create_org, list_orgs
from ontos.govern.projects import ProjectSpec, archive_project, create_project
from ontos.govern.tokens import TokenSpec, create_token
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Denied
from ontos.kernel.permission import Level
from ontos.kernel.settings import Settings
from ontos.kernel.tenancy import Tenant
from ontos.warehouse import tally
from ontos.workspace import Person
from ontos.workspace.local.people import LocalPeople

ANN, BEN, ZOE = (Person(f"{name}@example.org") for name in ("ann", "ben", "zoe"))
Give = Callable[[Person, str, str | None], None]


@pytest.fixture
def north(bench: Workbench, caller: Caller) -> Caller:
    """The administrator in an org that is not everybody's, with two projects."""
    create_org(caller, OrgSpec(id="north", title="North"))
    admin = bench.local_caller("north")
    for key in ("alpha", "beta"):
        create_project(admin, ProjectSpec(id=key, title=key.capitalize()))
    return admin


@pytest.fixture
def give(north: Caller) -> Give:
    def grant(person: Person, role: str, project: str | None) -> None:
        grant_role(north, MemberSpec(principal=person.user, role=role, project=project))

    return grant


def test_a_role_in_a_project_holds_there_alone(bench: Workbench, give: Give) -> None:
    give(ANN, "data_producer", "alpha")
    assert bench.directory.of_person(ANN, "north", project="alpha").roles == {"data_producer"}
    with pytest.raises(Denied, match="no project 'beta'"):
        bench.directory.of_person(ANN, "north", project="beta")
    with pytest.raises(Denied, match=r"hold in single projects.*alpha"):
        bench.directory.of_person(ANN, "north")
    assert bench.directory.projects_of(ANN, "north") == {"alpha": "Alpha"}
    assert bench.directory.landing(ANN, "north") == "alpha"


def test_a_role_in_the_org_holds_in_all_projects(bench: Workbench, give: Give) -> None:
    give(BEN, "labeler", None)
    give(BEN, "data_steward", "beta")
    in_all = {
        place: bench.directory.of_person(BEN, "north", project=place).roles
        for place in bench.directory.projects_of(BEN, "north")
    }
    assert in_all == {None: {"labeler"}, "alpha": {"labeler"}, "beta": {"labeler", "data_steward"}}
    assert bench.directory.landing(BEN, "north") is None


def test_a_groups_role_in_a_project(bench: Workbench, north: Caller) -> None:
    spec = MemberSpec(kind="group", principal="triage", role="reviewer", project="alpha")
    grant_role(north, spec)
    member = Person("x@example.org", frozenset({"triage"}))
    assert bench.directory.of_person(member, "north", project="alpha").roles == {"reviewer"}
    assert bench.directory.projects_of(Person("x@example.org"), "north") == {}


def test_everybody_reads_the_default_orgs_common_project_alone(
    bench: Workbench, caller: Caller
) -> None:
    create_project(caller, ProjectSpec(id="alpha", title="Alpha"))
    assert bench.directory.of_person(ZOE).roles == {"data_consumer"}
    assert bench.directory.projects_of(ZOE, "default") == {None: "Common"}
    with pytest.raises(Denied, match="no project 'alpha'"):
        bench.directory.of_person(ZOE, project="alpha")


@pytest.mark.parametrize("person", [ANN, ZOE])
def test_others_projects_are_refused_like_those_there_are_not(
    bench: Workbench, give: Give, person: Person
) -> None:
    give(ANN, "data_producer", "alpha")
    said = []
    for project in ("beta", "nope"):
        with pytest.raises(Denied) as refused:
            bench.directory.of_person(person, "north", project=project)
        said.append((refused.value.detail.replace(project, "…"), refused.value.field))
    assert said[0] == said[1]


def test_an_archived_project_is_entered_by_nobody(bench: Workbench, north: Caller) -> None:
    archive_project(north, "alpha")
    assert list(bench.directory.projects_of(north.person, "north")) == [None, "beta"]
    assert Tenant("north", "alpha") not in bench.directory.tenants()
    with pytest.raises(Denied, match="no project 'alpha'"):
        bench.directory.of_person(north.person, "north", project="alpha")


def test_levels_are_the_orgs_in_every_project(bench: Workbench, north: Caller) -> None:
    north.warehouse.execute(
        "UPDATE role_permissions SET level = 'read' WHERE role = 'admin' AND feature = 'sheets'"
    )
    bench.directory.forget()
    there = bench.directory.of_person(north.person, "north", project="alpha")
    assert there.levels["sheets"] == Level.read


def test_a_token_of_a_project_acts_there_alone(bench: Workbench, north: Caller) -> None:
    there = bench.directory.of_person(north.person, "north", project="alpha")
    secret = create_token(there, TokenSpec(title="t", scopes={"sheets": "read"})).secret
    assert bench.directory.of_token(secret, "rest").tenant == Tenant("north", "alpha")
    assert bench.directory.of_token(secret, "rest", project="alpha").project == "alpha"
    with pytest.raises(Denied, match="holds in alpha only") as refused:
        bench.directory.of_token(secret, "rest", project="beta")
    assert refused.value.field == "project"
    with pytest.raises(Denied, match="holds in north only"):
        bench.directory.of_token(secret, "rest", org="default")


def test_a_token_of_the_common_project_goes_where_its_user_may(
    bench: Workbench, north: Caller, give: Give
) -> None:
    give(ANN, "labeler", None)
    ann = bench.directory.of_person(ANN, "north")
    secret = create_token(ann, TokenSpec(title="t", scopes={"sheets": "read"})).secret
    for project in (None, "alpha", "beta"):
        assert bench.directory.of_token(secret, "rest", project=project).project == project
    with pytest.raises(Denied):
        bench.directory.of_token(secret, "rest", project="nope")


def test_a_persons_rights_everywhere_take_three_statements(bench: Workbench, give: Give) -> None:
    give(ANN, "labeler", None)
    bench.directory.forget()
    with tally() as cost:
        for place in (None, "alpha", "beta"):
            bench.directory.of_person(ANN, "north", project=place)
        bench.directory.orgs_of(ANN)
        bench.directory.projects_of(ANN, "north")
    assert cost.statements == 3
    with tally() as cost:
        bench.directory.of_person(ANN, "north", project="beta")
    assert cost.statements == 0


def test_a_token_acts_with_the_groups_that_its_user_was_seen_with(bench: Workbench) -> None:
    grant_role(
        bench.local_caller(), MemberSpec(principal="stewards", kind="group", role="data_steward")
    )
    person = Person("ann@example.org", frozenset({"stewards"}))
    spec = TokenSpec(title="t", scopes={"sheets": "write"})
    made = create_token(bench.directory.of_person(person), spec)
    assert bench.directory.of_token(made.secret, "rest").roles == {"data_steward"}


def test_a_token_of_whom_no_group_is_known_says_how_it_becomes_known(
    bench: Workbench, north: Caller
) -> None:
    stewards = MemberSpec(principal="stewards", kind="group", role="data_steward")
    grant_role(north, stewards)
    person = Person("new@example.org", frozenset({"stewards"}))
    there = bench.directory.of_person(person, "north")
    secret = create_token(there, TokenSpec(title="t", scopes={"sheets": "write"})).secret
    assert bench.directory.of_token(secret, "rest").roles == {"data_steward"}
    bench.directory._groups.clear()  # as the app does that begins anew
    with pytest.raises(Denied, match="once they have opened a page since the app started"):
        bench.directory.of_token(secret, "rest")


def test_whose_groups_cannot_be_told_keeps_those_last_seen(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind the proxy, a request without the person's token must not take their roles away."""
    bench.directory.of_person(Person("seen@example.org", frozenset({"stewards"})))
    monkeypatch.setattr(LocalPeople, "groups", lambda *_: None)
    assert bench.known(Person("seen@example.org")).groups == {"stewards"}
    assert bench.known(Person("unseen@example.org")).groups == frozenset()


def test_the_rights_of_a_page_are_read_in_one_wait(own_home: Path) -> None:
    bench = open_workbench(Settings(home=own_home, log_level="ERROR"))  # no job of it reads, too
    bench.directory.forget()
    with tally() as cost:
        place = bench.directory.landing(ANN, None)
        bench.directory.of_person(ANN, None, "page", place)
    assert (cost.statements, cost.waits) == (3, 1)
    with tally() as cost:
        bench.directory.of_person(ANN, None, "page", place)
    assert cost.statements == 0
    bench.close()


def test_the_rights_in_another_org_are_read_in_one_wait(own_home: Path) -> None:
    bench = open_workbench(Settings(home=own_home, log_level="ERROR"))
    create_org(bench.local_caller(), OrgSpec(id="north", title="North"))
    person = bench.local_caller().person
    bench.directory.forget()
    with tally() as cost:
        place = bench.directory.landing(person, "north")
        bench.directory.of_person(person, "north", "page", place)
    bench.close()
    assert cost.waits == 1


def test_an_org_that_is_not_there_is_refused_like_one_of_others(bench: Workbench) -> None:
    for org in ("nowhere", "no'where", "x" * 200):
        bench.directory.forget()
        with pytest.raises(Denied, match="you are not a member"):
            bench.directory.of_person(ANN, org)
        with tally() as cost, pytest.raises(Denied):
            bench.directory.of_person(ANN, org)
        assert cost.statements == 0


def test_whose_rights_are_not_known_may_do_nothing(bench: Workbench) -> None:
    stranger = bench.directory.stranger(bench.local_caller().person, Tenant("default"))
    with pytest.raises(Denied):
        list_sheets(stranger)


def test_a_person_is_the_same_however_their_name_is_spelt(bench: Workbench, give: Give) -> None:
    give(Person("Case@Example.org"), "labeler", None)
    person = Person("case@example.ORG")
    assert bench.directory.of_person(person, "north").roles == {"labeler"}
    assert "north" in [org.id for org in list_orgs(bench.directory.of_person(person))]

"""Tenants: names that can be taken apart in one way only, and a store from before there were any
projects."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontos.bootstrap import Workbench, open_workbench
from ontos.govern.members import MemberSpec, grant_role, list_members
from ontos.govern.projects import ProjectSpec, create_project
from ontos.govern.tokens import TokenSpec, create_token, list_tokens
from ontos.kernel.errors import Denied
from ontos.kernel.settings import Settings
from ontos.kernel.tenancy import LONGEST_NAME, SYSTEM, Tenant, add_org, key
from ontos.warehouse import tally
from ontos.workspace import Person, databricks_workspace, local_workspace

KEYS = st.from_regex(r"[a-z][a-z0-9]{0,3}(_[a-z0-9]{1,3}){0,2}", fullmatch=True)


@given(KEYS, st.none() | KEYS, KEYS, st.none() | KEYS)
def test_two_tenants_never_share_a_name(
    org: str, project: str | None, other: str, its: str | None
) -> None:
    one, two = Tenant(org, project), Tenant(other, its)
    assert (one.name == two.name) == (one == two)


@pytest.mark.parametrize(
    "wrong", ["", "a", "A1", "1a", "a__b", "ab_", "_ab", "a-b", "a.b", "a\n", "ä1", "x" * 28]
)
def test_what_names_no_project(wrong: str) -> None:
    with pytest.raises(ValueError, match="2 to 27 lower-case"):
        key(27)(wrong)


def test_the_longest_ids_fit_together() -> None:
    org, project = key(31)("x" * 31), key(27)("y" * 27)
    assert len(Tenant(org, project).name) == LONGEST_NAME


def test_a_project_is_called_the_same_everywhere(bench: Workbench) -> None:
    tenant = Tenant("north", "claims")
    assert (tenant.schema, tenant.uploads) == ("org_north__claims", "data_north__claims")
    local = local_workspace(bench.settings, bench.engine, tenant.name)
    remote = databricks_workspace(bench.settings, bench.engine, tenant.name, Person("x"))
    for half in (local, remote):
        assert half.catalog.upload_schema() == f"workbench.{tenant.uploads}"
    assert remote.models.full_name("kinds") == "workbench.data_north__claims.kinds"


def test_projects_have_files_and_models_of_their_own(bench: Workbench) -> None:
    one, two = (
        local_workspace(bench.settings, bench.engine, Tenant("north", key).name)
        for key in ("claims", "tariffs")
    )
    assert one.models is not two.models and one.serving is not two.serving
    with (bench.settings.home / "note").open("w+b") as note:
        one.files.put("note.txt", note)
    assert (one.files.list(""), two.files.list("")) == (["note.txt"], [])


def test_opening_what_stands_is_three_waits(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", log_level="ERROR")
    before = open_workbench(settings)
    add_org(before.engine, "north", "North", "ana")
    create_project(before.local_caller(), ProjectSpec(id="claims", title="Claims"))
    before.close()
    with tally() as cost:
        after = open_workbench(settings)
    assert {tenant.name for tenant in after.directory.tenants()} == {
        "default", "default__claims", "north",
    }  # fmt: skip
    after.close()
    assert cost.waits == 3  # what stands, which orgs there are, whether each has its rights


def test_a_schema_that_somebody_dropped_is_made_anew(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", log_level="ERROR")
    before = open_workbench(settings)
    create_project(before.local_caller(), ProjectSpec(id="claims", title="Claims"))
    before.engine.execute("DROP SCHEMA data_default__claims CASCADE")
    before.engine.execute("DROP SCHEMA org_default__claims CASCADE")
    before.close()
    after = open_workbench(settings)
    try:
        caller = after.local_caller(project="claims")
        assert caller.warehouse.rows("SELECT id FROM sheets") == []
    finally:
        after.close()


def test_a_store_from_before_projects_opens_and_works(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", log_level="ERROR")
    before = open_workbench(settings)
    caller = before.local_caller()
    grant_role(caller, MemberSpec(principal="x@example.org", role="labeler"))
    create_token(caller, TokenSpec(title="old", scopes={"sheets": "read"}))
    system = before.engine.within(SYSTEM)
    system.execute("DROP TABLE projects")
    for table in ("members", "tokens"):
        system.execute(f"ALTER TABLE {table} DROP COLUMN project")
    before.close()
    after = open_workbench(settings)
    try:
        caller = after.local_caller()
        assert {(m.principal, m.project) for m in list_members(caller)} == {
            (caller.user, None), ("x@example.org", None),
        }  # fmt: skip
        assert [token.project for token in list_tokens(caller).items] == [None]
        create_project(caller, ProjectSpec(id="claims", title="Claims"))
        assert after.directory.of_person(Person("x@example.org"), project="claims").roles == {
            "labeler"
        }
    finally:
        after.close()


def test_a_projects_tables_are_renewed_when_the_store_opens(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", log_level="ERROR")
    before = open_workbench(settings)
    create_project(before.local_caller(), ProjectSpec(id="claims", title="Claims"))
    before.store("default", "claims").execute("DROP TABLE gaps")
    before.close()
    after = open_workbench(settings)
    try:
        assert after.store("default", "claims").rows("SELECT * FROM gaps") == []
    finally:
        after.close()


def test_a_group_of_the_workspace_administers_the_first_org(bench: Workbench) -> None:
    add_org(bench.engine, "second", "Second", "the app", admin_group="admins")
    bench.directory.forget()
    of_group = Person("ann@example.org", frozenset({"admins"}))
    assert bench.directory.of_person(of_group, "second").roles == {"admin"}
    with pytest.raises(Denied):
        bench.directory.of_person(Person("the app"), "second")

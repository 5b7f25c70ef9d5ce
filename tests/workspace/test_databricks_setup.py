"""The setup of a workspace, over the wire: what is missing is named with its exact remedy."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from databricks.sdk.service.sql import State

from ontos.kernel.errors import NotFound
from ontos.workspace import Finding, Person, Setup
from tests.wire.workspace.half import half
from tests.wire.workspace.server import Workspace, serve

RIGHTS = ("USE SCHEMA", "CREATE TABLE", "SELECT", "MODIFY")


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace in which nothing has been made for the app, which has no rights of its own."""
    with serve(tmp_path / "workspace") as workspace, pytest.MonkeyPatch.context() as environment:
        for name, value in workspace.env().items():
            environment.setenv(name, value)
        yield workspace


@pytest.fixture
def setup(bare: Workspace, tmp_path: Path) -> Setup:
    bare.warehouses.states["0123abcd"] = State.RUNNING
    bare.people.app = replace(bare.people.app, admin=False)
    return half(tmp_path, http_path="0123abcd").setup


def found(setup: Setup) -> dict[str, Finding]:
    return {finding.key: finding for finding in setup.findings()}


def test_an_empty_workspace_lacks_nearly_everything(setup: Setup) -> None:
    """Unity Catalog answers 404 for a catalog that is not there: the remedy makes it."""
    lacking = {key for key, each in found(setup).items() if each.state == "missing"}
    assert lacking == {"catalog", "schema ontos_system", "schema org_default",
                       "schema data_default", "volume", "models", "secrets"}  # fmt: skip
    catalog = found(setup)["catalog"]
    assert catalog.remedy is not None
    assert catalog.remedy.startswith("CREATE CATALOG IF NOT EXISTS `workbench`;")
    assert "GRANT USE CATALOG, CREATE SCHEMA ON CATALOG `workbench`" in catalog.remedy


def test_what_may_be_made_is_made(bare: Workspace, setup: Setup) -> None:
    bare.catalog.add_schema("workbench.other", "somebody")
    app = bare.people.app.name
    bare.catalog.grant("catalog", "workbench", app, "USE CATALOG", "CREATE SCHEMA")
    for key in ("schema ontos_system", "schema org_default", "schema data_default"):
        assert found(setup)[key].can_make
        setup.make(key)
    setup.make("volume")
    setup.make("secrets")
    assert {key for key, each in found(setup).items() if each.state == "missing"} == set()


def test_rights_that_lack_are_granted_by_the_remedy(bare: Workspace, setup: Setup) -> None:
    """Effective permissions: a grant on the schema counts, one that is not there is named."""
    app = bare.people.app.name
    bare.catalog.add_schema("workbench.org_default", "somebody")
    bare.catalog.grant("catalog", "workbench", app, "USE CATALOG", "CREATE SCHEMA")
    bare.catalog.grant("schema", "workbench.org_default", app, *RIGHTS[:3])
    lacking = found(setup)["schema org_default"]
    assert (lacking.state, lacking.can_make) == ("missing", False)
    assert "lacks MODIFY" in lacking.found
    assert lacking.remedy is not None and "ON SCHEMA `workbench`.`org_default`" in lacking.remedy
    bare.catalog.grant("schema", "workbench.org_default", app, "MODIFY")
    assert found(setup)["schema org_default"].state == "ready"


def test_a_warehouse_that_is_not_there_is_named(bare: Workspace, tmp_path: Path) -> None:
    wrong = found(half(tmp_path, http_path="9999").setup)["warehouse"]
    assert wrong.state == "missing"
    assert wrong.remedy is not None and "9999" in wrong.remedy


def test_groups_need_the_persons_token(bare: Workspace, tmp_path: Path) -> None:
    without = found(half(tmp_path).setup)["groups"]
    assert without.state == "optional"
    assert without.remedy is not None and "user authorization" in without.remedy
    person = Person("ann@example.org", frozenset({"labelers"}), token="t")  # noqa: S106
    assert found(half(tmp_path, person).setup)["groups"].found == "You are in 1 group"


def test_a_dead_host_is_one_finding(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABRICKS_HOST", "http://127.0.0.1:9")
    only = half(tmp_path).setup.findings()
    assert [each.key for each in only] == ["workspace"]
    assert "127.0.0.1:9" in only[0].found


def test_what_cannot_be_made_is_refused(setup: Setup) -> None:
    with pytest.raises(NotFound, match="cannot be made"):
        setup.make("warehouse")

"""The setup of a workspace, over the wire: what is missing is named with its exact remedy."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from databricks.sdk.service import catalog as uc
from databricks.sdk.service.sql import State

from ontos.kernel.errors import NotFound
from ontos.workspace import Finding, Person, Setup
from tests.wire.workspace.half import half
from tests.wire.workspace.server import Workspace, serve

RIGHTS = ("USE SCHEMA", "CREATE TABLE", "SELECT", "MODIFY")
UPLOADS = (*RIGHTS, "CREATE VOLUME", "CREATE MODEL", "EXECUTE")
FILES = "workbench.data_default.files"


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
    """SDK, errors: NotFound for a catalog that is not there: the remedy makes it."""
    lacking = {key for key, each in found(setup).items() if each.state == "missing"}
    assert lacking == {"catalog", "schema ontos_system", "schema org_default",
                       "schema data_default", "volume", "models"}  # fmt: skip
    catalog = found(setup)["catalog"]
    assert catalog.remedy is not None
    assert catalog.remedy.startswith("CREATE CATALOG IF NOT EXISTS `workbench`;")
    assert "GRANT USE CATALOG, CREATE SCHEMA ON CATALOG `workbench`" in catalog.remedy


def test_what_may_be_made_is_made(bare: Workspace, setup: Setup) -> None:
    """Schemas and Volumes API, create: CREATE SCHEMA in the catalog; who made a schema owns it."""
    bare.catalog.add_schema("workbench.other", "somebody")
    app = bare.people.app.name
    bare.catalog.grant("catalog", "workbench", app, "USE CATALOG", "CREATE SCHEMA")
    for key in ("schema ontos_system", "schema org_default", "schema data_default"):
        assert found(setup)[key].can_make
        setup.make(key)
    setup.make("volume")
    assert {key for key, each in found(setup).items() if each.state == "missing"} == set()


def test_rights_that_lack_are_granted_by_the_remedy(bare: Workspace, setup: Setup) -> None:
    """Grants API, effective: a grant on the schema counts, one that is not there is named."""
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
    """SDK, errors: NotFound for a warehouse that does not exist; its id is told."""
    wrong = found(half(tmp_path, http_path="9999").setup)["warehouse"]
    assert wrong.state == "missing"
    assert wrong.remedy is not None and "9999" in wrong.remedy


def test_groups_need_the_persons_token(bare: Workspace, tmp_path: Path) -> None:
    """Databricks Apps, user authorization: only where it is turned on does the
    proxy forward a token."""
    without = found(half(tmp_path).setup)["groups"]
    assert without.state == "optional"
    assert without.remedy is not None and "user authorization" in without.remedy
    person = Person("ann@example.org", frozenset({"labelers"}), token="t")  # noqa: S106
    assert found(half(tmp_path, person).setup)["groups"].found == "You are in 1 group"


def test_a_dead_host_is_one_finding(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """SDK, retries: a refused connection is tried again; asked once for all
    findings, by a sign of life."""
    monkeypatch.setenv("DATABRICKS_HOST", "http://127.0.0.1:9")
    only = half(tmp_path).setup.findings()
    assert [each.key for each in only] == ["workspace"]
    assert "127.0.0.1:9" in only[0].found


def test_what_cannot_be_made_is_refused(setup: Setup) -> None:
    """The workbench's own: it makes no warehouse, though the Warehouses API could."""
    with pytest.raises(NotFound, match="cannot be made"):
        setup.make("warehouse")


def volume_of_somebody(bare: Workspace) -> None:
    """All is granted to the app but the volume, which somebody else owns."""
    app, catalog = bare.people.app.name, bare.catalog
    catalog.add_schema("workbench.data_default", "somebody")
    catalog.grant("catalog", "workbench", app, "USE CATALOG", "CREATE SCHEMA")
    catalog.grant("schema", "workbench.data_default", app, *UPLOADS)
    catalog.add_volume(uc.VolumeInfo(
        catalog_name="workbench", schema_name="data_default", name="files", owner="somebody",
        full_name=FILES, volume_type=uc.VolumeType.MANAGED,
    ))  # fmt: skip


@pytest.mark.parametrize(
    ("held", "lacks"),
    [
        ("READ VOLUME", "The app lacks WRITE VOLUME on"),
        ("WRITE VOLUME", "User does not have READ VOLUME on"),
    ],
)
def test_a_volume_is_ready_once_files_can_be_written_and_read(
    bare: Workspace, tmp_path: Path, held: str, lacks: str
) -> None:
    """Unity Catalog, privileges: READ VOLUME to read files and WRITE VOLUME to write them. Volumes
    API, read: needs READ VOLUME itself."""
    volume_of_somebody(bare)
    bare.people.app = replace(bare.people.app, admin=False)
    bare.catalog.grant("volume", FILES, bare.people.app.name, held)
    app = half(tmp_path)
    lacking = found(app.setup)["volume"]
    assert (lacking.state, lacking.can_make) == ("missing", False)
    assert lacks in lacking.found
    assert lacking.remedy == (
        "GRANT READ VOLUME, WRITE VOLUME ON VOLUME `workbench`.`data_default`.`files` TO `app-id`;"
    )
    bare.catalog.grant("volume", FILES, bare.people.app.name, "READ VOLUME", "WRITE VOLUME")
    assert found(app.setup)["volume"].state == "ready"
    app.files.put("a/b.txt", io.BytesIO(b"x"))
    with app.files.open("a/b.txt") as file:
        assert file.read() == b"x"


def test_rights_on_the_volume_count_where_they_come_from_its_schema(
    bare: Workspace, setup: Setup
) -> None:
    """Grants API, effective: what is granted on the schema is inherited by its volumes."""
    volume_of_somebody(bare)
    bare.catalog.grant("schema", "workbench.data_default", bare.people.app.name,
                       "READ VOLUME", "WRITE VOLUME")  # fmt: skip
    assert found(setup)["volume"].state == "ready"


def test_nothing_can_be_made_in_a_catalog_that_is_not_the_apps_to_use(
    bare: Workspace, setup: Setup
) -> None:
    """Schemas and Volumes API, create: refused without CREATE SCHEMA and USE
    CATALOG on the catalog."""
    bare.catalog.add_schema("workbench.other", "somebody")
    assert not any(each.can_make for each in setup.findings())
    bare.catalog.grant("catalog", "workbench", bare.people.app.name, "USE CATALOG", "CREATE SCHEMA")
    makeable = {each.key for each in setup.findings() if each.can_make}
    assert makeable == {"schema ontos_system", "schema org_default", "schema data_default",
                        "volume"}  # fmt: skip


def test_secrets_are_not_used_without_a_language_model_elsewhere(setup: Setup) -> None:
    """The workbench's own, nothing of Databricks: a scope that nothing reads is not missing."""
    assert found(setup)["secrets"].state == "optional"
    assert found(setup)["secrets"].found.startswith("Not used")


OUTSIDE = {"llm_base_url": "https://llm.example.org/v1", "llm_model": "big"}


def test_the_key_of_a_language_model_elsewhere(bare: Workspace, tmp_path: Path) -> None:
    """Secrets API: whoever creates a scope manages it; get answers RESOURCE_DOES_NOT_EXIST where
    scope or key is missing, and PERMISSION_DENIED without READ."""
    bare.people.app = replace(bare.people.app, admin=False)
    setup = half(tmp_path, **OUTSIDE).setup
    assert found(setup)["llm"].found == "big at https://llm.example.org/v1"
    lacking = found(setup)["secrets"]
    assert (lacking.state, lacking.can_make) == ("optional", True)
    put = "databricks secrets put-secret ontos llm-api-key"
    assert lacking.remedy == f"databricks secrets create-scope ontos && {put}"
    setup.make("secrets")
    made = found(setup)["secrets"]
    assert (made.can_make, made.remedy) == (False, put)
    bare.secrets.scopes["ontos"]["llm-api-key"] = "s3cret"
    bare.secrets.readers["ontos"].clear()
    hidden = found(setup)["secrets"]
    assert hidden.state == "missing"
    assert hidden.remedy == "databricks secrets put-acl ontos app-id READ"
    bare.secrets.readers["ontos"] = {"app-id"}
    assert found(setup)["secrets"].found == "Key llm-api-key in scope ontos"
    given = half(tmp_path, llm_api_key="k", **OUTSIDE).setup
    assert found(given)["secrets"].found == "ONTOS_LLM_API_KEY gives the language model's key"

"""A real workspace, named by the environment, and a schema of its own in it.

`make test-workspace` with DATABRICKS_HOST and credentials as databricks-sdk reads them,
ONTOS_HTTP_PATH (a SQL warehouse) and ONTOS_CATALOG (where schemas may be made and dropped).
ONTOS_LIVE_OTHER_TOKEN is a token of somebody else, who may use the warehouse and was granted
nothing in that catalog: with it, denials are shown too.
"""

import os
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ontos.kernel.caller import Caller
from ontos.kernel.permission import ROLES
from ontos.kernel.settings import Settings
from ontos.kernel.tenancy import desired
from ontos.warehouse import Warehouse, migrate, open_databricks, quote
from ontos.workspace import Person, Workspace, databricks_workspace
from tests.label.assembled import Maker

WANTED = ("DATABRICKS_HOST", "ONTOS_HTTP_PATH", "ONTOS_CATALOG")


@pytest.fixture(autouse=True, scope="session")
def chosen() -> None:
    """Skipped unless it is asked for; an error where it is, and something is not named."""
    if not os.environ.get("ONTOS_LIVE"):
        pytest.skip("a smoke test in a real workspace: see `make test-workspace`")
    lacking = [name for name in WANTED if not os.environ.get(name)]
    if lacking:
        pytest.fail(f"Set {', '.join(lacking)}: see tests/live/conftest.py.")


@pytest.fixture(scope="session")
def settings(chosen: None) -> Settings:
    return Settings(warehouse="databricks", workspace="databricks")


@pytest.fixture(scope="session")
def tenant() -> str:
    return f"live_{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="session")
def warehouse(settings: Settings, tenant: str) -> Iterator[Warehouse]:
    """Bound to a schema that is dropped in the end."""
    engine = open_databricks(settings)
    schema = f"org_{tenant}"
    engine.create_schema(schema)
    yield engine.within(schema)
    engine.execute(f"DROP SCHEMA IF EXISTS {quote(schema)} CASCADE")
    engine.close()


@pytest.fixture(scope="session")
def workspace(settings: Settings, warehouse: Warehouse, tenant: str) -> Iterator[Workspace]:
    """The Databricks half, with a schema for uploads that is dropped in the end."""
    warehouse.create_schema(f"data_{tenant}")
    yield databricks_workspace(settings, warehouse, tenant, Person("live@example.org"))
    warehouse.execute(f"DROP SCHEMA IF EXISTS {quote(f'data_{tenant}')} CASCADE")


@pytest.fixture
def caller(settings: Settings, warehouse: Warehouse, workspace: Workspace, tenant: str) -> Caller:
    """An administrator of that schema."""
    (admin,) = (role for role in ROLES if role.key == "admin")
    return Caller(
        Person("live@example.org"), tenant, frozenset({admin.key}), admin.levels, warehouse,
        warehouse, workspace, settings,
    )  # fmt: skip


@pytest.fixture(scope="session")
def elsewhere(warehouse: Warehouse, tenant: str) -> Iterator[str]:
    """A schema that is not the workbench's own: what is in it is read with a person's rights."""
    schema = f"elsewhere_{tenant}"
    warehouse.create_schema(schema)
    yield schema
    warehouse.execute(f"DROP SCHEMA IF EXISTS {quote(schema)} CASCADE")


@pytest.fixture
def maker(caller: Caller, elsewhere: str) -> Maker:
    """Makes training sheets over tables of that schema; the workbench's tables are there."""
    migrate(caller.warehouse, desired(system=False))

    def table(name: str, rows: list[dict[str, Any]]) -> str:
        place = quote(elsewhere, name)
        caller.warehouse.execute(f"CREATE TABLE {place} (ref STRING, text STRING, label STRING)")
        listed = " UNION ALL ".join(
            f"SELECT :ref{n} AS ref, :text{n} AS text, :label{n} AS label" for n in range(len(rows))
        )
        values = {f"{key}{n}": value for n, row in enumerate(rows) for key, value in row.items()}
        caller.warehouse.execute(f"INSERT INTO {place} {listed}", **values)
        return f"{caller.settings.catalog}.{elsewhere}.{name}"

    return Maker(caller, table)


@pytest.fixture
def stranger(caller: Caller, settings: Settings, warehouse: Warehouse, tenant: str) -> Caller:
    """An administrator of the workbench to whom Unity Catalog grants nothing."""
    token = os.environ.get("ONTOS_LIVE_OTHER_TOKEN")
    if not token:
        pytest.skip("ONTOS_LIVE_OTHER_TOKEN names nobody to whom nothing is granted")
    person = Person("stranger@example.org", token=token)
    workspace = databricks_workspace(settings, warehouse, tenant, person)
    return replace(caller, person=person, workspace=workspace)

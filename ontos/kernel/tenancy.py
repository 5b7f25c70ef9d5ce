"""Orgs are schemas: each org has its own set of the workbench's tables and a schema for uploads."""

from functools import lru_cache
from pathlib import Path

from ontos.kernel.fields import now
from ontos.kernel.permission import ROLES
from ontos.warehouse import Warehouse, migrate

SYSTEM = "ontos_system"
SCHEMAS = Path(__file__).parents[2] / "schemas"


def org_schema(org: str) -> str:
    """Holds the org's workbench tables."""
    return f"org_{org}"


def data_schema(org: str) -> str:
    """Holds the tables that the org uploads."""
    return f"data_{org}"


@lru_cache
def desired(system: bool) -> str:
    """The declared tables: those of the installation, or those of one org."""
    files = [f for f in sorted(SCHEMAS.glob("*.sql")) if (f.stem == "system") == system]
    return "\n".join(f.read_text(encoding="utf-8") for f in files)


def prepare_system(engine: Warehouse) -> Warehouse:
    """Bring the system schema to the desired state."""
    engine.create_schema(SYSTEM)
    system = engine.within(SYSTEM)
    migrate(system, desired(system=True))
    return system


def prepare_org(engine: Warehouse, org: str, by: str) -> None:
    """Bring an org's schemas to the desired state; seed its role permissions once."""
    engine.create_schema(org_schema(org))
    engine.create_schema(data_schema(org))
    store = engine.within(org_schema(org))
    migrate(store, desired(system=False))
    if not store.rows("SELECT 1 AS one FROM role_permissions LIMIT 1"):
        _seed_permissions(store, by)


def add_org(engine: Warehouse, org: str, title: str, by: str) -> None:
    """A new org, whose first administrator is `by`; it is listed only once its tables stand."""
    prepare_org(engine, org, by)
    system = engine.within(SYSTEM)
    system.execute(
        "INSERT INTO members (org, kind, principal, role, granted_by, granted_at)"
        " VALUES (:org, 'user', :by, 'admin', :by, :at)",
        org=org, by=by, at=now(),
    )  # fmt: skip
    system.execute(
        "INSERT INTO orgs (id, title, created_by, created_at) VALUES (:org, :title, :by, :at)",
        org=org, title=title, by=by, at=now(),
    )  # fmt: skip


def _seed_permissions(store: Warehouse, by: str) -> None:
    seeds = " UNION ALL ".join(
        f"SELECT '{role.key}' AS role, '{feature}' AS feature, '{level.name}' AS level"
        for role in ROLES
        for feature, level in role.levels.items()
    )
    store.execute(
        "INSERT INTO role_permissions (role, feature, level, updated_by, updated_at)"  # noqa: S608
        f" SELECT role, feature, level, :by, :at FROM ({seeds}) AS seeds",
        by=by,
        at=now(),
    )

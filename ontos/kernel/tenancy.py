"""Tenants are schemas: each org, and each project of an org, has its own set of tables."""

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ontos.kernel.fields import now
from ontos.kernel.permission import ROLES
from ontos.warehouse import Warehouse, migrate
from ontos.warehouse.migrate import Standing, Tables, standing

SYSTEM = "ontos_system"
SCHEMAS = Path(__file__).parents[2] / "schemas"
LONGEST_NAME = 60
"""Characters in a tenant's name: what the workspace halves can name folders and schemas with."""

_KEY = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")


class Tenant(NamedTuple):
    """Where a caller works: one project of an org, or the org's common project (None).

    `name` is what everything of the tenant is called by. Ids hold no double underscore, so that it
    can be taken apart in one way only.
    """

    org: str
    project: str | None = None

    @property
    def name(self) -> str:
        return f"{self.org}__{self.project}" if self.project else self.org

    @property
    def schema(self) -> str:
        """Holds the tenant's workbench tables."""
        return f"org_{self.name}"

    @property
    def uploads(self) -> str:
        """Holds the tables that the tenant uploads."""
        return f"data_{self.name}"


def org_schema(org: str) -> str:
    """Holds the tables of the org's common project, and what its roles may do."""
    return Tenant(org).schema


def key(longest: int) -> Callable[[str], str]:
    """A check of the ids of orgs or projects; raises ValueError."""

    def check(value: str) -> str:
        if not 2 <= len(value) <= longest or not _KEY.fullmatch(value):
            raise ValueError(
                f"must be 2 to {longest} lower-case letters, digits or single underscores, begin "
                "with a letter and not end with an underscore"
            )
        return value

    return check


@lru_cache
def desired(system: bool) -> str:
    """The declared tables: those of the installation, or those of one tenant."""
    files = [f for f in sorted(SCHEMAS.glob("*.sql")) if (f.stem == "system") == system]
    return "\n".join(f.read_text(encoding="utf-8") for f in files)


def survey(engine: Warehouse) -> Standing:
    """Which schemas of the workbench stand, and what is in them: one statement."""
    return standing(engine, SYSTEM, "org_%", hollow="data_%")


def prepare_system(engine: Warehouse, there: Standing = MappingProxyType({})) -> Warehouse:
    """Bring the system schema to the desired state."""
    _require_schema(engine, SYSTEM, there)
    system = engine.within(SYSTEM)
    migrate(system, desired(system=True), there.get(SYSTEM))
    return system


def prepare(engine: Warehouse, tenant: Tenant, there: Standing = MappingProxyType({})) -> Warehouse:
    """Make the tenant's schemas where they are missing; its tables in the desired state.

    What a survey saw standing is not asked for again: nothing missing costs no statement.
    """
    for schema in (tenant.schema, tenant.uploads):
        _require_schema(engine, schema, there)
    return renew(engine, tenant, there.get(tenant.schema))


def renew(engine: Warehouse, tenant: Tenant, tables: Tables | None = None) -> Warehouse:
    """The same where the schemas are known to stand: one statement when nothing is missing."""
    store = engine.within(tenant.schema)
    migrate(store, desired(system=False), tables)
    return store


def prepare_org(
    engine: Warehouse, org: str, by: str, there: Standing = MappingProxyType({})
) -> None:
    """Bring an org's schemas to the desired state; seed its role permissions once."""
    store = prepare(engine, Tenant(org), there)
    if not store.rows("SELECT 1 AS one FROM role_permissions LIMIT 1"):
        _seed_permissions(store, by)


def _require_schema(engine: Warehouse, name: str, there: Standing) -> None:
    if name not in there:
        engine.create_schema(name)


def add_org(
    engine: Warehouse, org: str, title: str, by: str, admin_group: str | None = None
) -> None:
    """A new org, listed only once its tables stand.

    Its first administrators are the members of `admin_group`; where none is given, `by` is.
    """
    prepare_org(engine, org, by)
    system = engine.within(SYSTEM)
    kind, principal = ("group", admin_group) if admin_group else ("user", by)
    system.execute(
        "INSERT INTO members (org, kind, principal, role, granted_by, granted_at)"
        " VALUES (:org, :kind, :principal, 'admin', :by, :at)",
        org=org, kind=kind, principal=principal, by=by, at=now(),
    )  # fmt: skip
    system.execute(
        "INSERT INTO orgs (id, title, created_by, created_at) VALUES (:org, :title, :by, :at)",
        org=org, title=title, by=by, at=now(),
    )  # fmt: skip


def add_project(engine: Warehouse, tenant: Tenant, title: str, by: str) -> bool:
    """A new project of an org, listed only once its tables stand; False where it was there."""
    prepare(engine, tenant)
    return engine.within(SYSTEM).execute(
        "MERGE INTO projects AS t USING (SELECT :org AS org, :id AS id) AS s"
        " ON t.org = s.org AND t.id = s.id"
        " WHEN NOT MATCHED THEN INSERT (org, id, title, created_by, created_at)"
        " VALUES (:org, :id, :title, :by, :at)",
        org=tenant.org, id=tenant.project, title=title, by=by, at=now(),
    ) == 1  # fmt: skip


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

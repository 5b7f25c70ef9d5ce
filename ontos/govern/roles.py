"""What each role may do in this org and all of its projects: seeded as data, edited here."""

from typing import Literal

from pydantic import BaseModel

from ontos.govern.projects import in_common
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Invalid, Refused
from ontos.kernel.fields import Input, now
from ontos.kernel.operation import operation
from ontos.kernel.permission import FEATURES, ROLES, admin, read, signed_in
from ontos.kernel.tenancy import org_schema
from ontos.warehouse import Warehouse

LevelName = Literal["none", "read", "write", "admin"]
_TITLES = {role.key: role.title for role in ROLES}


class RolePermissions(BaseModel):
    """`levels` names every feature."""

    role: str
    title: str
    levels: dict[str, str]


class Me(BaseModel):
    """The caller, as the workbench sees them."""

    user: str
    org: str
    project: str | None
    roles: list[str]
    levels: dict[str, str]
    scopes: dict[str, str] | None


class LevelChange(Input):
    role: str
    feature: str
    level: LevelName


@operation("GET /me", needs=signed_in())
def whoami(caller: Caller) -> Me:
    """Who you are here, and what you may do."""
    scopes = caller.scopes
    return Me(
        user=caller.user, org=caller.org, project=caller.project, roles=sorted(caller.roles),
        levels={k: v.name for k, v in caller.levels.items()},
        scopes=None if scopes is None else {k: v.name for k, v in scopes.items()},
    )  # fmt: skip


@operation("GET /roles", needs=read("admin"))
def list_roles(caller: Caller) -> list[RolePermissions]:
    """Each role with its level on each feature."""
    rows = _org(caller).rows("SELECT role, feature, level FROM role_permissions")
    held = {(row["role"], row["feature"]): row["level"] for row in rows}
    return [
        RolePermissions(
            role=role.key,
            title=role.title,
            levels={f.key: held.get((role.key, f.key), "none") for f in FEATURES},
        )
        for role in ROLES
    ]


@operation("PUT /roles", needs=admin("admin"))
def set_level(caller: Caller, change: LevelChange) -> RolePermissions:
    """Change what a role may do with one feature."""
    _check(change)
    in_common(caller, "What roles may do is changed")
    _org(caller).execute(
        "MERGE INTO role_permissions AS t USING (SELECT :role AS role, :feature AS feature) AS s"
        " ON t.role = s.role AND t.feature = s.feature"
        " WHEN MATCHED THEN UPDATE SET level = :level, updated_by = :by, updated_at = :at"
        " WHEN NOT MATCHED THEN INSERT (role, feature, level, updated_by, updated_at)"
        " VALUES (:role, :feature, :level, :by, :at)",
        role=change.role, feature=change.feature, level=change.level, by=caller.user, at=now(),
    )  # fmt: skip
    return next(r for r in list_roles(caller) if r.role == change.role)


def _org(caller: Caller) -> Warehouse:
    """The levels are kept once for the org, in its own schema."""
    return caller.warehouse.within(org_schema(caller.org))


def _check(change: LevelChange) -> None:
    features = [f.key for f in FEATURES]
    if change.role not in _TITLES:
        raise Invalid(
            f"role: there is no role {change.role!r}. Roles: {', '.join(_TITLES)}.", field="role"
        )
    if change.feature not in features:
        raise Invalid(
            f"feature: there is no feature {change.feature!r}. Features: {', '.join(features)}.",
            field="feature",
        )
    if (change.role, change.feature) == ("admin", "admin") and change.level != "admin":
        raise Refused(
            "Administrators must keep admin on admin: nobody could give it back.", field="level"
        )

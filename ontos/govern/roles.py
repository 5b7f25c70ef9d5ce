"""What each role may do in this org and all of its projects: seeded as data, edited here."""

import json
from collections import Counter
from typing import Literal

from pydantic import BaseModel, Field

from ontos.govern.projects import in_common
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Invalid, Refused
from ontos.kernel.fields import Input, now
from ontos.kernel.operation import operation
from ontos.kernel.permission import FEATURES, ROLES, admin, read, signed_in
from ontos.kernel.records import save
from ontos.kernel.tenancy import org_schema
from ontos.warehouse import Row

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


class LevelChanges(Input):
    changes: list[LevelChange] = Field(min_length=1, max_length=len(ROLES) * len(FEATURES))


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
    store = caller.warehouse.within(org_schema(caller.org))  # kept once for the org
    rows = store.rows(_LEVELS)
    return [_held(role.key, rows) for role in ROLES]


@operation("PUT /roles", needs=admin("admin"))
def set_level(caller: Caller, change: LevelChange) -> RolePermissions:
    """Change what a role may do with one feature."""
    return next(r for r in _set(caller, [change]) if r.role == change.role)


@operation("PUT /roles/levels", needs=admin("admin"))
def set_levels(caller: Caller, change: LevelChanges) -> list[RolePermissions]:
    """Change what roles may do with several features: all that is asked, or nothing."""
    pairs = Counter((c.role, c.feature) for c in change.changes)
    twice = [pair for pair, times in pairs.items() if times > 1]
    if twice:
        role, feature = twice[0]
        raise Invalid(f"changes: {feature} of {role} is changed twice. Keep one.", field="changes")
    return _set(caller, change.changes)


_SET = """
MERGE INTO role_permissions AS t USING (
  SELECT c.role, c.feature, c.level FROM (SELECT explode(from_json(:changes,
    'ARRAY<STRUCT<role: STRING, feature: STRING, level: STRING>>')) AS c) AS listed
) AS s ON t.role = s.role AND t.feature = s.feature
WHEN MATCHED THEN UPDATE SET level = s.level, updated_by = :by, updated_at = :at
WHEN NOT MATCHED THEN INSERT (role, feature, level, updated_by, updated_at)
  VALUES (s.role, s.feature, s.level, :by, :at)
"""

_LEVELS = "SELECT role, feature, level FROM role_permissions"


def _set(caller: Caller, changes: list[LevelChange]) -> list[RolePermissions]:
    for change in changes:
        _check(change)
    in_common(caller, "What roles may do is changed")
    saved = save(
        caller, _SET, finds=f"{_LEVELS} WHERE updated_by = :by AND updated_at = :at",
        answer=_LEVELS, changes=json.dumps([c.model_dump() for c in changes]), by=caller.user,
        at=now(),
    )  # fmt: skip
    return [_held(role.key, saved.rows) for role in ROLES]


def _held(role: str, rows: list[Row]) -> RolePermissions:
    """What `role_permissions` says of a role; a feature without a row is not for it."""
    held = {row["feature"]: row["level"] for row in rows if row["role"] == role}
    levels = {f.key: held.get(f.key, "none") for f in FEATURES}
    return RolePermissions(role=role, title=_TITLES[role], levels=levels)


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

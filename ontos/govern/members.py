"""Who belongs to an org, in which role: people by name, groups of the workspace by name."""

from datetime import datetime
from typing import Literal

from ontos.kernel.caller import Caller
from ontos.kernel.errors import Invalid, NotFound, Refused
from ontos.kernel.fields import Input, Name, Record, now
from ontos.kernel.operation import operation
from ontos.kernel.permission import ROLES, admin, read

Kind = Literal["user", "group"]


class Member(Record):
    org: str
    kind: str
    principal: str
    role: str
    granted_by: str
    granted_at: datetime


class MemberSpec(Input):
    kind: Kind = "user"
    principal: Name
    role: str


@operation("GET /members", needs=read("admin"))
def list_members(caller: Caller) -> list[Member]:
    """Who has which role in this org."""
    rows = caller.system.rows(
        "SELECT * FROM members WHERE org = :org ORDER BY principal, role", org=caller.org
    )
    return [Member(**row) for row in rows]


@operation("PUT /members", needs=admin("admin"))
def grant_role(caller: Caller, spec: MemberSpec) -> Member:
    """Give a person or a group a role in this org; giving it twice changes nothing."""
    known = [role.key for role in ROLES]
    if spec.role not in known:
        raise Invalid(
            f"role: there is no role {spec.role!r}. Roles: {', '.join(known)}.", field="role"
        )
    caller.system.execute(
        "MERGE INTO members AS t USING (SELECT :org AS org, :kind AS kind,"
        " :principal AS principal, :role AS role) AS s"
        " ON t.org = s.org AND t.kind = s.kind AND t.principal = s.principal AND t.role = s.role"
        " WHEN NOT MATCHED THEN INSERT (org, kind, principal, role, granted_by, granted_at)"
        " VALUES (:org, :kind, :principal, :role, :by, :at)",
        org=caller.org, kind=spec.kind, principal=spec.principal, role=spec.role,
        by=caller.user, at=now(),
    )  # fmt: skip
    return Member(org=caller.org, **spec.model_dump(), granted_by=caller.user, granted_at=now())


@operation("DELETE /members", needs=admin("admin"))
def revoke_role(caller: Caller, principal: Name, role: str, kind: Kind = "user") -> list[Member]:
    """Take a role away. The org keeps at least one administrator."""
    members = list_members(caller)
    doomed = [m for m in members if (m.kind, m.principal, m.role) == (kind, principal, role)]
    if not doomed:
        raise NotFound(
            f"{kind} {principal} does not have the role {role[:60]} here. List members.",
            field="principal",
        )
    if role == "admin" and sum(m.role == "admin" for m in members) == 1:
        raise Refused(
            "This is the org's last administrator. Name another one first.", field="principal"
        )
    caller.system.execute(
        "DELETE FROM members WHERE org = :org AND kind = :kind AND principal = :principal"
        " AND role = :role",
        org=caller.org, kind=kind, principal=principal, role=role,
    )  # fmt: skip
    return [m for m in members if m not in doomed]

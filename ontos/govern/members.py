"""Who belongs to an org or to one of its projects, in which role.

People and groups of the workspace are members by name. A role in the org holds in all of its
projects; a role in a project holds there alone.
"""

from datetime import datetime
from typing import Literal

from ontos.govern import projects
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Denied, Invalid, NotFound, Refused
from ontos.kernel.fields import Input, Name, Record, now
from ontos.kernel.operation import operation
from ontos.kernel.permission import ROLES, admin, read

Kind = Literal["user", "group"]


class Member(Record):
    """`project` None: the role holds in the whole org."""

    org: str
    project: str | None
    kind: str
    principal: str
    role: str
    granted_by: str
    granted_at: datetime


class MemberSpec(Input):
    """`project` is where the role holds; left out, it is where you are: the whole org in its
    common project, else the project."""

    kind: Kind = "user"
    principal: Name
    role: str
    project: str | None = None


@operation("GET /members", needs=read("admin"))
def list_members(caller: Caller) -> list[Member]:
    """Who has which role in this org; in a project, those whose roles hold there."""
    rows = caller.system.rows(
        "SELECT * FROM members WHERE org = :org"
        " AND (:project IS NULL OR project IS NULL OR project = :project)"
        " ORDER BY principal, role, project",
        org=caller.org, project=caller.project,
    )  # fmt: skip
    return [Member(**row) for row in rows]


@operation("PUT /members", needs=admin("admin"))
def grant_role(caller: Caller, spec: MemberSpec) -> Member:
    """Give a person or a group a role; giving it twice changes nothing."""
    known = [role.key for role in ROLES]
    if spec.role not in known:
        raise Invalid(
            f"role: there is no role {spec.role!r}. Roles: {', '.join(known)}.", field="role"
        )
    member = Member(
        org=caller.org, project=_where(caller, spec.project), kind=spec.kind,
        principal=spec.principal, role=spec.role, granted_by=caller.user, granted_at=now(),
    )  # fmt: skip
    caller.system.execute(
        "MERGE INTO members AS t USING (SELECT :org AS org, CAST(:project AS STRING) AS project,"
        " :kind AS kind, :principal AS principal, :role AS role) AS s"
        " ON t.org = s.org AND t.project <=> s.project AND t.kind = s.kind"
        " AND t.principal = s.principal AND t.role = s.role"
        " WHEN NOT MATCHED THEN INSERT (org, project, kind, principal, role, granted_by,"
        " granted_at) VALUES (:org, :project, :kind, :principal, :role, :granted_by, :granted_at)",
        **member.model_dump(),
    )
    return member


@operation("DELETE /members", needs=admin("admin"))
def revoke_role(
    caller: Caller, principal: Name, role: str, kind: Kind = "user", project: str | None = None
) -> list[Member]:
    """Take a role away where it was given. The org keeps at least one administrator."""
    members, where = list_members(caller), _where(caller, project)
    given = (where, kind, principal, role)
    doomed = [m for m in members if (m.project, m.kind, m.principal, m.role) == given]
    if not doomed:
        raise NotFound(
            f"{kind} {principal} does not have the role {role[:60]} here. List members.",
            field="principal",
        )
    admins = [m for m in members if m.role == "admin" and m.project is None]
    if doomed == admins:
        raise Refused(
            "This is the org's last administrator. Name another one first.", field="principal"
        )
    caller.system.execute(
        "DELETE FROM members WHERE org = :org AND project <=> :project AND kind = :kind"
        " AND principal = :principal AND role = :role",
        org=caller.org, project=where, kind=kind, principal=principal, role=role,
    )  # fmt: skip
    return [m for m in members if m not in doomed]


def _where(caller: Caller, project: str | None) -> str | None:
    """The project asked for, where the caller may give roles in it: the one that they are in, or
    from the common project any of the org."""
    if project in (None, caller.project):
        return caller.project
    if caller.project is not None:
        raise Denied(
            f"project: from {caller.project} roles are given in {caller.project} alone. Choose "
            "Common, or leave project out.",
            field="project",
        )
    return projects.get(caller, project, field="project").id

"""Who belongs to an org or to one of its projects, in which role.

People and groups of the workspace are members by name. A role in the org holds in all of its
projects; a role in a project holds there alone.
"""

from datetime import datetime
from typing import Literal

from ontos.govern import projects
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Denied, Invalid, NotFound, NotNow, OntosError, Refused
from ontos.kernel.fields import Input, Name, Record, new_id, now
from ontos.kernel.operation import operation
from ontos.kernel.permission import ROLES, VOID, admin, read
from ontos.kernel.records import save
from ontos.warehouse import quote

Kind = Literal["user", "group"]

_HERE = """
SELECT * FROM {members} WHERE org = :org AND NOT startswith(role, :void)
  AND (:here IS NULL OR project IS NULL OR project = :here)
"""

_HELD = """
SELECT * FROM {members} WHERE org = :org AND project <=> :project AND kind = :kind
  AND principal = :principal AND role = :role
"""

_GRANT = """
MERGE INTO {members} AS t USING (
  SELECT :org AS org, CAST(:project AS STRING) AS project, :kind AS kind,
    :principal AS principal, :role AS role
  WHERE :project IS NULL
    OR EXISTS (SELECT 1 FROM {projects} AS p WHERE p.org = :org AND p.id = :project)
) AS s ON t.org = s.org AND t.project <=> s.project AND t.kind = s.kind
  AND t.principal = s.principal AND t.role = s.role
WHEN NOT MATCHED THEN INSERT (org, project, kind, principal, role, granted_by, granted_at)
  VALUES (:org, :project, :kind, :principal, :role, :by, :at)
"""

_REVOKE = """
MERGE INTO {members} AS t USING (
  SELECT :org AS org, CAST(:project AS STRING) AS project, :kind AS kind,
    :principal AS principal, :role AS role
  WHERE :role <> 'admin' OR :project IS NOT NULL OR EXISTS (
    SELECT 1 FROM {members} AS m WHERE m.org = :org AND m.project IS NULL AND m.role = 'admin'
      AND NOT (m.kind = :kind AND m.principal = :principal))
) AS s ON t.org = s.org AND t.project <=> s.project AND t.kind = s.kind
  AND t.principal = s.principal AND t.role = s.role
WHEN MATCHED THEN UPDATE SET role = :revoked
"""
"""A row that is gone leaves nothing that the journal could go by: the role is made void, then that
is journaled, then it is deleted."""

_REVOKED = "FROM {members} WHERE org = :org AND role = :revoked"


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
    here = _HERE.format(members="members")
    rows = caller.system.rows(here, org=caller.org, here=caller.project, void=VOID)
    return sorted((Member(**row) for row in rows), key=_order)


@operation("PUT /members", needs=admin("admin"))
def grant_role(caller: Caller, spec: MemberSpec) -> Member:
    """Give a person or a group a role; giving it twice changes nothing."""
    known = [role.key for role in ROLES]
    if spec.role not in known:
        raise Invalid(
            f"role: there is no role {spec.role!r}. Roles: {', '.join(known)}.", field="role"
        )
    where, tables = _where(caller, spec.project), _tables(caller)
    held = _HELD.format(**tables)
    saved = save(
        caller, _GRANT.format(**tables), finds=held, answer=held, org=caller.org, project=where,
        kind=spec.kind, principal=spec.principal, role=spec.role, by=caller.user, at=now(),
    )  # fmt: skip
    if saved.row is None:
        projects.get(caller, str(where), field="project")
        raise NotNow("The role was taken away again meanwhile. List members.", field="principal")
    return Member(**saved.row)


@operation("DELETE /members", needs=admin("admin"))
def revoke_role(
    caller: Caller, principal: Name, role: str, kind: Kind = "user", project: str | None = None
) -> list[Member]:
    """Take a role away where it was given. The org keeps at least one administrator."""
    where, tables = _where(caller, project), _tables(caller)
    revoked = _REVOKED.format(**tables)
    saved = save(
        caller, _REVOKE.format(**tables), finds=f"SELECT 1 {revoked}",
        then=[f"DELETE {revoked}"], answer=_HERE.format(**tables), org=caller.org,
        here=caller.project, project=where, kind=kind, principal=principal, role=role,
        void=VOID, revoked=f"{VOID}{new_id()}",
    )  # fmt: skip
    members = sorted((Member(**row) for row in saved.rows), key=_order)
    if not saved.done:
        if where is not None:
            projects.get(caller, where, field="project")
        raise _kept(members, (where, kind, principal, role))
    return members


def _kept(members: list[Member], given: tuple[str | None, str, str, str]) -> OntosError:
    """Why a role was not taken away: nobody else administers the org, or it is not held."""
    if any((m.project, m.kind, m.principal, m.role) == given for m in members):
        return Refused(
            "This is the org's last administrator. Name another one first.", field="principal"
        )
    _, kind, principal, role = given
    return NotFound(
        f"{kind} {principal} does not have the role {role[:60]} here. List members.",
        field="principal",
    )


def _order(member: Member) -> tuple[str, str, str]:
    return member.principal, member.role, member.project or ""


def _tables(caller: Caller) -> dict[str, str]:
    """The tables of the installation by their names, for a script of the tenant's."""
    schema = caller.system.schema
    return {name: quote(schema, name) for name in ("members", "projects")}


def _where(caller: Caller, project: str | None) -> str | None:
    """The project asked for, where the caller may give roles in it: the one that they are in, or
    from the common project any of the org's. Whether the org has it, the save asks."""
    if project in (None, caller.project):
        return caller.project
    if caller.project is not None:
        raise Denied(
            f"project: from {caller.project} roles are given in {caller.project} alone. Choose "
            "Common, or leave project out.",
            field="project",
        )
    return project

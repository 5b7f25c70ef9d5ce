"""Projects: each has its own tables, models, endpoints and files, and people of its own."""

import json
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator

from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict, Denied, Invalid, NotFound, NotNow
from ontos.kernel.fields import Input, Name, Record, now
from ontos.kernel.operation import operation
from ontos.kernel.permission import VOID, admin, signed_in
from ontos.kernel.records import Saved, save
from ontos.kernel.tenancy import LONGEST_NAME, Tenant, add_project, key, renew
from ontos.warehouse import Row, quote, together
from ontos.warehouse.migrate import standing

LONGEST = 27
"""Characters in a project's id: with the longest org's they fit in a tenant's name."""
_KEY = key(LONGEST)


class Project(Record):
    """`archived_at` tells since when nobody can enter it."""

    org: str
    id: str
    title: str
    created_by: str
    created_at: datetime
    archived_at: datetime | None


class ProjectSpec(Input):
    """`id` names the project's schemas, after the org's."""

    id: Annotated[str, AfterValidator(_KEY)]
    title: Name


@operation("GET /projects", needs=signed_in())
def list_projects(caller: Caller) -> list[Project]:
    """The projects of this org that you have a role in, archived ones too.

    A token that acts in a project sees that one alone.
    """
    rows = caller.system.rows(
        "SELECT * FROM projects WHERE org = :org AND (:only IS NULL OR id = :only)"
        " AND EXISTS (SELECT 1 FROM members AS m WHERE m.org = projects.org"
        " AND NOT startswith(m.role, :void) AND (m.project IS NULL OR m.project = projects.id)"
        " AND ((m.kind = 'user' AND lower(m.principal) = lower(:user)) OR (m.kind = 'group'"
        " AND array_contains(from_json(:groups, 'ARRAY<STRING>'), m.principal))))"
        " ORDER BY archived_at IS NOT NULL, title, id",
        org=caller.org, only=caller.project if caller.scopes is not None else None,
        user=caller.user, groups=json.dumps(sorted(caller.person.groups)),
        void=VOID,
    )  # fmt: skip
    return [Project(**row) for row in rows]


@operation("POST /projects", needs=admin("admin"))
def create_project(caller: Caller, spec: ProjectSpec) -> Project:
    """Make a project with its own tables. Roles in the org hold in it; give others in it."""
    in_common(caller, "Projects are made")
    tenant = Tenant(caller.org, spec.id)
    if len(tenant.name) > LONGEST_NAME:
        raise Invalid(
            f"id: {tenant.name} has more than {LONGEST_NAME} characters. Choose a shorter id.",
            field="id",
        )
    taken = Conflict(f"id: there is a project {spec.id} already. Choose another id.", field="id")
    if _known(caller, spec.id) or _is_an_org(caller, tenant.name):
        raise taken
    if not add_project(caller.system, tenant, spec.title, caller.user):
        raise taken
    return get(caller, spec.id)


@operation("POST /projects/{project_id}/archive", needs=admin("admin"))
def archive_project(caller: Caller, project_id: str) -> Project:
    """Close a project: it can be neither chosen nor entered until it is restored.

    Nothing of it is deleted. It must be at rest: no job under way, nothing served.
    """
    in_common(caller, "Projects are archived")
    try:
        saved = _put_away(caller, _KEY(project_id))
    except (ValueError, NotFound) as error:  # of a project that is not there there are no tables
        raise _no_project(caller, project_id, "project_id") from error
    if saved.row is None:
        raise _no_project(caller, project_id, "project_id")
    if not saved.done:
        raise _restless(project_id, saved.row)
    return Project(**saved.row)


@operation("POST /projects/{project_id}/restore", needs=admin("admin"))
def restore_project(caller: Caller, project_id: str) -> Project:
    """Open an archived project again."""
    in_common(caller, "Projects are restored")
    tenant = Tenant(caller.org, project_id)
    project, there = together(
        lambda: get(caller, project_id), lambda: standing(caller.system, tenant.schema)
    )
    renew(caller.system, tenant, there.get(tenant.schema))
    projects = _projects(caller)
    one = f"SELECT * FROM {projects} WHERE org = :org AND id = :id"  # noqa: S608 - quoted, as below
    saved = save(
        caller, f"UPDATE {projects} SET archived_at = NULL WHERE org = :org AND id = :id",  # noqa: S608
        finds=f"{one} AND archived_at IS NULL", answer=one, org=caller.org, id=project.id,
    )  # fmt: skip
    return Project(**saved.rows[0])


def get(caller: Caller, project_id: str, field: str = "project_id") -> Project:
    """One project of the caller's org, archived or not; raises NotFound."""
    if found := _known(caller, project_id):
        return found
    raise _no_project(caller, project_id, field)


def _no_project(caller: Caller, project_id: str, field: str) -> NotFound:
    return NotFound(
        f"{field}: there is no project {project_id[:60]!r} in {caller.org}. List projects.",
        field=field,
    )


def in_common(caller: Caller, what: str) -> None:
    """Raise Denied unless the caller works in the org's common project: a role in a single
    project must not reach what is the whole org's."""
    if caller.project is not None:
        raise Denied(
            f"{what} in the org's common project, not in {caller.project}. Choose Common, or leave "
            "X-Ontos-Project out.",
            field="project",
        )


def _put_away(caller: Caller, project_id: str) -> Saved:
    """The project's own tables say whether it is at rest."""
    schema = Tenant(caller.org, project_id).schema
    tables = {name: quote(schema, name) for name in ("jobs", "endpoints")}
    names = {"projects": _projects(caller), "restless": _RESTLESS.format(**tables)}
    return save(
        caller, _ARCHIVE.format(**names), finds=_ARCHIVED.format(**names),
        answer=_ONE.format(**names), at=now(), org=caller.org, id=project_id,
    )  # fmt: skip


def _known(caller: Caller, project_id: str) -> Project | None:
    rows = caller.system.rows(
        "SELECT * FROM projects WHERE org = :org AND id = :id", org=caller.org, id=project_id
    )
    return Project(**rows[0]) if rows else None


def _is_an_org(caller: Caller, name: str) -> bool:
    """An org of an older store may be called like this project's schemas."""
    return bool(caller.system.rows("SELECT id FROM orgs WHERE id = :name", name=name))


def _projects(caller: Caller) -> str:
    """The installation's table, for a script of the tenant's."""
    return quote(caller.system.schema, "projects")


_RESTLESS = """
SELECT (SELECT count(*) FROM {jobs} WHERE status IN ('queued', 'running')) AS jobs,
  (SELECT count(*) FROM {endpoints} WHERE status <> 'deleted') AS endpoints
"""

_ARCHIVE = """
MERGE INTO {projects} AS t USING (
  SELECT :org AS org, :id AS id FROM ({restless}) AS r WHERE r.jobs = 0 AND r.endpoints = 0
) AS s ON t.org = s.org AND t.id = s.id
WHEN MATCHED AND t.archived_at IS NULL THEN UPDATE SET archived_at = :at
"""

_ARCHIVED = """
SELECT 1 FROM {projects} WHERE org = :org AND id = :id AND archived_at IS NOT NULL
"""

_ONE = """
SELECT p.*, r.* FROM {projects} AS p CROSS JOIN ({restless}) AS r
WHERE p.org = :org AND p.id = :id
"""


def _restless(project_id: str, found: Row) -> NotNow:
    return NotNow(
        f"{project_id} is not at rest: {found['jobs']} jobs under way, "
        f"{found['endpoints']} endpoints. Wait for the jobs or cancel them, delete the "
        "endpoints, then archive it.",
        field="project_id",
    )

"""The audit trail: who did what, when, through which door, and what was refused."""

import json

from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound
from ontos.kernel.fields import Id, Limit, Moment
from ontos.kernel.journal import Entry, Outcome, cloud_event
from ontos.kernel.operation import operation
from ontos.kernel.paging import Page, decode, page
from ontos.kernel.permission import read

_FILTER = (
    " WHERE (:after IS NULL OR id < :after)"
    " AND (:user IS NULL OR user = :user)"
    " AND (:operation IS NULL OR operation = :operation)"
    " AND (:outcome IS NULL OR outcome = :outcome)"
    " AND (:entity_type IS NULL OR entity_type = :entity_type)"
    " AND (:entity_id IS NULL OR entity_id = :entity_id)"
    " AND (:since IS NULL OR at >= :since) AND (:until IS NULL OR at < :until)"
)


@operation("GET /audit", needs=read("governance"))
def list_audit(
    caller: Caller, user: str | None = None, operation: str | None = None,
    outcome: Outcome | None = None, entity_type: str | None = None, entity_id: str | None = None,
    since: Moment | None = None, until: Moment | None = None,
    limit: Limit = 100, cursor: str | None = None,
) -> Page[Entry]:  # fmt: skip
    """What was done and refused, newest first."""
    rows = caller.warehouse.rows(
        f"SELECT * FROM journal{_FILTER} ORDER BY id DESC LIMIT :limit",  # noqa: S608 - a constant
        after=decode(cursor), user=user, operation=operation, outcome=outcome,
        entity_type=entity_type, entity_id=entity_id, since=since, until=until, limit=limit + 1,
    )  # fmt: skip
    return page([Entry(**row) for row in rows], limit, lambda entry: entry.id)


@operation("GET /audit/{entry_id}/event", needs=read("governance"))
def get_event(caller: Caller, entry_id: Id) -> dict[str, object]:
    """One entry as the CloudEvents document that subscribers receive."""
    rows = caller.warehouse.rows("SELECT * FROM journal WHERE id = :id", id=entry_id)
    if not rows:
        raise NotFound(
            f"There is no audit entry {entry_id}. List the trail for those there are.",
            field="entry_id",
        )
    event: dict[str, object] = json.loads(json.dumps(cloud_event(Entry(**rows[0]), caller.tenant)))
    return event


@operation("GET /audit/facets", needs=read("governance"))
def audit_facets(caller: Caller) -> dict[str, list[str]]:
    """The users, operations and entity types that occur, for filters."""
    rows = caller.warehouse.rows(
        "SELECT 'user' AS facet, user AS value FROM journal GROUP BY user"
        " UNION ALL SELECT 'operation' AS facet, operation AS value FROM journal GROUP BY operation"
        " UNION ALL SELECT 'entity_type' AS facet, entity_type AS value FROM journal"
        " WHERE entity_type IS NOT NULL GROUP BY entity_type"
    )
    facets: dict[str, list[str]] = {"user": [], "operation": [], "entity_type": []}
    for row in rows:
        facets[row["facet"]].append(row["value"])
    return {name: sorted(values) for name, values in facets.items()}

"""Where the org stands: the funnel through the seven stages, what waits, what runs."""

from pydantic import BaseModel

from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound
from ontos.kernel.fields import Id, now
from ontos.kernel.jobs import Job
from ontos.kernel.operation import operation
from ontos.kernel.permission import decide, signed_in, write


class Funnel(BaseModel):
    """Counts of rows that exist now, stage by stage."""

    sources: int
    sheets: int
    items: int
    templates: int
    training_sheets: int
    pairs: int
    pairs_reviewed: int
    pairs_usable: int
    canonical_labels: int
    training_jobs: int
    models: int
    endpoints: int
    requests: int
    errors: int
    feedback: int
    gaps_open: int


class Waiting(BaseModel):
    """Something that a person has to do; `stage` and `view` say on which page."""

    what: str
    count: int
    stage: str
    view: str
    entity_id: str | None = None


class Notice(BaseModel):
    id: str
    message: str
    entity_type: str | None
    entity_id: str | None


_FUNNEL = """
SELECT
  (SELECT count(*) FROM sources) AS sources,
  (SELECT count(*) FROM sheets WHERE status = 'published') AS sheets,
  (SELECT coalesce(sum(item_count), 0) FROM sheets WHERE status = 'published') AS items,
  (SELECT count(*) FROM templates WHERE status = 'published') AS templates,
  (SELECT count(*) FROM training_sheets WHERE status = 'ready') AS training_sheets,
  counted.pairs, counted.pairs_reviewed, counted.pairs_usable,
  (SELECT count(*) FROM canonical_labels) AS canonical_labels,
  (SELECT count(*) FROM training_jobs) AS training_jobs,
  (SELECT count(*) FROM training_jobs WHERE status = 'succeeded') AS models,
  (SELECT count(*) FROM endpoints WHERE status IN ('ready', 'updating')) AS endpoints,
  (SELECT count(*) FROM endpoint_metrics) AS requests,
  (SELECT count(*) FROM endpoint_metrics WHERE status_code >= 400) AS errors,
  (SELECT count(*) FROM feedback) AS feedback,
  (SELECT count(*) FROM gaps WHERE status = 'open') AS gaps_open
FROM (
  SELECT count(*) AS pairs,
    count_if(review_status <> 'pending') AS pairs_reviewed,
    count_if(review_status IN ('approved', 'edited')) AS pairs_usable
  FROM pairs
) AS counted
"""

_WAITING = """
SELECT 'pairs to review' AS what, count(*) AS count, 'label' AS stage, 'review' AS view,
  t.id AS entity_id, t.name AS name
FROM pairs AS p JOIN training_sheets AS t ON t.id = p.training_sheet_id
WHERE p.review_status = 'pending' AND t.status = 'ready' GROUP BY t.id, t.name
UNION ALL
SELECT 'flagged pairs to settle' AS what, count(*) AS count, 'label' AS stage, 'review' AS view,
  t.id AS entity_id, t.name AS name
FROM pairs AS p JOIN training_sheets AS t ON t.id = p.training_sheet_id
WHERE p.review_status = 'flagged' AND t.status = 'ready' GROUP BY t.id, t.name
UNION ALL
SELECT 'annotation tasks' AS what, count(*) AS count, 'label' AS stage, 'tasks' AS view,
  NULL AS entity_id, NULL AS name
FROM annotation_tasks
WHERE status = 'open' AND (assignee IS NULL OR lower(assignee) = lower(:user)) HAVING count(*) > 0
UNION ALL
SELECT 'open gaps' AS what, count(*) AS count, 'improve' AS stage, 'gaps' AS view,
  NULL AS entity_id, NULL AS name
FROM gaps
WHERE status = 'open' HAVING count(*) > 0
UNION ALL
SELECT 'ratings not yet used' AS what, count(*) AS count, 'improve' AS stage, 'feedback' AS view,
  NULL AS entity_id, NULL AS name
FROM feedback
WHERE pair_id IS NULL AND (rating = 'up' OR correction IS NOT NULL) HAVING count(*) > 0
ORDER BY count DESC, what, name, entity_id LIMIT 200
"""

MOST_WAITING = 12

_DONE_BY = {
    "review": write("labels"), "tasks": write("labeling_jobs"), "gaps": write("improve"),
    "feedback": write("improve"),
}  # fmt: skip
"""What is needed to do what waits in a view."""


@operation("GET /overview/funnel", needs=signed_in())
def get_funnel(caller: Caller) -> Funnel:
    """How much there is at each stage, counted now."""
    return Funnel(**caller.warehouse.rows(_FUNNEL)[0])


@operation("GET /overview/waiting", needs=signed_in())
def list_waiting(caller: Caller) -> list[Waiting]:
    """What waits for you: only what you may do."""
    rows = [
        row for row in caller.warehouse.rows(_WAITING, user=caller.user)
        if decide(caller, _DONE_BY[row["view"]]).allowed
    ]  # fmt: skip
    return [
        Waiting(
            what=f"{row['what']} in {row['name']}" if row["name"] else row["what"],
            count=row["count"], stage=row["stage"], view=row["view"], entity_id=row["entity_id"],
        )
        for row in rows[:MOST_WAITING]
    ]  # fmt: skip


@operation("GET /overview/jobs", needs=signed_in())
def list_running_jobs(caller: Caller) -> list[Job]:
    """Background jobs that wait or run, and those that failed within the last day."""
    rows = caller.warehouse.rows(
        "SELECT * FROM jobs WHERE status IN ('queued', 'running') OR (status = 'failed'"
        " AND finished_at > current_timestamp() - INTERVAL 1 DAY) ORDER BY id DESC LIMIT 20"
    )
    return [Job(**row) for row in rows]


@operation("GET /overview/notices", needs=signed_in())
def list_notices(caller: Caller) -> list[Notice]:
    """What you should know and have not dismissed."""
    rows = caller.warehouse.rows(
        "SELECT * FROM notices WHERE user = :user AND seen_at IS NULL ORDER BY id DESC LIMIT 20",
        user=caller.user,
    )
    return [Notice(**{name: row[name] for name in Notice.model_fields}) for row in rows]


@operation("POST /overview/notices/{notice_id}/seen", needs=signed_in(), journaled=False)
def dismiss_notice(caller: Caller, notice_id: Id) -> None:
    """Put a notice away."""
    seen = caller.warehouse.execute(
        "UPDATE notices SET seen_at = :at WHERE id = :id AND user = :user",
        at=now(), id=notice_id, user=caller.user,
    )  # fmt: skip
    if not seen:
        raise NotFound(f"You have no notice {notice_id}. List yours.", field="notice_id")

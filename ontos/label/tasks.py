"""Annotation tasks: asking people to label or collect something."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound
from ontos.kernel.fields import Id, Input, Limit, Name, Record, Text, new_id, now
from ontos.kernel.lifecycle import Lifecycle
from ontos.kernel.operation import operation
from ontos.kernel.paging import Page, decode, page
from ontos.kernel.permission import read, write
from ontos.kernel.records import add_row, change_row, explain
from ontos.label.pairs import no_training_sheet

Status = Literal["open", "done", "cancelled"]

TASK_STATES = Lifecycle("task", {"open": ("done", "cancelled"), "done": (), "cancelled": ()})

SELECT = """
WITH shown AS (
  SELECT * FROM annotation_tasks AS a WHERE {condition} ORDER BY id DESC LIMIT {limit}
),
reviewed AS (
  SELECT s.id, count(*) AS pairs FROM shown AS s
  JOIN pairs AS p ON p.training_sheet_id = s.training_sheet_id AND p.reviewed_at >= s.created_at
  GROUP BY s.id
)
SELECT s.*, t.name AS training_sheet_name,
  CASE WHEN t.id IS NOT NULL THEN coalesce(r.pairs, 0) END AS reviewed_count
FROM shown AS s LEFT JOIN reviewed AS r ON r.id = s.id
LEFT JOIN training_sheets AS t ON t.id = s.training_sheet_id ORDER BY s.id DESC
"""

_NAMED = """
SELECT 1 WHERE (:training_sheet_id IS NULL
    OR EXISTS (SELECT 1 FROM training_sheets AS t WHERE t.id = :training_sheet_id))
  AND (:source_gap_id IS NULL OR EXISTS (SELECT 1 FROM gaps AS g WHERE g.id = :source_gap_id))
"""
"""Finds a row where all that a task names is there."""

ONE = SELECT.format(condition="a.id = :id", limit=1)


class TaskSpec(Input):
    """`target_record_count`: how many pairs shall be reviewed. No `assignee` means anybody."""

    title: Name
    instructions: Text | None = None
    training_sheet_id: Id | None = None
    source_gap_id: Id | None = None
    target_record_count: Annotated[int, Field(ge=1, le=10_000_000)]
    assignee: Name | None = None


class Assignment(Input):
    """`assignee` None gives the task back to anybody."""

    assignee: Name | None = None
    version: int | None = None


class Task(Record):
    """`reviewed_count`: pairs of its training sheet reviewed since; None where it has none."""

    id: str
    title: str
    instructions: str | None
    training_sheet_id: str | None
    training_sheet_name: str | None
    source_gap_id: str | None
    target_record_count: int
    reviewed_count: int | None
    status: str
    assignee: str | None
    version: int
    created_by: str
    created_at: datetime
    updated_by: str
    updated_at: datetime


@operation("POST /tasks", needs=write("labeling_jobs"))
def create_task(caller: Caller, spec: TaskSpec) -> Task:
    """Ask for labels: of a training sheet's pairs, or of data still to be found."""
    task = add_task(caller, spec, given=_NAMED)
    if task is None:
        if spec.source_gap_id:
            require_gap(caller, spec.source_gap_id)
        raise no_training_sheet(str(spec.training_sheet_id))
    return task


def require_gap(caller: Caller, gap_id: str) -> None:
    """Raises NotFound, of `source_gap_id`."""
    if not caller.warehouse.rows("SELECT 1 AS one FROM gaps WHERE id = :id", id=gap_id):
        raise NotFound(
            f"source_gap_id: there is no gap {gap_id}. List gaps for those there are, or leave "
            "it out.",
            field="source_gap_id",
        )


@operation("GET /tasks", needs=read("labeling_jobs"))
def list_tasks(
    caller: Caller, status: Status | None = None, waiting_for: str | None = None,
    limit: Limit = 100, cursor: str | None = None,
) -> Page[Task]:  # fmt: skip
    """Tasks, newest first; `waiting_for` a person: open, and theirs or nobody's."""
    rows = caller.warehouse.rows(
        SELECT.format(condition="(:status IS NULL OR a.status = :status)"
                      " AND (:waiting_for IS NULL OR (a.status = 'open'"
                      " AND lower(coalesce(a.assignee, :waiting_for)) = lower(:waiting_for)))"
                      " AND (:after IS NULL OR a.id < :after)", limit=":limit"),
        status=status, waiting_for=waiting_for, after=decode(cursor), limit=limit + 1,
    )  # fmt: skip
    return page([Task(**row) for row in rows], limit, lambda task: task.id)


@operation("GET /tasks/{task_id}", needs=read("labeling_jobs"))
def get_task(caller: Caller, task_id: Id) -> Task:
    """One task, with its progress."""
    rows = caller.warehouse.rows(ONE, id=task_id)
    if not rows:
        raise _no_task(task_id)
    return Task(**rows[0])


@operation("PUT /tasks/{task_id}/assignee", needs=write("labeling_jobs"))
def assign_task(caller: Caller, task_id: Id, assignment: Assignment) -> Task:
    """Give an open task to a person, or back to anybody."""
    given = {"assignee": assignment.assignee}
    return _save(caller, task_id, given, "open", assignment.version)


@operation("POST /tasks/{task_id}/complete", needs=write("labeling_jobs"))
def complete_task(caller: Caller, task_id: Id) -> Task:
    """Say that a task is done."""
    return _end(caller, task_id, "done")


@operation("POST /tasks/{task_id}/cancel", needs=write("labeling_jobs"))
def cancel_task(caller: Caller, task_id: Id) -> Task:
    """Withdraw a task."""
    return _end(caller, task_id, "cancelled")


def add_task(caller: Caller, spec: TaskSpec, **how: Any) -> Task | None:
    """A new task, for an operation that permits it; None where none was made. See `add_row`."""
    at, user, computed = now(), caller.user, how.get("computed", {})
    row = spec.model_dump(exclude=set(computed)) | {
        "id": new_id(), "status": "open", "version": 1, "created_by": user, "created_at": at,
        "updated_by": user, "updated_at": at,
    }  # fmt: skip
    made = add_row(caller, "annotation_tasks", row, kind="task", shown=ONE, **how)
    return Task(**made.row) if made.row else None


def _end(caller: Caller, task_id: str, status: str) -> Task:
    return _save(caller, task_id, {"status": status}, status)


def _save(
    caller: Caller, task_id: str, changes: Mapping[str, Any], to: str,
    version: int | None = None,
) -> Task:  # fmt: skip
    """The task after the change; refuses with the reason where it may not be changed (so)."""
    row, done = change_row(
        caller, "annotation_tasks", task_id, changes, states=TASK_STATES.open, version=version,
        shown=ONE,
    )  # fmt: skip
    if row is None:
        raise _no_task(task_id)
    if not done:
        explain(TASK_STATES, row, TASK_STATES.open, to)
    return Task(**row)


def _no_task(task_id: str) -> NotFound:
    return NotFound(f"task_id: there is no task {task_id}. List tasks for those there are.",
                    field="task_id")  # fmt: skip

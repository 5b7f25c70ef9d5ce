"""Training sheets: a sheet put through a template, pair by pair; read and followed."""

import json
from datetime import datetime
from typing import Any, Literal

from pydantic import field_validator

from ontos.kernel import jobs
from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound, NotNow
from ontos.kernel.fields import Id, Limit, Record
from ontos.kernel.jobs import Job
from ontos.kernel.lifecycle import Lifecycle
from ontos.kernel.lineage import Node
from ontos.kernel.operation import operation
from ontos.kernel.paging import Page, decode, page
from ontos.kernel.permission import read, write
from ontos.kernel.records import change_row, explain
from ontos.kernel.seen import see
from ontos.warehouse import Row, together

Status = Literal["assembling", "ready", "failed", "archived"]

TRAINING_SHEET_STATES = Lifecycle(
    "training sheet",
    {
        "assembling": ("ready", "failed"),
        "ready": ("archived",),
        "failed": ("archived",),
        "archived": (),
    },
)

ENTITY = "training_sheet"

_COUNTED = """
SELECT t.id, t.name, t.sheet_id, t.sheet_name, t.template_id, t.template_name, t.label_type,
  t.system_prompt, t.user_prompt, t.column_mapping, t.response_column, t.status, t.error_message,
  t.auto_approved_count, t.version, t.created_by, t.created_at, t.updated_by, t.updated_at,
  coalesce(c.total, 0) AS total_items, coalesce(c.pending, 0) AS pending_count,
  coalesce(c.approved, 0) AS approved_count, coalesce(c.edited, 0) AS edited_count,
  coalesce(c.rejected, 0) AS rejected_count, coalesce(c.flagged, 0) AS flagged_count,
  coalesce(c.empty, 0) AS empty_count,
  s.source_table, s.item_id_column, s.columns AS sheet_columns
FROM chosen AS t LEFT JOIN sheets AS s ON s.id = t.sheet_id LEFT JOIN (
  SELECT training_sheet_id, count(*) AS total,
    count_if(review_status = 'pending') AS pending,
    count_if(review_status IN ('approved', 'edited')) AS approved,
    count_if(review_status = 'edited') AS edited,
    count_if(review_status = 'rejected') AS rejected,
    count_if(review_status = 'flagged') AS flagged,
    count_if(review_status = 'pending' AND response IS NULL) AS empty
  FROM pairs WHERE training_sheet_id IN (SELECT id FROM chosen) GROUP BY training_sheet_id
) AS c ON c.training_sheet_id = t.id
ORDER BY t.id DESC
"""

_ONE = f"WITH chosen AS (SELECT * FROM training_sheets WHERE id = :id) {_COUNTED}"  # noqa: S608


class TrainingSheet(Record):
    """`approved_count` includes the edited; `empty_count` is pending pairs without a response.

    All counts are those of the pairs now, but `auto_approved_count`: pairs that arrived labelled.
    """

    id: str
    name: str
    sheet_id: str
    sheet_name: str
    template_id: str
    template_name: str
    label_type: str
    system_prompt: str | None
    user_prompt: str
    column_mapping: dict[str, str]
    response_column: str | None
    status: str
    error_message: str | None
    total_items: int
    auto_approved_count: int
    pending_count: int = 0
    approved_count: int = 0
    edited_count: int = 0
    rejected_count: int = 0
    flagged_count: int = 0
    empty_count: int = 0
    version: int
    created_by: str
    created_at: datetime
    updated_by: str
    updated_at: datetime

    @field_validator("column_mapping", mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value


class Origin(Record):
    """Where the items of a training sheet, which has this `id`, come from; it never changes.

    `sheet_columns` is the JSON of the sheet's columns.
    """

    id: str
    sheet_id: str
    source_table: str
    item_id_column: str | None
    sheet_columns: str


@operation("GET /training-sheets", needs=read("templates"))
def list_training_sheets(
    caller: Caller, status: Status | None = None, sheet_id: Id | None = None, limit: Limit = 100,
    cursor: str | None = None,
) -> Page[TrainingSheet]:  # fmt: skip
    """Training sheets, newest first, with what has become of their pairs."""
    rows = caller.warehouse.rows(
        "WITH chosen AS (SELECT * FROM training_sheets"  # noqa: S608 - a constant
        " WHERE (:status IS NULL OR status = :status)"
        " AND (:sheet IS NULL OR sheet_id = :sheet) AND (:after IS NULL OR id < :after)"
        f" ORDER BY id DESC LIMIT :limit) {_COUNTED}",
        status=status, sheet=sheet_id, after=decode(cursor), limit=limit + 1,
    )  # fmt: skip
    return page([_seen(caller, row) for row in rows], limit, lambda sheet: sheet.id)


@operation("GET /training-sheets/{training_sheet_id}", needs=read("templates"))
def get_training_sheet(caller: Caller, training_sheet_id: Id) -> TrainingSheet:
    """One training sheet, with what has become of its pairs."""
    rows = caller.warehouse.rows(_ONE, id=training_sheet_id)
    if not rows:
        raise _missing(training_sheet_id)
    return _seen(caller, rows[0])


@operation("POST /training-sheets/{training_sheet_id}/archive", needs=write("templates"))
def archive_training_sheet(caller: Caller, training_sheet_id: Id) -> TrainingSheet:
    """Retire a training sheet: its pairs stay readable, nothing more is trained on them."""
    states = TRAINING_SHEET_STATES.before("archived")
    row, done = change_row(
        caller, "training_sheets", training_sheet_id, {"status": "archived"}, states=states,
        shown=_ONE,
    )  # fmt: skip
    if row is None:
        raise _missing(training_sheet_id)
    if not done:
        explain(TRAINING_SHEET_STATES, row, states, "archived")
    return TrainingSheet(**row)


@operation("GET /training-sheets/{training_sheet_id}/job", needs=read("templates"))
def get_training_sheet_job(caller: Caller, training_sheet_id: Id) -> Job | None:
    """How the newest work on it goes, assembling or generating; None before any."""
    work, _ = together(
        lambda: jobs.latest(caller, (ENTITY, training_sheet_id)),
        lambda: require_known(caller, training_sheet_id),
    )
    found: Job | None = work
    return found


@operation("POST /training-sheets/{training_sheet_id}/cancel", needs=write("templates"))
def cancel_training_sheet_job(caller: Caller, training_sheet_id: Id) -> Job:
    """Ask the running work to stop; it does within seconds and keeps what is already saved."""
    work = jobs.latest(caller, (ENTITY, training_sheet_id))
    if work is None:
        require_known(caller, training_sheet_id)
    if work is None or not jobs.request_cancel(caller, (ENTITY, training_sheet_id)):
        raise NotNow("Nothing runs for this training sheet, so there is nothing to cancel.")
    return work


def require_known(caller: Caller, training_sheet_id: str) -> None:
    """Refuse an id that names nothing, without counting pairs."""
    sql = "SELECT id FROM training_sheets WHERE id = :id"
    if not caller.warehouse.rows(sql, id=training_sheet_id):
        raise _missing(training_sheet_id)


def _seen(caller: Caller, row: Row) -> TrainingSheet:
    if row["source_table"] is not None:
        see(caller, Origin(**row))
    return see(caller, TrainingSheet(**row))


def _missing(training_sheet_id: str) -> NotFound:
    return NotFound(
        f"There is no training sheet {training_sheet_id}. List training sheets for those there "
        "are, or assemble one from a sheet.",
        field="training_sheet_id",
    )


def require_ready(sheet: TrainingSheet) -> None:
    """Refuse what is not assembled yet, failed, or archived, saying how to go on."""
    if sheet.status == "assembling":
        raise NotNow("This training sheet is being assembled. Wait until it is ready.",
                     field="training_sheet_id")  # fmt: skip
    if sheet.status != "ready":
        raise NotNow(f"This training sheet is {sheet.status}. Assemble a new one from its sheet.",
                     field="training_sheet_id")  # fmt: skip


def node(sheet: TrainingSheet) -> Node:
    return Node(ENTITY, sheet.id, sheet.name)

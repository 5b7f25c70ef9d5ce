"""Training jobs: what was asked for, how far it is, and what came of it."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

import pyarrow as pa
from pydantic import AfterValidator, BaseModel, Field, field_validator

from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound, NotNow
from ontos.kernel.fields import Id, Input, Limit, Reason, Record, new_id, now
from ontos.kernel.jobs import enqueue, request_cancel
from ontos.kernel.lifecycle import Lifecycle
from ontos.kernel.lineage import Node, link
from ontos.kernel.operation import operation
from ontos.kernel.paging import Page, decode, page
from ontos.kernel.permission import read, write
from ontos.label.tasks import require_gap
from ontos.train.names import require_name
from ontos.train.snapshots import take
from ontos.train.trainers import TrainerKey
from ontos.train.trainers.options import Options
from ontos.warehouse import Value, together

Status = Literal["pending", "queued", "running", "succeeded", "failed", "cancelled", "timeout"]

TRAINING_STATES = Lifecycle(
    "training job",
    {
        "pending": ("queued", "failed", "cancelled"),
        "queued": ("running", "failed", "cancelled", "timeout"),
        "running": ("succeeded", "failed", "cancelled", "timeout"),
        "succeeded": (),
        "failed": (),
        "cancelled": (),
        "timeout": (),
    },
)


def _model_name(value: str) -> str:
    return require_name(value, "a model", 100)


class TrainingConfig(Options):
    """`seed` decides the split and everything random in training: the same seed, the same model."""

    seed: int = Field(7, ge=0, lt=2**32)


class TrainingJobSpec(Input):
    """`train_val_split` is the share that trains; the rest validates. `auto` tries what fits."""

    training_sheet_id: Id
    model_name: Annotated[str, AfterValidator(_model_name)]
    train_val_split: float = Field(0.8, gt=0, lt=1)
    training_config: TrainingConfig = Field(default_factory=lambda: TrainingConfig())
    trainer: TrainerKey = "auto"
    source_gap_id: Id | None = None


class Cancellation(Input):
    reason: Reason | None = None


class TrainingJob(Record):
    """`uc_model_name` and `uc_model_version` name what was registered, once it succeeded."""

    id: str
    training_sheet_id: str
    training_sheet_name: str
    model_name: str
    trainer: str
    train_val_split: float
    training_config: dict[str, Any]
    status: str
    progress_percent: float
    message: str | None
    error_message: str | None
    total_pairs: int
    train_pairs: int
    val_pairs: int
    run_id: str | None
    uc_model_name: str | None
    uc_model_version: str | None
    metrics: dict[str, Any]
    notes: list[str]
    source_gap_id: str | None
    version: int
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    compute_handle: str | None = Field(None, exclude=True)

    @field_validator("training_config", "metrics", mode="before")
    @classmethod
    def _object(cls, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value or {}

    @field_validator("notes", mode="before")
    @classmethod
    def _list(cls, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value or []


class TrainingEvent(Record):
    """`event_type` is status_change, progress or note."""

    id: str
    at: datetime
    event_type: str
    old_status: str | None
    new_status: str | None
    progress_percent: float | None
    message: str | None
    user: str


class TrainingEvents(BaseModel):
    """In the order in which they happened."""

    events: list[TrainingEvent]


class TrainingLineage(Record):
    """What the job came out of; `qa_pair_ids` are exactly the pairs that it was given."""

    qa_pair_ids: list[str]
    training_sheet_id: str
    training_sheet_name: str
    sheet_id: str
    sheet_name: str
    source_table: str | None
    template_id: str
    template_name: str
    run_id: str | None
    uc_model_name: str | None
    uc_model_version: str | None


@operation("POST /training/jobs", needs=write("training"), rights="person")
def create_training_job(caller: Caller, spec: TrainingJobSpec) -> TrainingJob:
    """Train a model on the approved pairs of a training sheet that may be used for training.

    For a gap one training is under way at a time.
    """
    seed, gap = spec.training_config.seed, spec.source_gap_id
    snapshot, *_ = together(
        lambda: take(caller, spec.training_sheet_id, spec.train_val_split, seed),
        *([partial(require_gap, caller, gap)] if gap else []),
    )
    job = TrainingJob(
        **spec.model_dump(), id=new_id(), training_sheet_name=snapshot.training_sheet_name,
        status="pending", progress_percent=0.0, message="Waiting for a free worker",
        error_message=None, total_pairs=snapshot.train + snapshot.val, train_pairs=snapshot.train,
        val_pairs=snapshot.val, run_id=None, uc_model_name=None, uc_model_version=None, metrics={},
        notes=snapshot.notes, version=1, created_by=caller.user, created_at=now(), started_at=None,
        finished_at=None,
    )  # fmt: skip
    if not _insert(caller, job):
        raise _under_way(caller, gap)
    snapshot.store(caller, job.id)
    _note_change(caller, job.id, None, "pending", f"{job.total_pairs} pairs")
    sheet = Node("training_sheet", job.training_sheet_id, job.training_sheet_name)
    link(caller, sheet, node(job), "create_training_job")
    enqueue(caller, "train", ("training_job", job.id), f"Train {job.model_name}")
    return job


@operation("GET /training/jobs", needs=read("training"))
def list_training_jobs(
    caller: Caller, training_sheet_id: Id | None = None, model_name: str | None = None,
    status: Status | None = None, limit: Limit = 100, cursor: str | None = None,
) -> Page[TrainingJob]:  # fmt: skip
    """Training jobs, newest first."""
    rows = caller.warehouse.rows(
        "SELECT * FROM training_jobs WHERE (:sheet IS NULL OR training_sheet_id = :sheet)"
        " AND (:model IS NULL OR model_name = :model OR uc_model_name = :model)"
        " AND (:status IS NULL OR status = :status) AND (:after IS NULL OR id < :after)"
        " ORDER BY id DESC LIMIT :limit",
        sheet=training_sheet_id, model=model_name, status=status, after=decode(cursor),
        limit=limit + 1,
    )  # fmt: skip
    return page([TrainingJob(**row) for row in rows], limit, lambda job: job.id)


@operation("GET /training/jobs/{job_id}", needs=read("training"))
def get_training_job(caller: Caller, job_id: Id) -> TrainingJob:
    """One training job."""
    rows = caller.warehouse.rows("SELECT * FROM training_jobs WHERE id = :id", id=job_id)
    if not rows:
        raise NotFound(
            f"job_id: there is no training job {job_id}. List training jobs for those there are.",
            field="job_id",
        )
    return TrainingJob(**rows[0])


@operation("POST /training/jobs/{job_id}/cancel", needs=write("training"))
def cancel_training_job(
    caller: Caller, job_id: Id, cancellation: Cancellation | None = None
) -> TrainingJob:
    """Stop a training job, unless its model is registered already. Its inputs stay on record."""
    job = get_training_job(caller, job_id)
    TRAINING_STATES.check(job.status, "cancelled")
    if job.compute_handle:
        _stop(caller, job.compute_handle)
    reason = cancellation.reason if cancellation else None
    if not advance(caller, job.id, "cancelled", message=reason or f"Cancelled by {caller.user}"):
        raise NotNow("The training job ended meanwhile. Load it again.")
    request_cancel(caller, ("training_job", job.id))
    return get_training_job(caller, job_id)


def _stop(caller: Caller, handle: str) -> None:
    """End the process; refuses where its model stands already, for then the job succeeds."""
    compute = caller.workspace.compute
    compute.cancel(handle)
    end = compute.poll(handle)
    if end.status == "succeeded":
        made = end.result or {}
        raise NotNow(
            f"It is too late to cancel: the training had registered {made.get('model_name')} "
            f"version {made.get('model_version')}, and succeeds in a moment. Load it again."
        )


@operation("GET /training/jobs/{job_id}/metrics", needs=read("training"))
def get_training_metrics(caller: Caller, job_id: Id) -> dict[str, float]:
    """The final figures by name; empty until the job has succeeded."""
    metrics = get_training_job(caller, job_id).metrics
    return {name: value for name, value in metrics.items() if isinstance(value, int | float)}


@operation("GET /training/jobs/{job_id}/events", needs=read("training"))
def list_training_events(caller: Caller, job_id: Id) -> TrainingEvents:
    """What happened in a job."""
    _, rows = together(
        partial(get_training_job, caller, job_id),
        partial(caller.warehouse.rows, "SELECT * FROM training_job_events WHERE job_id = :id"
                " ORDER BY at, id LIMIT 5000", id=job_id),
    )  # fmt: skip
    return TrainingEvents(events=[TrainingEvent(**row) for row in rows])


_LEARNT_FROM = """
SELECT t.*, s.source_table FROM training_sheets AS t LEFT JOIN sheets AS s ON s.id = t.sheet_id
WHERE t.id = (SELECT j.training_sheet_id FROM training_jobs AS j WHERE j.id = :id)
"""
_LEARNT_PAIRS = """
SELECT pair_id FROM training_job_pairs WHERE job_id = :id AND :wanted ORDER BY pair_id
"""


@operation("GET /training/jobs/{job_id}/lineage", needs=read("training"))
def get_training_lineage(caller: Caller, job_id: Id, pairs: bool = True) -> TrainingLineage:
    """What a job came out of, down to the very pairs unless those are not asked for."""
    job, sheets, ids = together(
        partial(get_training_job, caller, job_id),
        partial(caller.warehouse.rows, _LEARNT_FROM, id=job_id),
        partial(caller.warehouse.arrow, _LEARNT_PAIRS, id=job_id, wanted=pairs),
    )
    return TrainingLineage(
        **{**sheets[0], **job.model_dump()}, qa_pair_ids=ids.column("pair_id").to_pylist()
    )


def advance(
    caller: Caller, job_id: str, to: str, *, message: str | None = None, **changes: Value
) -> bool:
    """Move a job to a state and note it; False where its state does not allow that (any more).

    `changes` name columns of `training_jobs`. The event's message is `message`.
    """
    for _ in TRAINING_STATES.allowed:  # it may have moved on since it was read, never back
        rows = caller.warehouse.rows("SELECT status FROM training_jobs WHERE id = :id", id=job_id)
        old = rows[0]["status"] if rows else None
        if old not in TRAINING_STATES.before(to):
            return False
        if _moved(caller, job_id, old, {"status": to, "message": message, **changes}):
            _note_change(caller, job_id, old, to, message)
            return True
    return False


def _moved(caller: Caller, job_id: str, old: str, changes: dict[str, Value]) -> bool:
    """Whether the job was in the state `old` and has these changes now."""
    to, at = str(changes["status"]), now()
    if to == "running":
        changes["started_at"] = at
    if TRAINING_STATES.final(to):
        changes["finished_at"] = at
    assigned = ", ".join(f"{name} = :{name}" for name in changes)
    moved = caller.warehouse.execute(
        f"UPDATE training_jobs SET {assigned}, version = version + 1"  # noqa: S608 - our own names
        " WHERE id = :id AND status = :old",
        id=job_id, old=old, **changes,
    )  # fmt: skip
    return bool(moved)


def note_events(
    caller: Caller, job_id: str, events: Sequence[Mapping[str, Any]], kind: str = "progress"
) -> None:
    """Keep what the training process reported: `at`, `progress` (percent) and `message`."""
    rows = [_event_row(caller, job_id, event) | {"event_type": kind} for event in events]
    if rows:
        caller.warehouse.append("training_job_events", pa.Table.from_pylist(rows, schema=_EVENT))


_EVENT = pa.schema([
    ("id", pa.string()), ("job_id", pa.string()), ("at", pa.timestamp("us", "UTC")),
    ("event_type", pa.string()), ("progress_percent", pa.float64()), ("message", pa.string()),
    ("user", pa.string()),
])  # fmt: skip


def _event_row(caller: Caller, job_id: str, event: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": new_id(), "job_id": job_id, "at": _time(event.get("at")),
        "progress_percent": event.get("progress"), "message": event.get("message"),
        "user": caller.user,
    }  # fmt: skip


def _time(value: Any) -> datetime:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return now()


def _note_change(
    caller: Caller, job_id: str, old: str | None, new: str, message: str | None
) -> None:
    caller.warehouse.execute(
        "INSERT INTO training_job_events (id, job_id, at, event_type, old_status, new_status,"
        " message, user) VALUES (:id, :job, :at, 'status_change', :old, :new, :message, :user)",
        id=new_id(), job=job_id, at=now(), old=old, new=new, message=message, user=caller.user,
    )  # fmt: skip


def node(job: TrainingJob) -> Node:
    return Node("training_job", job.id, f"{job.model_name} from {job.training_sheet_name}")


def model_node(name: str, version: str) -> Node:
    """A registered version; each has a history of its own."""
    return Node("model", f"{name}/{version}", f"{name} v{version}")


_FOR_GAP = f"""
SELECT j.id FROM training_jobs AS j
WHERE j.source_gap_id = :source_gap_id AND j.status IN {TRAINING_STATES.open}
"""  # noqa: S608 - states


def _insert(caller: Caller, job: TrainingJob) -> int:
    """0 where a training for the same gap is under way: whoever asks twice gets one model."""
    row = job.model_dump() | {
        "training_config": json.dumps(job.training_config), "metrics": None,
        "notes": json.dumps(job.notes),
    }  # fmt: skip
    names = ", ".join(row)
    values = ", ".join(f":{name}" for name in row)
    return caller.warehouse.execute(
        f"INSERT INTO training_jobs ({names}) SELECT {values} WHERE NOT EXISTS ({_FOR_GAP})",
        **row,
    )


def _under_way(caller: Caller, gap: str | None) -> NotNow:
    found = caller.warehouse.rows(_FOR_GAP, source_gap_id=gap)
    named = f"training job {found[0]['id']}" if found else "another training job"
    return NotNow(
        f"source_gap_id: {named} is under way for this gap. Wait until it has ended, or cancel it, "
        "then train again.",
        field="source_gap_id",
    )

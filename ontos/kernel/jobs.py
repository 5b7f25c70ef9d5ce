"""Long work as rows: progress, heartbeat, cancel, and an honest end after a restart.

    @job("assemble", title="Assemble", resumable=True)
    def assemble(run: Run) -> str: ...          # the closing message

A job belongs to an entity (`training_sheet`, `endpoint`, …). `ended` of its kind sets that entity's
own state right when the work fails, is cancelled or was lost.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound
from ontos.kernel.fields import Record, new_id, now
from ontos.kernel.lifecycle import Lifecycle
from ontos.warehouse import cancel

JOB_STATES = Lifecycle(
    "job",
    {
        "queued": ("running", "cancelled", "failed"),
        "running": ("succeeded", "failed", "cancelled", "queued"),
        "succeeded": (),
        "failed": (),
        "cancelled": (),
    },
)

WRITE_EVERY = 1.0
"""Seconds between two progress writes of a job: each is a statement."""


class Job(Record):
    """`progress` in percent; `error` says why it failed."""

    id: str
    kind: str
    entity_type: str
    entity_id: str
    title: str
    status: str
    progress: float
    message: str | None
    error: str | None
    attempts: int
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class Cancelled(Exception):
    """Somebody asked the job to stop, and it did."""


class Run:
    """What a job's function gets: its caller, its arguments, and a place to report to."""

    def __init__(self, caller: Caller, job: Job, arguments: dict[str, Any]) -> None:
        self.caller, self.job, self.arguments = caller, job, arguments
        self._reported = 0.0

    @property
    def entity_id(self) -> str:
        return self.job.entity_id

    def report(self, percent: float, message: str) -> None:
        """Show progress; written at most once a second. Raises Cancelled when that was asked."""
        if time.monotonic() - self._reported < WRITE_EVERY:
            return
        self._reported = time.monotonic()
        self.caller.warehouse.execute(
            "UPDATE jobs SET progress = :percent, message = :message, heartbeat_at = :at"
            " WHERE id = :id",
            percent=round(min(percent, 99.0), 1), message=message, at=now(), id=self.job.id,
        )  # fmt: skip
        self.check()

    def check(self) -> None:
        """Raise Cancelled when somebody asked for it."""
        if self.cancel_requested():
            raise Cancelled(f"{self.job.title} was cancelled")

    def cancel_requested(self) -> bool:
        asked = self.caller.warehouse.rows(
            "SELECT cancel_requested FROM jobs WHERE id = :id", id=self.job.id
        )
        return bool(asked and asked[0]["cancel_requested"])


Work = Callable[[Run], str]
Ended = Callable[[Caller, Job, str, str], None]
"""Called with (caller, job, outcome, reason) when a job did not succeed."""


@dataclass(frozen=True)
class Kind:
    name: str
    title: str
    work: Work
    resumable: bool
    ended: Ended | None


KINDS: dict[str, Kind] = {}


def job(
    name: str, *, title: str, resumable: bool, ended: Ended | None = None
) -> Callable[[Work], Work]:
    """Declare a kind of job; a resumable one is run again after the process was lost."""

    def declare(work: Work) -> Work:
        KINDS[name] = Kind(name, title, work, resumable, ended)
        return work

    return declare


def enqueue(
    caller: Caller, kind: str, entity: tuple[str, str], title: str, **arguments: Any
) -> str:
    """Queue a job in the caller's transaction; the pool starts it once that is committed."""
    values = _values(caller, kind, entity, title, arguments)
    caller.warehouse.execute(f"{_INTO} VALUES ({_QUEUED})", **values)
    return str(values["job_id"])


def beside(
    caller: Caller, kind: str, entity: tuple[str, str], title: str, given: str, **arguments: Any
) -> tuple[str, dict[str, Any]]:
    """The statement that queues a job, once, for a script; with the values that it binds.

    Only if the query `given`, over `:job_entity_id`, finds anything.
    """
    once = "NOT EXISTS (SELECT 1 FROM jobs AS j WHERE j.id = :job_id)"
    queue = f"{_INTO} SELECT {_QUEUED} WHERE {once} AND EXISTS ({given})"
    return queue, _values(caller, kind, entity, title, arguments)


_INTO = """
INSERT INTO jobs (id, kind, entity_type, entity_id, title, arguments, created_by, created_at,
  status, progress, attempts, cancel_requested)
"""
_QUEUED = """
  :job_id, :job_kind, :job_entity_type, :job_entity_id, :job_title, :job_arguments, :job_user,
  :job_at, 'queued', 0.0, 0, false
"""


def _values(
    caller: Caller, kind: str, entity: tuple[str, str], title: str, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "job_id": new_id(), "job_kind": KINDS[kind].name, "job_entity_type": entity[0],
        "job_entity_id": entity[1], "job_title": title, "job_arguments": json.dumps(arguments),
        "job_user": caller.user, "job_at": now(),
    }  # fmt: skip


def request_cancel(caller: Caller, entity: tuple[str, str]) -> int:
    """Ask the entity's unfinished jobs to stop; how many there were.

    The statements that they run here are stopped first: where there is one writer, a job that
    writes would hold up the very request. Jobs of other processes stop where they next check.
    """
    which = "WHERE entity_type = :type AND entity_id = :id AND status IN ('queued', 'running')"
    about = {"type": entity[0], "id": entity[1]}
    unfinished = caller.warehouse.rows(f"SELECT id FROM jobs {which}", **about)  # noqa: S608
    for row in unfinished:
        cancel(row["id"])
    caller.warehouse.execute(f"UPDATE jobs SET cancel_requested = true {which}", **about)  # noqa: S608
    return len(unfinished)


def latest(caller: Caller, entity: tuple[str, str]) -> Job | None:
    """The entity's newest job, for a progress bar."""
    rows = caller.warehouse.rows(
        "SELECT * FROM jobs WHERE entity_type = :type AND entity_id = :id"
        " ORDER BY created_at DESC LIMIT 1",
        type=entity[0],
        id=entity[1],
    )
    return Job(**rows[0]) if rows else None


def get(caller: Caller, job_id: str) -> Job:
    rows = caller.warehouse.rows("SELECT * FROM jobs WHERE id = :id", id=job_id)
    if not rows:
        raise NotFound(f"There is no job {job_id}.", field="job_id")
    return Job(**rows[0])

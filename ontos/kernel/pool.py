"""Runs queued jobs in a bounded pool of threads, and settles what a former process left behind."""

import json
import os
import threading
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain, repeat
from typing import TypeVar

from ontos.kernel import logs
from ontos.kernel.caller import Caller
from ontos.kernel.correlation import correlated
from ontos.kernel.errors import Denied, OntosError, Unavailable
from ontos.kernel.fields import now
from ontos.kernel.jobs import KINDS, Cancelled, Job, Run
from ontos.kernel.metrics import JOBS
from ontos.kernel.tenancy import Tenant
from ontos.kernel.woken import Due, Woken
from ontos.warehouse import Row, Warehouse, cancel, tagged, together, was_cancelled

ATTEMPTS = 3
"""How often a resumable job is begun before it is given up."""

MOST = 100
"""Queued jobs that are read at a time."""

PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between two tries to write a job's end."""

LOST = "The workbench stopped while this ran. Start it again."

FAILED = "jobs could not be looked up; trying again at the next change"

T = TypeVar("T")

Callers = Callable[[str, Tenant], Caller]
"""A caller for (user, tenant), with door `job`; without roles where the user has none there."""


class Pool:
    """Claims queued jobs of every tenant when woken; a claim is compare-and-set on the status."""

    def __init__(
        self,
        tenants: Callable[[], Iterable[Tenant]],
        callers: Callers,
        store: Callable[[Tenant], Warehouse],
        workers: int,
    ) -> None:
        self._tenants, self._callers, self._store = tenants, callers, store
        self._due = Due(tenants)
        self._workers = ThreadPoolExecutor(workers, thread_name_prefix="job")
        self._free = threading.Semaphore(workers)
        self._owner = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._thread = Woken("jobs", self._look)
        self._stopped = threading.Event()

    def start(self) -> None:
        """Settle lost jobs first, then run what is queued."""
        together(*(partial(self._recover, tenant) for tenant in self._tenants()))
        self._thread.start()

    def wake(self, _operation: str, tenant: Tenant | None = None) -> None:
        self._due.add(tenant)
        self._thread.wake()

    def stop(self) -> None:
        """Take no more; running jobs are left to the next start (their rows say so)."""
        self._stopped.set()
        self._thread.stop()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _look(self) -> None:
        self._due.look(self._start_queued, FAILED)

    def _start_queued(self, tenant: Tenant) -> bool:
        """Whether all that is queued there has been started; what is to stop is stopped."""
        found = self._store(tenant).rows(
            "SELECT * FROM jobs WHERE status = 'queued' OR (status = 'running' AND"
            " cancel_requested) ORDER BY created_at LIMIT :most",
            most=MOST,
        )
        for row in found:
            if row["status"] == "running":
                cancel(row["id"])
            elif not self._free.acquire(blocking=False):
                return False  # a finishing job wakes us again
            else:
                self._begin(tenant, row)
        return len(found) < MOST

    def _begin(self, tenant: Tenant, row: Row) -> None:
        """Run the job on the worker that was taken for it; without a claim that is free again."""
        claimed = False
        try:
            if claimed := self._claim(tenant, row["id"]):
                self._workers.submit(self._run, tenant, Job(**row), json.loads(row["arguments"]))
        finally:
            if not claimed:
                self._free.release()

    def _claim(self, tenant: Tenant, job_id: str) -> bool:
        """Whether the job is ours. A script, for one whose answer was lost finds its own work."""
        return bool(self._store(tenant).script(
            "UPDATE jobs SET status = 'running', owner = :owner, attempts = attempts + 1,"
            " started_at = :at, heartbeat_at = :at WHERE id = :id AND status = 'queued'",
            "SELECT 1 AS ours FROM jobs WHERE id = :id AND status = 'running' AND owner = :owner",
            owner=self._owner, at=now(), id=job_id,
        ))  # fmt: skip

    def _run(self, tenant: Tenant, job: Job, arguments: dict[str, object]) -> None:
        try:
            with correlated():
                self._work(tenant, job, arguments)
        except OntosError:
            logs.failure("a job's end could not be written", job=job.id, kind=job.kind)
        finally:
            self._free.release()
            self._thread.wake()

    def _work(self, tenant: Tenant, job: Job, arguments: dict[str, object]) -> None:
        caller = self._insisted(lambda: self._callers(job.created_by, tenant), job)
        outcome, message = _worked(Run(caller, job, arguments))
        if self._stopped.is_set() and outcome != "succeeded":
            return  # cut off by the end of this process: the next one settles it
        self._insisted(lambda: self._end(caller, job, outcome, message), job)

    def _insisted(self, call: Callable[[], T], job: Job) -> T:
        """Asked again while the warehouse gives no answer, such as to a token that was revoked: a
        job whose end is not written looks as if it went on."""
        for pause in chain(PAUSES, repeat(PAUSES[-1])):
            try:
                return call()
            except Unavailable:
                if self._stopped.is_set():
                    raise
                logs.failure("a job waits for the warehouse", job=job.id, kind=job.kind)
                self._stopped.wait(pause)
        raise AssertionError("the pauses do not end")

    def _end(self, caller: Caller, job: Job, outcome: str, message: str) -> None:
        """The job's end and its entity's end are one change."""
        ended = KINDS[job.kind].ended
        with caller.warehouse.transaction() as warehouse:
            if outcome != "succeeded" and ended:
                ended(caller.inside(warehouse), job, outcome, message)
            warehouse.execute(
                "UPDATE jobs SET status = :outcome, finished_at = :at, heartbeat_at = :at,"
                " message = :message, error = CASE WHEN :outcome = 'failed' THEN :message END,"
                " progress = CASE WHEN :outcome = 'succeeded' THEN 100.0 ELSE progress END"
                " WHERE id = :id",
                outcome=outcome, at=now(), message=message[:4000], id=job.id,
            )  # fmt: skip
        JOBS.labels(job.kind, outcome).inc()
        caller.pulse.beat(f"job:{job.kind}")

    def _recover(self, tenant: Tenant) -> None:
        """Queue resumable jobs of a former process again; fail the others with the reason."""
        for row in self._store(tenant).rows("SELECT * FROM jobs WHERE status = 'running'"):
            job = Job(**row)
            if KINDS[job.kind].resumable and job.attempts < ATTEMPTS:
                self._store(tenant).execute(
                    "UPDATE jobs SET status = 'queued', owner = NULL WHERE id = :id", id=job.id
                )
            else:
                caller = self._callers(job.created_by, tenant)
                self._end(caller, job, "failed", LOST)


def _worked(run: Run) -> tuple[str, str]:
    """How a job's own work ended, and what is to be said of it."""
    try:
        with tagged(run.job.id):
            _permit(run.caller)
            run.check()
            return "succeeded", KINDS[run.job.kind].work(run)
    except Cancelled as why:
        return "cancelled", str(why)
    except OntosError as error:
        if was_cancelled(error):
            return "cancelled", f"{run.job.title} was cancelled"
        return "failed", error.detail
    except Exception as error:  # recorded on the job, where its user looks
        logs.failure("a job failed", job=run.job.id, kind=run.job.kind)
        return "failed", f"{type(error).__name__}: {error}"


def _permit(caller: Caller) -> None:
    """A job goes on with the rights that its user has now."""
    if not caller.roles:
        raise Denied(
            f"{caller.user} has no role here any more, or the project was archived, so the job was "
            "not begun. Roles by a group are known once a page was opened since the app started. "
            "Else ask an administrator for one of the two; then start it again."
        )

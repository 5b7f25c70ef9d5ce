"""The operations on the store itself, where no app runs: the command line's own workbench."""

import json
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import TypeAdapter

from ontos.bootstrap import Workbench, open_workbench
from ontos.kernel import logs
from ontos.kernel.errors import Unavailable
from ontos.kernel.fields import now
from ontos.kernel.jobs import JOB_STATES, Job
from ontos.kernel.operation import Operation, perform
from ontos.kernel.settings import settings
from ontos.kernel.transfer import Download

POLL_SECONDS = 0.3


def opened() -> Workbench:
    """The workbench over the configured store. Its log goes to stderr, and says little."""
    chosen = settings()
    if "ONTOS_LOG_LEVEL" not in os.environ:
        chosen = chosen.model_copy(update={"log_level": "WARNING"})
    logs.configure(chosen.log_level, "stderr")
    return open_workbench(chosen)


class InProcess:
    """`say` gets a line at each step of the jobs that an operation began."""

    def __init__(
        self, bench: Workbench, org: str | None, say: Callable[[str], None],
        project: str | None = None,
    ) -> None:  # fmt: skip
        self._bench, self._say = bench, say
        self._caller = bench.local_caller(org, "cli", project)
        self._began = now()

    def perform(self, op: Operation, arguments: Mapping[str, Any]) -> Any:
        """JSON values, or a Download."""
        result = perform(op, self._caller, (), arguments)
        if isinstance(result, Download):
            return result
        return json.loads(TypeAdapter(op.returns).dump_json(result))

    def settle(self) -> None:
        """Run to its end what was queued since; raises Unavailable where a job did not succeed."""
        if not self._jobs():
            return
        self._bench.start()
        said: dict[str, str] = {}
        while self._report(said):
            time.sleep(POLL_SECONDS)
        lost = [job for job in self._jobs() if job.status != "succeeded"]
        if lost:
            why = lost[0].error or "no reason was given"
            raise Unavailable(f"{lost[0].title}: {lost[0].status}. {why}")

    def _report(self, said: dict[str, str]) -> bool:
        """Say what is new; whether anything is still unfinished."""
        jobs = self._jobs()
        for job in jobs:
            line = f"{job.title}: {job.status} {job.progress:.0f} % {job.message or ''}".rstrip()
            if said.get(job.id) != line:
                said[job.id] = line
                self._say(line)
        return any(not JOB_STATES.final(job.status) for job in jobs)

    def _jobs(self) -> list[Job]:
        rows = self._caller.warehouse.rows(
            "SELECT * FROM jobs WHERE created_at >= :began ORDER BY created_at", began=self._began
        )
        return [Job(**row) for row in rows]

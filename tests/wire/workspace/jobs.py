"""Jobs: what is submitted is really run, as a process over the files that were uploaded."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from databricks.sdk.service import jobs as jb

from tests.wire.workspace.files import Files
from tests.wire.workspace.http import Person, Refusal, Request, Routes, invalid
from tests.wire.workspace.people import People
from tests.wire.workspace.tracking import Tracking

_AT = "/api/2.2/jobs"
_STATE, _CODE, _TYPE = jb.RunLifecycleStateV2State, jb.TerminationCodeCode, jb.TerminationTypeType


@dataclass
class Asked:
    """The body of runs/submit, in the SDK's classes as far as it has one."""

    tasks: list[jb.SubmitTask]
    environments: list[jb.JobEnvironment]
    run_name: str | None
    idempotency_token: str | None

    @classmethod
    def read(cls, body: dict[str, Any]) -> "Asked":
        return cls(
            [jb.SubmitTask.from_dict(each) for each in body.get("tasks", [])],
            [jb.JobEnvironment.from_dict(each) for each in body.get("environments", [])],
            body.get("run_name"), body.get("idempotency_token"),
        )  # fmt: skip


@dataclass
class JobRun:
    """One submitted run with its one task, whose run has the next number."""

    run_id: int
    asked: Asked
    person: Person
    state: jb.RunLifecycleStateV2State = _STATE.PENDING
    end: jb.TerminationDetails | None = None
    process: "subprocess.Popen[bytes] | None" = None
    mlflow: tuple[str, str] | None = None
    output: str = ""
    cancelled: bool = False

    @property
    def task(self) -> jb.SubmitTask:
        return self.asked.tasks[0]


@dataclass
class Jobs:
    """`seconds` is how long a run waits for compute; while `gate` is cleared none of them begins.

    A run gets a token of whoever submitted it. `tokens` are those given to processes.
    """

    files: Files
    people: People
    tracking: Tracking
    url: str = ""
    seconds: float = 0.1
    gate: threading.Event = field(default_factory=threading.Event)
    runs: dict[int, JobRun] = field(default_factory=dict)
    jobs: dict[int, jb.Job] = field(default_factory=dict)
    tokens: dict[int, str] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1001, 2))
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.gate.set()

    def routes(self) -> Routes:
        return [
            ("POST", f"{_AT}/runs/submit", self._submit),
            ("GET", f"{_AT}/runs/get", lambda r: self._told(self._run(r.query["run_id"]))),
            ("GET", f"{_AT}/runs/get-output", self._output),
            ("POST", f"{_AT}/runs/cancel", self._cancel),
            ("GET", f"{_AT}/runs/list", self._list_runs),
            ("POST", f"{_AT}/create", self._create),
            ("GET", f"{_AT}/get", self._get),
            ("GET", f"{_AT}/list", self._list),
            ("POST", f"{_AT}/delete", self._delete),
        ]

    def evict(self, run_id: int, said: str = "The node was evicted: capacity was taken") -> None:
        """The platform takes the machine away in the midst of a run."""
        run = self.runs[run_id]
        run.end = jb.TerminationDetails(_CODE.INTERNAL_ERROR, said, _TYPE.INTERNAL_ERROR)
        _signal(run, signal.SIGKILL)

    def close(self) -> None:
        self.gate.set()
        for run in self.runs.values():
            run.cancelled = True
            _signal(run, signal.SIGKILL)

    def _run(self, run_id: str | int) -> JobRun:
        """By the number of the run, or of its task."""
        found = self.runs.get(int(run_id)) or self.runs.get(int(run_id) - 1)
        if found is None:
            raise invalid(f"Run {run_id} does not exist.")
        return found

    def _submit(self, request: Request) -> jb.SubmitRunResponse:
        """A token of idempotency that was seen before names the run that it made."""
        asked = Asked.read(request.json)
        _check(asked)
        with self._lock:
            for run in self.runs.values():
                if asked.idempotency_token and asked.idempotency_token == (
                    run.asked.idempotency_token
                ):
                    return jb.SubmitRunResponse(run.run_id)
            run = JobRun(next(self._numbers), asked, request.person)
            self.runs[run.run_id] = run
        threading.Thread(target=self._go, args=(run,), daemon=True).start()
        return jb.SubmitRunResponse(run.run_id)

    def _go(self, run: JobRun) -> None:
        time.sleep(self.seconds)
        self.gate.wait(60)
        if run.cancelled:
            return self._ended(run, None)
        try:
            run.process = self._start(run)
        except Refusal as error:
            run.end = jb.TerminationDetails(
                _CODE.RESOURCE_NOT_FOUND, error.message, _TYPE.CLIENT_ERROR
            )
            return self._ended(run, None)
        run.state = _STATE.RUNNING
        run.output = (run.process.communicate()[0] or b"").decode("utf-8", "replace")
        return self._ended(run, run.process.returncode)

    def _start(self, run: JobRun) -> "subprocess.Popen[bytes]":
        task = run.task.ai_runtime_task
        assert task is not None
        folder = str(task.mlflow_experiment_directory).removeprefix("/Workspace")
        experiment = self.tracking.experiment(f"{folder}/{task.experiment}")
        begun = self.tracking.begin_run(str(experiment.experiment_id), None, run.person.name)
        assert begun.info is not None
        run.mlflow = (str(experiment.experiment_id), str(begun.info.run_id))
        work = self.files.root / "work" / str(run.run_id)
        work.mkdir(parents=True)
        return subprocess.Popen(
            ["bash", str(self._script(task, work))], cwd=work, env=self._env(run, work),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip

    def _script(self, task: jb.AiRuntimeTask, work: Path) -> Path:
        """The uploaded script, with its volumes where they lie here: nobody may mount /Volumes."""
        path = str(task.deployments[0].command_path)
        found = self.files.local(path)
        if not found.is_file():
            raise Refusal(404, "RESOURCE_DOES_NOT_EXIST", f"{path} does not exist.")
        script = work / "command.sh"
        script.write_text(found.read_text().replace("/Volumes/", f"{self.files.root}/Volumes/"))
        return script

    def _env(self, run: JobRun, work: Path) -> dict[str, str]:
        token = self.tokens[run.run_id] = self.people.issue(run.person)
        assert run.mlflow is not None
        return {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(work),
            "TMPDIR": str(work), "DATABRICKS_HOST": self.url, "DATABRICKS_TOKEN": token,
            "MLFLOW_EXPERIMENT_ID": run.mlflow[0], "MLFLOW_RUN_ID": run.mlflow[1],
            "OMP_NUM_THREADS": "1", "LOKY_MAX_CPU_COUNT": "1", "LANG": "C.UTF-8",
        }  # fmt: skip

    def _ended(self, run: JobRun, exit_code: int | None) -> None:
        if run.cancelled:
            run.end = jb.TerminationDetails(_CODE.USER_CANCELED, "Cancelled", _TYPE.SUCCESS)
        elif run.end is None and exit_code == 0:
            run.end = jb.TerminationDetails(_CODE.SUCCESS, "", _TYPE.SUCCESS)
        elif run.end is None:
            said = f"Workload failed with exit code {exit_code}, see run output for details"
            run.end = jb.TerminationDetails(_CODE.RUN_EXECUTION_ERROR, said, _TYPE.CLIENT_ERROR)
        run.state = _STATE.TERMINATED

    def _told(self, run: JobRun) -> jb.Run:
        status = jb.RunStatus(state=run.state)
        if run.state is _STATE.TERMINATED:
            status.termination_details = run.end
        task = jb.RunTask(
            task_key=run.task.task_key, run_id=run.run_id + 1, status=status,
            ai_runtime_task=run.task.ai_runtime_task, environment_key=run.task.environment_key,
        )  # fmt: skip
        return jb.Run(
            run_id=run.run_id, run_name=run.asked.run_name, status=status, tasks=[task],
            creator_user_name=run.person.name, run_type=jb.RunType.SUBMIT_RUN,
        )  # fmt: skip

    def _output(self, request: Request) -> jb.RunOutput:
        """Only of a task's run; asked of the whole run the workspace refuses."""
        if int(request.query["run_id"]) in self.runs:
            raise invalid("Retrieving the output of runs with multiple tasks is not supported.")
        run = self._run(request.query["run_id"])
        waits = run.state is _STATE.PENDING
        output = jb.AiRuntimeTaskOutput(
            *(run.mlflow or (None, None)), "Waiting for GPU compute" if waits else None
        )
        failed = run.end is not None and run.end.code is not _CODE.SUCCESS
        return jb.RunOutput(
            ai_runtime_task_output=output, logs=run.output or None,
            error=run.end.message if failed and run.end else None,
        )  # fmt: skip

    def _cancel(self, request: Request) -> None:
        """Asked of a run that has ended it does nothing."""
        run = self._run(request.json["run_id"])
        if run.state is _STATE.TERMINATED:
            return
        run.cancelled = True
        _signal(run, signal.SIGTERM)
        threading.Timer(5.0, _signal, (run, signal.SIGKILL)).start()

    def _list_runs(self, request: Request) -> dict[str, Any]:
        return {"runs": [self._told(run).as_dict() for run in self.runs.values()]}

    def _create(self, request: Request) -> jb.CreateResponse:
        settings, number = jb.JobSettings.from_dict(request.json), 500 + len(self.jobs)
        if settings.schedule and len(settings.schedule.quartz_cron_expression.split()) < 6:
            raise invalid("The schedule is no Quartz expression.")
        self.jobs[number] = jb.Job(
            job_id=number, settings=settings, creator_user_name=request.person.name
        )
        return jb.CreateResponse(number)

    def _get(self, request: Request) -> jb.Job:
        number = int(request.query["job_id"])
        if number not in self.jobs:
            raise invalid(f"Job {number} does not exist.")
        return self.jobs[number]

    def _list(self, request: Request) -> jb.ListJobsResponse:
        return jb.ListJobsResponse(jobs=[
            jb.BaseJob(job_id=job.job_id, settings=job.settings) for job in self.jobs.values()
        ])  # fmt: skip

    def _delete(self, request: Request) -> None:
        self.jobs.pop(int(request.json["job_id"]), None)


def _check(asked: Asked) -> None:
    """What the workspace refuses of an AI Runtime task before it begins."""
    known = {each.environment_key: each.spec for each in asked.environments}
    for task in asked.tasks:
        if task.ai_runtime_task is None:
            raise invalid(f"Task {task.task_key} has no ai_runtime_task.")
        spec = known.get(str(task.environment_key))
        if spec is None or not (spec.environment_version or spec.base_environment):
            raise invalid(f"Task {task.task_key} names no environment with a version.")
        if len(task.ai_runtime_task.deployments) != 1:
            raise invalid("Exactly one deployment is supported.")
        folder = task.ai_runtime_task.mlflow_experiment_directory or "/Workspace"
        if not folder.startswith("/Workspace"):
            raise invalid("mlflow_experiment_directory must start with /Workspace.")
    if len(asked.idempotency_token or "") > 64:
        raise invalid("idempotency_token has more than 64 characters.")


def _signal(run: JobRun, number: int) -> None:
    if run.process and run.process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(run.process.pid, number)

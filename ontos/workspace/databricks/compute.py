"""Training runs as jobs on AI Runtime."""

import io
import json
import shutil
import zipfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from ontos.kernel.errors import Invalid, NotFound, Unavailable
from ontos.workspace.databricks.client import Connection, told
from ontos.workspace.databricks.files import DatabricksFiles
from ontos.workspace.names import run_name
from ontos.workspace.protocols import Run, RunStatus
from ontos.workspace.runs import finished, parsed, running

if TYPE_CHECKING:
    from databricks.sdk.service import jobs

_PACKAGE = Path(__file__).resolve().parents[2]
_NEEDS = ("mlflow", "scikit-learn", "pandas", "pyarrow", "numpy", "pydantic", "Jinja2")
_QUEUED = frozenset({"QUEUED", "PENDING", "BLOCKED", "WAITING"})
_CANCELLED = frozenset({"CANCELED", "USER_CANCELED"})

ENVIRONMENT = "4"
"""Version of the serverless environment; AI Runtime documents 4 and later."""

EXPERIMENTS = "/Shared/ontos"
"""The folder of MLflow experiments: the app's principal has no home of its own."""

# Volumes take whole files only, so the run works on local disk and its events are copied over.
# Python runs beside the shell, so that a request to end reaches it and its last words get out.
COMMAND = """\
#!/bin/bash
set -u
run={run}
work=$(mktemp -d)
cp -r "$run"/. "$work"
{exports}
python -m zipfile -e "$work/code.zip" "$work/package"
export PYTHONPATH="$work/package"
publish() {{
  for name in events.jsonl "$@"; do
    if [ -f "$work/$name" ]; then cp "$work/$name" "$run/$name"; fi
  done
}}
while sleep 5; do publish; done > /dev/null 2>&1 &
mirror=$!
python -P -m ontos.train.run "$work" > "$work/log.txt" 2>&1 &
training=$!
trap 'kill -TERM "$training" 2> /dev/null' TERM INT
wait "$training"
status=$?
while kill -0 "$training" 2> /dev/null; do
  wait "$training"
  status=$?
done
kill "$mirror" 2> /dev/null
tail -n 50 "$work/log.txt"
publish log.txt result.json
exit "$status"
"""


class DatabricksCompute:
    """A run is a folder of the org's volume and one submitted job; its handle names both."""

    def __init__(
        self,
        connection: Connection,
        files: DatabricksFiles,
        org: str,
        scratch: Path,
        accelerator: str = "GPU_1xA10",
    ) -> None:
        self._connection, self._files, self._org = connection, files, org
        self._scratch, self._accelerator = scratch, accelerator

    def folder(self, run_key: str) -> Path:
        folder = self._scratch / run_name(run_key)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def submit(self, run_key: str, env: Mapping[str, str]) -> str:
        folder, place = self._scratch / run_name(run_key), f"runs/{run_key}"
        for path in sorted(folder.iterdir()):
            with path.open("rb") as content:
                self._files.put(f"{place}/{path.name}", content)
        self._files.put(f"{place}/code.zip", io.BytesIO(package(_PACKAGE)))
        script = command(f"{self._files.root}/{place}", {**env, **self._experiment()})
        self._files.put(f"{place}/command.sh", io.BytesIO(script.encode()))
        with told(f"The run {run_key} cannot be submitted"):
            self._connection.client.workspace.mkdirs(EXPERIMENTS)
            waiting = self._connection.client.jobs.submit(**self._job(run_key, place))
        shutil.rmtree(folder)
        return json.dumps({"run_id": waiting.run_id, "run_key": run_key})

    def poll(self, handle: str) -> Run:
        run_id, run_key = _opened(handle)
        found = self._connection.ask(
            f"The run {run_key} cannot be read", lambda client: client.jobs.get_run(run_id)
        )
        status, said = run_status(found.status)
        seen = parsed(self._read(run_key, "events.jsonl"))
        if status == "queued":
            return Run("queued", message=said or self._waits_for(found))
        if status == "running":
            return running(seen)
        if status == "cancelled":
            return Run("cancelled", message=said or "Cancelled.", events=seen)
        return ended(status, said, self._read(run_key, "result.json"), seen)

    def cancel(self, handle: str) -> None:
        run_id, run_key = _opened(handle)
        self._connection.ask(
            f"The run {run_key} cannot be cancelled", lambda client: client.jobs.cancel_run(run_id)
        )

    def _job(self, run_key: str, place: str) -> dict[str, Any]:
        from databricks.sdk.service import compute, jobs

        task = jobs.AiRuntimeTask(
            experiment=self._org,
            mlflow_experiment_directory=f"/Workspace{EXPERIMENTS}",
            deployments=[
                jobs.DeploymentSpec(
                    command_path=f"{self._files.root}/{place}/command.sh",
                    compute=jobs.ComputeSpec(jobs.ComputeSpecAcceleratorType(self._accelerator), 1),
                )
            ],
        )
        needs = compute.Environment(
            environment_version=ENVIRONMENT,
            dependencies=[f"{name}=={version(name)}" for name in _NEEDS],
        )
        return {
            "run_name": f"ontos {self._org} {run_key}",
            "tasks": [jobs.SubmitTask("train", environment_key="train", ai_runtime_task=task)],
            "environments": [jobs.JobEnvironment("train", spec=needs)],
            "idempotency_token": run_key[-64:],
        }

    def _experiment(self) -> dict[str, str]:
        """The script writes to the experiment that AI Runtime keeps the run in."""
        return {"MLFLOW_EXPERIMENT_NAME": f"{EXPERIMENTS}/{self._org}"}

    def _waits_for(self, found: "jobs.Run") -> str | None:
        """What AI Runtime says about a run that has not begun, such as that no machine is free."""
        task = next(iter(found.tasks or ()), None)
        if task is None or task.run_id is None:
            return None
        try:
            with told("The run's output cannot be read"):
                output = self._connection.client.jobs.get_run_output(task.run_id)
        except (Invalid, NotFound):
            return None  # the task is too young to have any
        told_by_task = output.ai_runtime_task_output
        return (
            str(told_by_task.status_message)
            if told_by_task and told_by_task.status_message
            else None
        )

    def _read(self, run_key: str, name: str) -> str:
        try:
            with self._files.open(f"runs/{run_key}/{name}") as content:
                return content.read().decode("utf-8", "replace")
        except NotFound:
            return ""


def command(run: str, env: Mapping[str, str]) -> str:
    """The script that AI Runtime starts over the run's folder in the volume."""
    exports = "\n".join(f"export {name}={quote(value)}" for name, value in env.items())
    return COMMAND.format(run=quote(run), exports=exports)


def package(folder: Path) -> bytes:
    """The package's Python files, zipped."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        for path in sorted(folder.rglob("*.py")):
            out.write(path, path.relative_to(folder.parent))
    return packed.getvalue()


def run_status(status: "jobs.RunStatus | None") -> tuple[RunStatus, str | None]:
    """Our status of a job's, and what the workspace says about it."""
    state = status.state.value if status and status.state else "PENDING"
    if state in _QUEUED:
        return "queued", None
    if state != "TERMINATED":
        return "running", None
    end = status.termination_details if status else None
    code = end.code.value if end and end.code else ""
    if code in _CANCELLED:
        return "cancelled", None
    said = end.message if end else None
    return ("succeeded", said) if code == "SUCCESS" else ("failed", said or code or None)


def ended(
    status: RunStatus, said: str | None, result: str, seen: tuple[Mapping[str, Any], ...]
) -> Run:
    """The end as the script tells it; without a result, as the workspace tells it."""
    told_by_script = parsed(result)
    if told_by_script:
        return finished(told_by_script[0], seen)
    why = said or ("it ended well" if status == "succeeded" else "no reason is given")
    return Run(
        "failed",
        message=f"The run left no result; the workspace says: {why.rstrip('.')}. Train again; if "
        "it ends so again, see the run's log in the workspace's jobs.",
        events=seen,
    )


def _opened(handle: str) -> tuple[int, str]:
    try:
        held = json.loads(handle)
        return int(held["run_id"]), run_name(held["run_key"])
    except (ValueError, KeyError, TypeError) as error:
        raise Unavailable(f"{handle[:100]!r} is no handle of a run in this workspace.") from error

"""Runs on AI Runtime: submitted, watched, cancelled, evicted; the project's own script runs."""

import json
import os

import pytest

from ontos.kernel.errors import Denied, NotFound, Unavailable
from tests.wire.workspace.faults import Fault
from tests.wire.workspace.half import ended, half, lay_out, opened, start, until

VOLUME = "/Volumes/workbench/data_default/files"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("workspace")) as workspace:
        workspace.jobs.seconds = 0.02
        yield workspace


@pytest.fixture
def app(workspace):
    workspace.jobs.gate.set()
    workspace.faults.clear()
    return half(workspace.root / "home")


@pytest.fixture
def run_id():
    return lambda handle: json.loads(handle)["run_id"]


def running(app, handle):
    return until(lambda: app.compute.poll(handle), lambda run: run.status == "running", 30)


def test_a_run_waits_for_compute_and_says_so(workspace, app, run_id):
    """Jobs API, RunStatus: PENDING before RUNNING; what AI Runtime waits for is the
    `status_message` in the output of the task's run."""
    workspace.jobs.gate.clear()
    handle = start(app, "waits")
    run = app.compute.poll(handle)
    assert (run.status, run.message) == ("queued", "Waiting for GPU compute")
    app.compute.cancel(handle)
    workspace.jobs.gate.set()
    assert ended(app, handle).status == "cancelled"


def test_what_is_submitted(workspace, app, run_id):
    """AI Runtime task: one deployment, an experiment below `/Workspace`, an environment with a
    version. Not documented: that `command_path` (a workspace path) may lie in a volume."""
    workspace.jobs.gate.clear()
    run = workspace.jobs.runs[run_id(start(app, "shown"))]
    task = run.task.ai_runtime_task
    [deployment] = task.deployments
    assert deployment.command_path == f"{VOLUME}/runs/shown/command.sh"
    assert deployment.compute.accelerator_type.value == "GPU_1xA10"
    assert task.mlflow_experiment_directory == "/Workspace/Shared/ontos"
    packages = run.asked.environments[0].spec.dependencies
    assert any(each.startswith("mlflow==") for each in packages)
    assert not (workspace.root / "home/orgs/default/runs/shown").exists()
    names = {path.name for path in workspace.files.local(f"{VOLUME}/runs/shown").iterdir()}
    assert names == {"config.json", "pairs.parquet", "code.zip", "command.sh"}
    run.cancelled = True


def test_submitting_twice_starts_one_run(workspace, app):
    """Jobs API, submit: an `idempotency_token` that was seen before answers with the run that it
    made. A restart between submitting and noting it down starts no second."""
    workspace.jobs.gate.clear()
    first, second = start(app, "once"), start(app, "once")
    assert first == second
    workspace.jobs.runs[json.loads(first)["run_id"]].cancelled = True


def test_a_cancelled_run_ends_with_all_its_processes(workspace, app, run_id):
    """Jobs API, cancel: the run may go on for a while after the answer. Not documented: that its
    process is asked to end before it is killed, and that cancelling what has ended does nothing."""
    handle = start(app, "cancelled", "never")
    running(app, handle)
    process = workspace.jobs.runs[run_id(handle)].process
    app.compute.cancel(handle)
    assert ended(app, handle, 20).status == "cancelled"
    with pytest.raises(ProcessLookupError):
        until(lambda: os.killpg(process.pid, 0), lambda _: False, 10)
    assert "never" not in str(app.models.names())
    app.compute.cancel(handle)  # of a run that has ended: nothing happens
    assert app.compute.poll(handle).status == "cancelled"


def test_an_evicted_run_failed_and_says_what_to_do(workspace, app, run_id):
    """Jobs API, TerminationDetails: a code, a type and a message. Not documented:
    those of an eviction."""
    handle = start(app, "evicted")
    running(app, handle)
    workspace.jobs.evict(run_id(handle))
    run = ended(app, handle, 20)
    assert run.status == "failed" and run.result is None
    assert "The node was evicted: capacity was taken." in run.message
    assert "Train again" in run.message


def test_a_revoked_token_in_the_midst_of_a_run(workspace, app, run_id):
    """SDK, errors: 401 is Unauthenticated. The app signs in anew and goes on watching; a client
    secret that is refused (`invalid_client`) is named."""
    handle = start(app, "revoked")
    running(app, handle)
    workspace.people.revoke()
    assert app.compute.poll(handle).status in ("queued", "running")
    workspace.people.revoke()
    workspace.people.client = ("app-id", "another secret")
    try:
        with pytest.raises(Denied, match="DATABRICKS_CLIENT_SECRET"):
            app.compute.poll(handle)
    finally:
        workspace.people.client = ("app-id", "app-secret")
    app.compute.cancel(handle)
    assert ended(app, handle, 20).status == "cancelled"


def test_a_script_that_cannot_work_tells_the_reason_itself(workspace, app):
    """AI Runtime task: a script that fails, fails the task with its exit code and no reason of its
    own. Ours leaves the reason in the volume."""
    lay_out(app, "wrong", "kinds")
    folder = app.compute.folder("wrong")
    (folder / "config.json").write_text("{}")
    handle = app.compute.submit("wrong", app.models.tracking_env())
    run = ended(app, handle)
    assert run.status == "failed" and "config.json is wrong at job_id" in run.message
    log = workspace.files.local(f"{VOLUME}/runs/wrong/log.txt")
    assert log.exists()


def test_an_app_that_may_not_submit_says_which_run(workspace, app):
    """SDK, errors: 403 is PermissionDenied; the workbench names the run, and keeps the message."""
    denial = Fault("runs/submit", status=403, code="PERMISSION_DENIED", message="No AI Runtime")
    workspace.faults.plan(denial)
    with pytest.raises(Denied, match="run barred cannot be submitted: No AI Runtime"):
        start(app, "barred")
    assert (workspace.root / "home/orgs/default/runs/barred").exists()  # laid out for another try


def test_handles_of_nothing(app):
    """SDK, errors: the Jobs API's 400 for a run that does not exist is told as
    ResourceDoesNotExist."""
    with pytest.raises(Unavailable, match="no handle of a run"):
        app.compute.poll("run-1")
    with pytest.raises(NotFound, match="run gone cannot be read"):
        app.compute.poll('{"run_id": 1, "run_key": "gone"}')


def test_compute_that_does_not_answer_is_unavailable_and_the_run_goes_on(workspace, app):
    """SDK, errors: 500 is InternalError and not asked again; the run is not ended for that."""
    handle = start(app, "away")
    running(app, handle)
    workspace.faults.plan(Fault("runs/get$", status=500, code="INTERNAL_ERROR", message="away"))
    with pytest.raises(Unavailable, match="run away cannot be read: away"):
        app.compute.poll(handle)
    assert app.compute.poll(handle).status == "running"
    app.compute.cancel(handle)
    assert ended(app, handle, 20).status == "cancelled"
    assert workspace.unforeseen == []

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ontos.kernel.errors import Invalid, NotFound, NotNow
from ontos.workspace.local.compute import LocalCompute, training_env

SCRIPT = """
import json, os, pathlib, signal, subprocess, sys, time
folder = pathlib.Path(sys.argv[1])
steps = json.loads((folder / "config.json").read_text())
for step in steps:
    match step:
        case ["event", progress, message]:
            with (folder / "events.jsonl").open("a") as out:
                out.write(json.dumps({"progress": progress, "message": message}) + "\\n")
        case ["half"]:
            (folder / "events.jsonl").open("a").write('{"progress": 0.9, "mess')
        case ["result", result]:
            (folder / "result.json").write_text(json.dumps(result))
        case ["print", text]: print(text)
        case ["raise", text]: raise RuntimeError(text)
        case ["kill"]: os.kill(os.getpid(), signal.SIGKILL)
        case ["deaf"]: signal.signal(signal.SIGTERM, signal.SIG_IGN)
        case ["child"]:
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
            (folder / "child").write_text(str(child.pid))
        case ["env", name]: print(name, os.environ.get(name))
        case ["wait"]:
            while not (folder / "go").exists(): time.sleep(0.01)
"""


@pytest.fixture
def compute(tmp_path: Path) -> LocalCompute:
    (tmp_path / "script.py").write_text(SCRIPT, "utf-8")
    return LocalCompute(tmp_path, module="script", grace=0.3)


def started(compute: LocalCompute, *steps: list, key: str = "run-1") -> str:
    folder = compute.folder(key)
    (folder / "config.json").write_text(json.dumps(steps), "utf-8")
    return compute.submit(key, {"PYTHONPATH": str(folder.parents[1])})


def until(compute: LocalCompute, handle: str, seen):
    end = time.monotonic() + 20
    while not seen(run := compute.poll(handle)):
        assert time.monotonic() < end, f"it never came: {run}"
        time.sleep(0.01)
    return run


def ended(compute: LocalCompute, handle: str):
    return until(compute, handle, lambda run: run.status != "running")


def let_go(compute: LocalCompute, handle: str, tmp_path: Path):
    (tmp_path / "runs" / handle / "go").touch()
    return ended(compute, handle)


def test_a_run_from_its_start_to_its_result(compute, tmp_path):
    handle = started(
        compute,
        ["event", 0.2, "splitting"],
        ["event", 0.7, "fitting"],
        ["wait"],
        ["result", {"model_version": "1"}],
    )
    run = until(compute, handle, lambda run: len(run.events) == 2)
    assert (run.status, run.progress, run.message) == ("running", 0.7, "fitting")
    run = let_go(compute, handle, tmp_path)
    assert (run.status, run.result) == ("succeeded", {"model_version": "1"})
    assert [event["message"] for event in run.events] == ["splitting", "fitting"]


def test_the_script_may_say_itself_that_it_failed(compute):
    run = ended(compute, started(compute, ["result", {"status": "failed", "error": "one class"}]))
    assert (run.status, run.message) == ("failed", "one class")


def test_a_half_written_event_waits_for_its_other_half(compute, tmp_path):
    handle = started(compute, ["event", 0.5, "fitting"], ["half"], ["wait"], ["result", {}])
    run = until(compute, handle, lambda run: run.events)
    assert (run.progress, run.message, len(run.events)) == (0.5, "fitting", 1)
    assert len(let_go(compute, handle, tmp_path).events) == 1


def test_a_script_that_raises_tells_its_exit_code_and_last_lines(compute):
    run = ended(compute, started(compute, ["raise", "no such column"]))
    assert run.status == "failed"
    assert "exit code 1" in run.message and "RuntimeError: no such column" in run.message


def test_a_killed_script_tells_the_signal(compute):
    run = ended(compute, started(compute, ["print", "hello"], ["kill"]))
    assert "ended by SIGKILL" in run.message and "hello" in run.message


def test_cancel_ends_the_process_and_what_it_started(compute, tmp_path):
    handle = started(compute, ["child"], ["wait"])
    until(compute, handle, lambda _: (tmp_path / "runs" / handle / "child").exists())
    compute.cancel(handle)
    run = compute.poll(handle)
    assert (run.status, run.message) == ("cancelled", "Cancelled.")
    compute.cancel(handle)  # once more does nothing
    pid = int((tmp_path / "runs" / handle / "child").read_text())
    assert gone(pid)


def gone(pid: int) -> bool:
    """Also where nobody takes the remains of an orphan away."""
    for _ in range(200):
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.01)
    return False


def test_cancel_also_ends_what_does_not_listen(compute):
    handle = started(compute, ["deaf"], ["event", 0.1, "deaf"], ["wait"])
    until(compute, handle, lambda run: run.events)
    compute.cancel(handle)
    assert compute.poll(handle).status == "cancelled"


def test_cancel_after_the_end_changes_nothing(compute):
    handle = started(compute, ["result", {"ok": True}])
    ended(compute, handle)
    compute.cancel(handle)
    assert compute.poll(handle).status == "succeeded"


APP = """
import sys, pathlib, json
sys.path.insert(0, {root!r})
from ontos.workspace.local.compute import LocalCompute
compute = LocalCompute(pathlib.Path({home!r}), module="script")
folder = compute.folder("run-1")
(folder / "config.json").write_text(json.dumps({steps!r}))
print(compute.submit("run-1", {{"PYTHONPATH": {home!r}}}), flush=True)
sys.stdin.read()
"""


def app_killed_while(tmp_path: Path, *steps: list) -> str:
    """Start a run in another app, and SIGKILL that app."""
    root = str(Path(__file__).parents[2])
    code = APP.format(root=root, home=str(tmp_path), steps=steps)
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as app:
        handle = app.stdout.readline().strip()
        app.kill()
    return handle


@pytest.mark.faults
def test_a_run_outlives_the_app_and_is_found_again(compute, tmp_path):
    handle = app_killed_while(tmp_path, ["event", 0.4, "on"], ["wait"], ["result", {"ok": 1}])
    run = until(compute, handle, lambda run: run.events)
    assert (run.status, run.progress) == ("running", 0.4)
    with pytest.raises(NotNow):
        compute.folder(handle)
    assert let_go(compute, handle, tmp_path).result == {"ok": 1}


@pytest.mark.faults
def test_a_later_app_can_cancel(compute, tmp_path):
    handle = app_killed_while(tmp_path, ["event", 0.4, "on"], ["wait"])
    until(compute, handle, lambda run: run.events)
    compute.cancel(handle)
    assert compute.poll(handle).status == "cancelled"


@pytest.mark.faults
def test_a_run_that_vanished_is_failed_even_when_its_number_is_used_again(compute, tmp_path):
    handle = app_killed_while(tmp_path, ["event", 0.4, "on"], ["wait"])
    until(compute, handle, lambda run: run.events)
    record = tmp_path / "runs" / handle / "process.json"
    os.killpg(json.loads(record.read_text())["pid"], signal.SIGKILL)
    record.write_text(json.dumps({"pid": os.getpid()}))
    run = ended(compute, handle)
    assert run.status == "failed" and "stopped before it finished" in run.message
    compute.cancel(handle)  # and does not end whoever has the number now


def test_a_folder_is_empty_each_time(compute):
    (compute.folder("run-1") / "old").touch()
    assert list(compute.folder("run-1").iterdir()) == []


@pytest.mark.parametrize("key", ["", "../x", "a/b", ".", "x" * 101, "a b", "-a"])
def test_keys_that_are_no_keys(compute, key):
    for use in (compute.folder, compute.poll, compute.cancel):
        with pytest.raises(Invalid):
            use(key)


def test_runs_that_are_not_there(compute):
    with pytest.raises(NotFound):
        compute.poll("run-9")
    with pytest.raises(NotFound):
        compute.submit("run-9", {})
    compute.folder("run-8")
    assert compute.poll("run-8").status == "failed"


def test_secrets_stay_with_the_app():
    app = {
        "PATH": "/bin",
        "ONTOS_LLM_API_KEY": "1",
        "DATABRICKS_TOKEN": "2",
        "HOME": "/home/a",
        "DATABRICKS_CLIENT_SECRET": "3",
        "ONTOS_SECRET_X": "4",
        "db_password": "5",
        "MONKEY": "banana",
        "OMP_NUM_THREADS": "2",
    }
    env = training_env(app, {"MLFLOW_TRACKING_URI": "sqlite:///x"})
    assert env["MLFLOW_TRACKING_URI"] == "sqlite:///x" and env["PATH"] == "/bin"
    assert env.keys() & app.keys() == {"PATH", "HOME", "MONKEY", "OMP_NUM_THREADS"}
    assert env["OMP_NUM_THREADS"] == "2" and int(env["MKL_NUM_THREADS"]) >= 1


def test_the_project_is_found_from_any_folder(compute):
    root = training_env({"PYTHONPATH": "/else"}, {})["PYTHONPATH"].split(os.pathsep)
    assert (Path(root[0]) / "ontos" / "workspace").is_dir() and root[1] == "/else"

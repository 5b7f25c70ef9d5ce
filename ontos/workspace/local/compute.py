"""Training runs as processes of their own, which outlive the app and are found again."""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ontos.kernel.errors import NotFound, NotNow, Unavailable
from ontos.workspace.names import run_name
from ontos.workspace.protocols import Run
from ontos.workspace.runs import events, finished, json_object, running

_SECRET = re.compile(r"(^|_)(TOKEN|SECRETS?|PASSWORD|PASSWD|API_?KEY|KEY|CREDENTIALS?)(_|$)")
_ROOT = Path(__file__).resolve().parents[3]


class LocalCompute:
    """Runs below `home`/runs, a folder each; the handle of a run is its key.

    The process holds a lock on `FOLDER/alive` for as long as it lives, and the operating system
    lets go of it whatever ends the process. So a later app knows without trusting process
    numbers, which are used again.
    """

    def __init__(self, home: Path, module: str = "ontos.train.run", grace: float = 5.0) -> None:
        self._runs, self._module, self._grace = home / "runs", module, grace
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def folder(self, run_key: str) -> Path:
        folder = self._at(run_key)
        if _lives(folder):
            raise NotNow(f"Run {run_key} is still going: cancel it, or wait for its end.")
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        return folder

    def submit(self, run_key: str, env: Mapping[str, str]) -> str:
        folder = self._at(run_key)
        if not folder.is_dir():
            raise NotFound(f"Run {run_key} has no folder: ask for it and lay out its inputs.")
        for child in self._children.values():
            child.poll()  # reaps those that ended unseen
        child = self._start(folder, training_env(os.environ, env))
        self._children[run_key] = child
        (folder / "process.json").write_text(json.dumps({"pid": child.pid}), "utf-8")
        return run_key

    def poll(self, handle: str) -> Run:
        folder = self._at(handle)
        if not folder.is_dir():
            raise NotFound(f"There is no run {handle}; its folder is gone.")
        if self._goes_on(handle):  # asked before the result, which is written before the end
            return running(events(folder))
        exit_code = self._exit_code(handle)
        result = json_object(folder / "result.json")
        if result is not None:
            return finished(result, events(folder))
        if (folder / "cancelled").exists():
            return Run("cancelled", message="Cancelled.", events=events(folder))
        return Run("failed", message=_vanished(folder, exit_code), events=events(folder))

    def cancel(self, handle: str) -> None:
        """Ends the process and all that it started: asked first, made to after `grace` seconds."""
        folder = self._at(handle)
        if not _lives(folder):
            return
        (folder / "cancelled").touch()
        _signal(folder, signal.SIGTERM)
        if not self._gone_within(handle, self._grace):
            _signal(folder, signal.SIGKILL)
            self._gone_within(handle, 1.0)

    def _start(self, folder: Path, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
        with (folder / "alive").open("wb") as alive, (folder / "log.txt").open("ab") as log:
            try:
                fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return subprocess.Popen(  # noqa: S603 - our own script over a folder that we named
                    [sys.executable, "-P", "-m", self._module, str(folder)],
                    cwd=folder,
                    env=dict(env),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(alive.fileno(),),
                    start_new_session=True,
                )
            except BlockingIOError as error:
                raise NotNow(f"Run {folder.name} is running already.") from error
            except OSError as error:
                raise Unavailable(f"No training process can be started: {error}") from error

    def _gone_within(self, handle: str, seconds: float) -> bool:
        folder, end = self._at(handle), time.monotonic() + seconds
        while (lives := _lives(folder)) and time.monotonic() < end:
            time.sleep(0.02)
        return not lives

    def _goes_on(self, handle: str) -> bool:
        """A process of ours that ended is no longer the run, whatever it left behind."""
        child = self._children.get(handle)
        return _lives(self._at(handle)) and (child is None or child.poll() is None)

    def _exit_code(self, handle: str) -> int | None:
        """Of a dead process that this app started; asking also takes its remains away."""
        with suppress(subprocess.TimeoutExpired):  # it lets go of the lock just before its end
            return child.wait(1.0) if (child := self._children.get(handle)) else None
        return None

    def _at(self, run_key: str) -> Path:
        return self._runs / run_name(run_key)


def training_env(app: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The app's environment without its secrets, with what is given.

    One processor is left to the app, unless somebody chose otherwise.
    """
    kept = {name: value for name, value in app.items() if not _SECRET.search(name.upper())}
    threads = str(max(1, (os.cpu_count() or 2) - 1))
    pools = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LOKY_MAX_CPU_COUNT")
    path = os.pathsep.join(filter(None, (str(_ROOT), app.get("PYTHONPATH"))))
    return (
        dict.fromkeys(pools, threads)
        | kept
        | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
        | dict(given)
    )


def _lives(folder: Path) -> bool:
    """Whether a process still holds the lock; shared, so that two who ask do not see each other."""
    try:
        with (folder / "alive").open("rb") as alive:
            fcntl.flock(alive, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _signal(folder: Path, number: int) -> None:
    """To the whole group. Only while the run lives: so the number is still its own."""
    process = json_object(folder / "process.json")
    if process is None:
        raise NotNow("The run is just starting. Cancel it again in a moment.")
    with suppress(ProcessLookupError):
        os.killpg(process["pid"], number)


def _vanished(folder: Path, exit_code: int | None) -> str:
    log = _last_lines(folder / "log.txt")
    said = f" Its last lines: {log}" if log else " It wrote nothing."
    return f"The training process stopped before it finished ({_how(exit_code)}).{said}"


def _how(exit_code: int | None) -> str:
    if exit_code is None:
        return "nobody saw how"
    return f"exit code {exit_code}" if exit_code >= 0 else f"ended by {_signal_name(-exit_code)}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _last_lines(log: Path, lines: int = 6, size: int = 4096) -> str:
    try:
        with log.open("rb") as text:
            text.seek(max(0, log.stat().st_size - size))
            return "\n".join(text.read().decode("utf-8", "replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""

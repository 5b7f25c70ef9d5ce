"""The real application as a process of its own, and REST to it: for faults, journeys and pictures.

An `App` may be killed and started again over the same home, as a machine that lost its power would.
"""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx

ROOT = Path(__file__).parents[1]
START_SECONDS = 60.0
STOP_SECONDS = 20.0


class Refused(Exception):
    """The app answered with an error; `document` is its problem document."""

    def __init__(self, status: int, document: dict[str, Any]) -> None:
        super().__init__(f"{status}: {document.get('detail')}")
        self.status, self.document = status, document


class Api:
    """REST as a program on the same machine uses it. A connection that breaks raises httpx's."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=f"{url}/api/v1", timeout=120, trust_env=False)

    def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        return _answer(self._http.request(method, path, json=body, params=query))

    def upload(self, name: str, content: bytes, kind: str = "text/csv") -> Any:
        headers = {"Content-Type": kind}
        return _answer(
            self._http.post(
                "/sources/files", content=content, headers=headers, params={"name": name}
            )
        )

    def until(self, path: str, states: Collection[str], seconds: float = 60) -> Any:
        """What is there once its status is one of `states`."""
        end = time.monotonic() + seconds
        while (seen := self("GET", path))["status"] not in states:
            assert time.monotonic() < end, f"{path} is still {seen['status']}"
            time.sleep(0.1)
        return seen

    def every(self, path: str, **query: Any) -> Iterator[Any]:
        """The items of all pages of a list."""
        cursor: dict[str, str] = {}
        while True:
            answer = self("GET", path, limit=1000, **query, **cursor)
            yield from answer["items"]
            if not answer["next_cursor"]:
                return
            cursor = {"cursor": answer["next_cursor"]}

    def close(self) -> None:
        self._http.close()


class App:
    """`start` returns once it is ready; `kill` is SIGKILL.

    It stays in the group of the tests, so that what ends them ends it as well. Trainings are
    processes of their own, and live on.
    """

    def __init__(self, home: Path, port: int | None = None, **env: str) -> None:
        self.home, self.port = home, port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._env = {"ONTOS_HOME": str(home), "ONTOS_LOG_LEVEL": "WARNING", **env}
        self._log = home.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None
        self.api = Api(self.url)

    def start(self) -> Self:
        self._begin()
        end = time.monotonic() + START_SECONDS
        while not self._ready():
            assert self.exit_code() is None, f"the app did not start: {self.said()}"
            assert time.monotonic() < end, f"the app is not ready: {self.said()}"
            time.sleep(0.05)
        return self

    def refused(self) -> str:
        """Start it where it cannot: what it said before it ended."""
        self._begin()
        assert self._process is not None and self._process.wait(START_SECONDS) != 0
        return self.said()

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, as an operator would; make it where it does not."""
        self._signal(signal.SIGTERM)
        if self.exit_code() is None:
            self.kill()

    def close(self) -> None:
        """Leave no process behind, trainings included."""
        self.kill()
        for alive in self.home.glob("**/runs/*/alive"):
            kill_training(alive.parent)
        self.api.close()

    def exit_code(self) -> int | None:
        return self._process.poll() if self._process else 0

    def said(self) -> str:
        """The end of its log."""
        return self._log.read_text("utf-8", "replace")[-4000:]

    def _begin(self) -> None:
        command = [sys.executable, "-m", "uvicorn", "app:app", "--port", str(self.port),
                   "--host", "127.0.0.1", "--log-level", "warning"]  # fmt: skip
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | self._env, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log,
            )  # fmt: skip

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5, trust_env=False).is_success
        except httpx.TransportError:
            return False

    def _signal(self, number: int) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            assert number != signal.SIGKILL, "a killed process went on"


@contextmanager
def served(home: Path, **env: str) -> Iterator[App]:
    """A running app over `home`; gone afterwards."""
    app = App(home, **env)
    try:
        yield app.start()
    finally:
        app.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def kill_training(folder: Path) -> bool:
    """End the process of a training run at once; whether it was still going."""
    with (folder / "alive").open("rb") as alive:
        try:  # a lock that can be had is nobody's: the number may be another process's by now
            fcntl.flock(alive, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = json.loads((folder / "process.json").read_text("utf-8"))["pid"]
            os.killpg(pid, signal.SIGKILL)
            return True
    return False


def _answer(response: httpx.Response) -> Any:
    content = response.json() if "json" in response.headers.get("content-type", "") else {}
    if response.is_error:
        raise Refused(response.status_code, content)
    return content

"""The app as a process, and a bare Streamlit script as its peer."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ontos.bootstrap import open_workbench
from ontos.kernel.fields import now
from ontos.kernel.settings import Settings

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answered(url: str, seconds: float = 60) -> float:
    """Seconds until `url` answers 200."""
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return time.perf_counter() - began
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.02)
    raise TimeoutError(url)


@contextmanager
def running(command: list[str], url: str, cwd: Path = ROOT, **env: str) -> Iterator[float]:
    """The seconds from starting `command` to the first answer."""
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=os.environ | env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield answered(url)
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def served(endpoint: str | None = None) -> Iterator[str]:
    """The app's address, over a fresh store that knows one endpoint."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="ontos-bench-") as home:
        if endpoint:
            _note_endpoint(Path(home), endpoint)
        with running(uvicorn("app:app", port), f"{url}/readyz", ONTOS_HOME=home):
            yield url


def uvicorn(app: str, port: int) -> list[str]:
    return [sys.executable, "-m", "uvicorn", app, "--host", "127.0.0.1", "--port", str(port),
            "--log-level", "warning"]  # fmt: skip


def _note_endpoint(home: Path, name: str) -> None:
    opened = open_workbench(Settings(home=home, log_level="ERROR"))
    opened.local_caller().warehouse.execute(
        "INSERT INTO endpoints (name, model_name, model_version, status, version, created_by,"
        " created_at, updated_by, updated_at)"
        " VALUES (:name, 'm', '1', 'ready', 1, 'b', :at, 'b', :at)",
        name=name,
        at=now(),
    )
    opened.close()

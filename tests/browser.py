"""Finds a Chromium for the journeys: one that is there, Debian's as root, or playwright's own.

python -m tests.browser          # prints what was found; exit status 1 in CI when none
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@cache
def find() -> str | None:
    """The path of a browser that is installed already, and starts."""
    return next(filter(_starts, _installed()), None)


def _installed() -> Iterator[str]:
    yield from filter(None, map(shutil.which, NAMES))
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    if path and Path(path).exists():
        yield path


def _starts(path: str) -> bool:
    """Some systems have a stub under the name, or lack the libraries."""
    return _run(path, "--version", "--no-sandbox")


def _run(*command: str) -> bool:
    try:
        return (
            subprocess.run(command, capture_output=True, timeout=900, check=False).returncode == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def _from_debian() -> bool:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    _run("apt-get", "update", "-qq")
    return _run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium")


def install() -> str | None:
    """Find a browser, else install one."""
    found = find()
    if found is None and (
        _from_debian() or _run(sys.executable, "-m", "playwright", "install", "chromium")
    ):
        found = find()
    return found


def main() -> int:
    found = install()
    print(f"browser for the journeys: {found or 'none can be had here'}")
    return 1 if found is None and os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())

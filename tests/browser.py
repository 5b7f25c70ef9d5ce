"""Finds a Chromium for the journeys: one that is there, Debian's as root, or playwright's own.

python -m tests.browser          # prints what was found; exit status 1 in CI when none
"""

import os
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.debian import install as debian
from tests.debian import runs

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
    return runs(path, "--version", "--no-sandbox")


def install() -> str | None:
    """Find a browser, else install one."""
    found = find()
    if found is None and (
        debian("chromium") or runs(sys.executable, "-m", "playwright", "install", "chromium")
    ):
        find.cache_clear()  # which remembers that there was none
        found = find()
    return found


def main() -> int:
    found = install()
    print(f"browser for the journeys: {found or 'none can be had here'}")
    return 1 if found is None and os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())

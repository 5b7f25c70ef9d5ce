"""A browser for the journeys: skipped where none can be had, an error where one has to be."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import find
from tests.journeys.driver import Driver, chromium
from tests.serving import App, served

MISSING = "no Chromium is here: `python -m tests.browser` tries to install one"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not for longer: while playwright runs, no other event loop can in this thread."""
    path = find()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with chromium(path) as browser:
        yield browser


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[App]:
    """The app over a fresh home."""
    with served(tmp_path_factory.mktemp("journey") / "home") as app:
        yield app


@pytest.fixture
def driver(app: App, browser: Browser, tmp_path: Path) -> Iterator[Driver]:
    """A tab of a person; a picture of where it ended is left in the test's folder."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    yield Driver(page, app.url)
    page.screenshot(path=tmp_path / "end.png", full_page=True)
    page.close()

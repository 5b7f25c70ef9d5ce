"""Drives the pages in Chromium as a person would: by the words that are on them.

Every action waits until the page has settled: no script runs, and none has for a moment.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.browser import FLAGS

PATIENCE_MS = 30_000
QUIET_MS = 250
"""A page that did nothing for so long is taken to have settled."""

_SETTLED = """(quiet) => {
  const app = document.querySelector('[data-testid="stApp"]');
  const idle = app && app.dataset.testScriptState === 'notRunning'
    && app.dataset.testConnectionState === 'CONNECTED'
    && !document.querySelector('[data-testid="stSkeleton"]');
  if (!idle) { window.__idleSince = null; return false; }
  window.__idleSince ??= performance.now();
  return performance.now() - window.__idleSince >= quiet;
}"""

_HEIGHT = """() => Math.max(...['stMain', 'stSidebarContent'].map(
  id => document.querySelector(`[data-testid="${id}"]`)?.scrollHeight ?? 0))"""


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


class Driver:
    """One tab. `url` is the app's address."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        page.set_default_timeout(PATIENCE_MS)

    # Where it is

    def open(self, stage: str = "", view: str | None = None, **query: str) -> None:
        """Go to a page by its address."""
        given = {**({"view": view} if view else {}), **query}
        self.page.goto(f"{self.url}/{stage}" + (f"?{urlencode(given)}" if given else ""))
        self.settle()

    def go(self, stage: str, view: str | None = None) -> None:
        """Go to a page by the navigation, and to a view by its tab."""
        self.page.get_by_test_id("stSidebarNav").get_by_role("link", name=stage, exact=True).click()
        self.settle()
        if view:
            self.view(view)

    def view(self, title: str) -> None:
        self.main.get_by_test_id("stButtonGroup").first.get_by_text(title, exact=True).click()
        self.settle()

    @property
    def main(self) -> Locator:
        return self.page.get_by_test_id("stMain")

    def settle(self) -> None:
        self.page.wait_for_function(_SETTLED, arg=QUIET_MS, polling=50)

    # What it says

    def sees(self, *texts: str | re.Pattern[str], seconds: float = 30) -> None:
        for text in texts:
            found = self.page.get_by_text(text).filter(visible=True).first
            expect(found).to_be_visible(timeout=seconds * 1000)

    def healthy(self) -> None:
        """No trace and no error is on the page."""
        for kind in ("stException", "stAlertContentError"):
            assert self.page.get_by_test_id(kind).all_inner_texts() == []

    # What it is told

    def press(self, name: str | re.Pattern[str], within: Locator | None = None) -> None:
        """A button that is there and may be pressed."""
        button = (within or self.page).get_by_role("button", name=name).filter(visible=True)
        button.first.click()
        self.settle()

    def write(self, label: str | re.Pattern[str], text: str) -> None:
        field = self.main.get_by_label(label).filter(visible=True).first
        field.fill(text)
        field.press("Tab")
        self.settle()

    def choose(self, label: str, option: str | re.Pattern[str]) -> None:
        """An option of a selectbox."""
        box = self.main.get_by_test_id("stSelectbox").filter(has_text=label).first
        box.get_by_role("combobox").click()
        self.page.get_by_role("option", name=option).first.click()
        self.settle()

    def upload(self, path: Path) -> None:
        self.main.locator('input[type="file"]').first.set_input_files(path)
        self.settle()

    # Grids

    def cell(self, column: str, row: int, grid: int = 0) -> str:
        """What a cell of the nth grid says; row 1 is the first."""
        return self._cell(column, row, grid).inner_text()

    def type_into(self, column: str, row: int, text: str, grid: int = 0) -> None:
        """Edit a cell: it is chosen, opened by Enter, overwritten, and left by Enter."""
        self._cell(column, row, grid).focus()
        self.page.keyboard.press("Enter")
        editor = self.page.locator(".gdg-input, .gdg-growing-entry textarea").last
        editor.fill(text)
        self.page.keyboard.press("Enter")
        self.settle()

    def _cell(self, column: str, row: int, grid: int) -> Locator:
        """Grids are drawn on a canvas; inside it is a table for readers of the screen."""
        table = self.main.get_by_test_id("data-grid-canvas").nth(grid)
        heads = table.locator("[role=columnheader]")
        titles = [title.strip() for title in heads.all_inner_texts()]
        at = heads.nth(titles.index(column)).get_attribute("aria-colindex")
        return table.locator(f'[role=row][aria-rowindex="{row + 1}"] [aria-colindex="{at}"]')

    # Pictures

    def picture(self, path: Path, width: int) -> None:
        """The whole page, however long, `width` pixels wide."""
        self.page.set_viewport_size({"width": width, "height": 900})
        self.settle()
        height = self.page.evaluate(_HEIGHT)
        self.page.set_viewport_size({"width": width, "height": max(900, min(height, 6000))})
        self.page.wait_for_timeout(400)  # grids and charts are drawn anew at the new size
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path)

"""Drives the pages in Chromium as a person would: by the words that are on them.

Every action waits until the page has settled: it waits for no run of its script, and has not for a
moment.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.browser import FLAGS
from tests.journeys.traffic import Traffic

PATIENCE_MS = 60_000
QUIET_MS = 250
STEP_MS = 50
"""A page that did nothing for so long is taken to have settled."""

_CONNECTED = """() => {
  const app = document.querySelector('[data-testid="stApp"]');
  return app && app.dataset.testConnectionState === 'CONNECTED'
    && app.dataset.testScriptState !== 'initial'
    && !document.querySelector('[data-testid="stSkeleton"]');
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
        self.page, self.url, self._traffic = page, url, Traffic(page)
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
        """Wait until the app owes the page nothing, and has not for a moment."""
        end, quiet = time.monotonic() + PATIENCE_MS / 1000, 0
        while quiet < QUIET_MS:
            self.page.wait_for_function(_CONNECTED)
            self.page.wait_for_timeout(STEP_MS)
            quiet = 0 if self._traffic.owed else quiet + STEP_MS
            assert time.monotonic() < end, "a run of the page's script does not end"

    # What it says

    def sees(self, *texts: str | re.Pattern[str], seconds: float = 60) -> None:
        for text in texts:
            found = self.page.get_by_text(text).filter(visible=True).first
            expect(found).to_be_visible(timeout=seconds * 1000)

    def healthy(self) -> None:
        """No trace and no error is on the page."""
        for kind in ("stException", "stAlertContentError"):
            assert self.page.get_by_test_id(kind).all_inner_texts() == []

    # What it is told

    def button(self, name: str) -> Locator:
        """By its whole label; icons and keys beside it do not count."""
        label = self.page.get_by_text(name, exact=True)
        return self.page.get_by_role("button").filter(has=label, visible=True).first

    def press(self, name: str) -> None:
        """A button that may be pressed, on the page, in a popover or in a dialog."""
        self.button(name).click()
        self.settle()

    def field(self, label: str) -> Locator:
        return self.page.get_by_label(label, exact=True).filter(visible=True).first

    def write(self, label: str, text: str) -> None:
        self.field(label).fill(text)
        self.field(label).press("Tab")
        self.settle()

    def choose(self, label: str, option: str) -> None:
        """An option of a selectbox, by a part of it."""
        title = self.page.get_by_test_id("stWidgetLabel").get_by_text(label, exact=True)
        box = self.page.get_by_test_id("stSelectbox").filter(has=title, visible=True).first
        box.get_by_role("combobox").click()
        self.page.get_by_role("option").filter(has_text=option).first.click()
        self.settle()

    def upload(self, path: Path) -> None:
        self.main.locator('input[type="file"]').first.set_input_files(path)
        self.settle()

    # Grids

    def cell(self, column: str, row: int, grid: int = 0) -> str:
        """What a cell of the nth grid says; row 1 is the first."""
        return self._cell(column, row, grid).text_content() or ""

    def type_into(self, column: str, row: int, text: str, grid: int = 0) -> None:
        """Edit a cell: it is chosen, opened by Enter, overwritten, and left by Enter."""
        cell = self._cell(column, row, grid)
        self._cell(self._titles(grid)[0], 1, grid).focus()  # the first focus is the grid's own
        self.settle()
        cell.focus()
        expect(cell).to_have_attribute("aria-selected", "true")
        self.page.keyboard.press("Enter")
        editor = self.page.locator("#portal .gdg-input").last
        editor.fill(text)
        editor.press("Enter")
        self.settle()

    def _titles(self, grid: int) -> list[str]:
        table = self.main.get_by_test_id("data-grid-canvas").nth(grid)
        table.locator("[role=columnheader]").first.wait_for(state="attached")
        return [title.strip() for title in table.locator("[role=columnheader]").all_text_contents()]

    def _cell(self, column: str, row: int, grid: int) -> Locator:
        """Grids are drawn on a canvas; inside it is a table for readers of the screen."""
        table = self.main.get_by_test_id("data-grid-canvas").nth(grid)
        at = self._titles(grid).index(column)
        head = table.locator("[role=columnheader]").nth(at).get_attribute("aria-colindex")
        return table.locator(f'[role=row][aria-rowindex="{row + 1}"] [aria-colindex="{head}"]')

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

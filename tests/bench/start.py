"""From starting the server to the first answered page, beside a bare Streamlit script.

Then the same until a waiting browser has drawn the whole page: what a person sees.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as NoAnswer

from tests.bench.figures import bench
from tests.bench.served import ROOT, free_port, running, uvicorn
from tests.browser import find
from tests.journeys.driver import chromium

BARE = 'import streamlit as st\n\napp = st.App("page.py")\n'
PAGE = 'import streamlit as st\n\nst.title("Bare")\n'
RUNS = 5
DRAWN = """() => {
  const app = document.querySelector('[data-testid="stApp"]');
  return app && app.dataset.testScriptState === 'notRunning' && app.querySelector('h1')
    && !document.querySelector('[data-testid="stSkeleton"]');
}"""

Start = Callable[[int, str], AbstractContextManager[float]]
"""Starts a server on a port and enters once the path answers, with the seconds that it took."""


def product(home: str, port: int, path: str) -> AbstractContextManager[float]:
    url = f"http://127.0.0.1:{port}{path}"
    return running(uvicorn("app:app", port), url, cwd=ROOT, ONTOS_HOME=home)


def bare(folder: Path, port: int, path: str) -> AbstractContextManager[float]:
    return running(uvicorn("bare:app", port), f"http://127.0.0.1:{port}{path}", cwd=folder)


def answered(start: Start) -> float:
    with start(free_port(), "/") as took:
        return took


def drawn(browser: Browser, start: Start) -> float:
    """Seconds until the tab shows all of the page, its script at rest."""
    port, tab = free_port(), browser.new_page()
    began = time.perf_counter()
    with start(port, "/"):
        _visited(tab, f"http://127.0.0.1:{port}/")
        tab.wait_for_function(DRAWN)
        took = time.perf_counter() - began
    tab.close()
    return took


def _visited(tab: Page, url: str) -> None:
    while True:
        try:
            tab.goto(url)
        except NoAnswer:
            time.sleep(0.02)
        else:
            return


def compared(
    name: str, target: str, measure: Callable[[Start], float], ours: Start, peer: Start
) -> None:
    """Both sides in turn, so that a busy moment of the machine meets both."""
    pairs = [(measure(ours), measure(peer)) for _ in range(RUNS)]
    mine, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    bench(name, mine, "s", f"{target} bare")
    bench(f"{name}_bare_streamlit", theirs, "s", "peer")
    bench(f"{name}_ratio", mine / theirs, "x", f"<= {target.rstrip('x')}")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ontos-bench-") as scratch:
        folder = Path(scratch)
        (folder / "bare.py").write_text(BARE)
        (folder / "page.py").write_text(PAGE)
        ours, peer = partial(product, str(folder / "home")), partial(bare, folder)
        with ours(free_port(), "/readyz"):  # the store is made, and files are in memory
            answered(peer)
        compared("start", "2x", answered, ours, peer)
        if path := find():
            with chromium(path) as browser:
                compared("start_drawn", "2x", partial(drawn, browser), ours, peer)


if __name__ == "__main__":
    main()

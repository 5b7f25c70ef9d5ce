"""Pictures of every page and view, for people to look at.

    python -m tests.journeys.shots OUTDIR [--url http://127.0.0.1:8501] [--only label] [--no-empty]

Without an address it starts an app over a fresh home, takes the pages empty, lives through the loop
and takes them again, full. Names are STATE-STAGE-VIEW-WIDTH.png: `full-label-review-1440.png`.
"""

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.browser import find
from tests.journeys.driver import Driver, chromium
from tests.journeys.story import tell
from tests.serving import ROOT, Api, served

STAGES = ("home", "data", "generate", "label", "train", "deploy", "monitor", "improve", "govern")
WIDTHS = (1440, 800)
ALERT = "stAlertContentError"


def views() -> Iterator[tuple[str, str]]:
    """Every (stage, view) that a page declares."""
    for stage in STAGES:
        page = ROOT / "pages" / stage / "page.py"
        source = page.read_text("utf-8") if page.exists() else ""
        for key in re.findall(r'View\(\s*"([^"]+)"', source):
            yield stage, key


class Album:
    """Takes pictures into a folder and notes what is wrong on the pages meanwhile."""

    def __init__(self, driver: Driver, folder: Path, only: str | None) -> None:
        self._driver, self._folder, self._only = driver, folder, only
        self.wrong: list[str] = []

    def all(self, state: str, **query: str) -> None:
        for stage, view in views():
            for width in WIDTHS:
                self.take(f"{state}-{stage}-{view}-{width}", stage, view, width, **query)

    def take(self, name: str, stage: str, view: str, width: int, **query: str) -> None:
        if self._only and self._only not in name:
            return
        began = time.monotonic()
        self._driver.page.set_viewport_size({"width": width, "height": 900})
        self._driver.open("" if stage == "home" else stage, view, **query)
        self._driver.picture(self._folder / f"{name}.png", width)
        self._check(name)
        print(f"{name}  {time.monotonic() - began:.1f} s", flush=True)

    def _check(self, name: str) -> None:
        page = self._driver.page
        kinds = ["stException"] if name.startswith("lost") else ["stException", ALERT]
        for kind in kinds:
            said = page.get_by_test_id(kind).all_inner_texts()
            self.wrong += [f"{name}: {text}" for text in said]
        wide = page.get_by_test_id("stMain").evaluate("e => e.scrollWidth - e.clientWidth")
        if wide > 1:
            self.wrong.append(f"{name}: {wide} pixels wider than the window")
        raw = re.findall(r"\b[0-9a-f]{24,}\b", page.get_by_test_id("stMain").inner_text())
        if raw and kinds[1:]:
            self.wrong.append(f"{name}: shows raw ids {sorted(set(raw))[:3]}")


def things(api: Api) -> Iterator[tuple[str, str, str, dict[str, str]]]:
    """One of each kind of thing that has a page of its own: name, stage, view, query."""
    draft, sheet = (_first(api, "/sheets", status=s) for s in ("draft", "published"))
    template = _first(api, "/templates", status="published")
    ready = _first(api, "/training-sheets", status="ready")
    failed = _first(api, "/training-sheets", status="failed")
    source, job = _first(api, "/sources"), _first(api, "/training/jobs")
    endpoint = _first(api, "/deployment/endpoints")
    yield "draft", "data", "sheets", {"sheet": draft["id"]}
    yield "published", "data", "sheets", {"sheet": sheet["id"]}
    yield "new", "data", "sheets", {"new": "1", "table": source["table"]}
    yield "one", "data", "upload", {"source": source["id"], "table": source["table"]}
    yield "one", "data", "catalog", {"table": source["table"]}
    yield "new", "generate", "templates", {"template": "new"}
    yield "published", "generate", "templates", {"template": template["id"], "sheet": sheet["id"]}
    yield "chosen", "generate", "assemble", {"sheet": sheet["id"], "template": template["id"]}
    yield "ready", "generate", "training-sheets", {"training_sheet": ready["id"]}
    yield "failed", "generate", "training-sheets", {"training_sheet": failed["id"]}
    yield "one", "train", "jobs", {"job": job["id"]}
    yield "one", "deploy", "endpoints", {"endpoint": endpoint["name"]}
    yield "new", "deploy", "endpoints", {"new": "1"}
    yield "one", "deploy", "models", {"model": endpoint["model_name"]}
    yield "endpoint", "govern", "lineage", {"entity": f"endpoint/{endpoint['name']}"}


def _first(api: Api, path: str, **query: str) -> Any:
    return api("GET", path, limit=1, **query)["items"][0]


def full(album: Album, api: Api) -> None:
    album.all("full")
    for name, stage, view, query in things(api):
        for width in WIDTHS:
            album.take(f"full-{stage}-{view}-{name}-{width}", stage, view, width, **query)
    for stage, view in views():
        album.take(f"embedded-{stage}-{view}-800", stage, view, 800, embed="true")
    for name, stage, view, query in things(api):
        lost = dict.fromkeys(query, "0" * 32)
        album.take(f"lost-{stage}-{view}-{name}-1440", stage, view, 1440, **lost)


def main() -> int:
    ask = argparse.ArgumentParser(description="Pictures of every page and view.")
    ask.add_argument("folder", type=Path)
    ask.add_argument("--url", help="of an app that runs; its pages are taken as they are")
    ask.add_argument("--only", help="a part of the names of the pictures to take")
    ask.add_argument("--no-empty", action="store_true", help="leave the empty pages out")
    args = ask.parse_args()
    browser_path = find()
    if browser_path is None:
        print("No Chromium is here: python -m tests.browser tries to install one.")
        return 1
    with tempfile.TemporaryDirectory() as home, chromium(browser_path) as browser:
        if args.url:
            album = Album(Driver(browser.new_page(), args.url), args.folder, args.only)
            full(album, Api(args.url))
        else:
            with served(Path(home) / "home") as app:
                album = Album(Driver(browser.new_page(), app.url), args.folder, args.only)
                if not args.no_empty:
                    album.all("empty")
                if "empty" not in (args.only or ""):
                    tell(app.api)
                    full(album, app.api)
    print("\n".join(album.wrong) or "nothing wrong was seen by the machine; look yourself")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The closed loop by clicks, over a SQL warehouse that is slow and often refuses.

python -m tests.wire.journey [--delay SECONDS] [--refused SHARE] [--pictures FOLDER]
                             [--tries N]

Models and endpoints are this machine's; every statement goes through the real connector. With a
folder for pictures, each step leaves one of the page where it ended.
"""

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path

from tests.browser import find
from tests.journeys import test_loop
from tests.journeys.driver import Driver, chromium
from tests.serving import served
from tests.wire.duck import DuckEngine
from tests.wire.place import PREFIX, without_certificates
from tests.wire.server import TOKEN, Server

Step = Callable[[Driver], None]
STEPS: tuple[Step, ...] = (
    test_loop.make_a_sheet, test_loop.write_a_template, test_loop.assemble, test_loop.review,
    test_loop.train, test_loop.deploy, test_loop.ask_and_correct, test_loop.use_the_correction,
    test_loop.look_for_gaps_and_retrain, test_loop.update_and_roll_back, test_loop.look_back,
)  # fmt: skip


def main() -> int:
    ask = argparse.ArgumentParser(description="The closed loop by clicks on a slow warehouse.")
    ask.add_argument("--delay", type=float, default=1.0, help="seconds that each statement takes")
    ask.add_argument("--refused", type=float, default=0.05, help="share of requests met with 503")
    ask.add_argument("--pictures", type=Path, help="a folder for a picture of each step's end")
    ask.add_argument("--tries", type=int, default=1, help="how often it may be begun")
    asked = ask.parse_args()
    path = find()
    if path is None:
        print("the journey is skipped: no Chromium is here")
        return 1 if os.environ.get("CI") else 0
    for left in reversed(range(asked.tries)):
        try:
            go(asked, path)
        except Exception:
            if not left:
                raise
            traceback.print_exc()
            print("The journey is begun once more.", flush=True)
        else:
            break
    print("the closed loop by clicks passed", flush=True)
    return 0


def go(asked: argparse.Namespace, path: str) -> None:
    """The journey, with a workbench, a warehouse and a browser of its own."""
    server = Server()
    warehouse = server.add("slow", DuckEngine())
    with closing(server), tempfile.TemporaryDirectory() as folder, chromium(path) as browser:
        home = Path(folder)
        env = {
            "ONTOS_WAREHOUSE": "databricks", "ONTOS_HTTP_PATH": f"{PREFIX}slow",
            "DATABRICKS_HOST": server.host, "DATABRICKS_TOKEN": TOKEN, **without_certificates(home),
        }  # fmt: skip
        with served(home / "home", **env) as app:
            warehouse.faults.delay, warehouse.faults.refused_share = asked.delay, asked.refused
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            bring_in = partial(test_loop.bring_in, file=test_loop.messages(home / "desk.csv"))
            steps = {"bring_in": bring_in, **{step.__name__: step for step in STEPS}}
            try:
                walk(Driver(page, app.url), steps, asked.pictures)
            except Exception:
                print(app.said())
                raise
            page.close()


def walk(on: Driver, steps: Mapping[str, Step], pictures: Path | None) -> None:
    begun = time.monotonic()
    for at, (name, step) in enumerate(steps.items(), 1):
        try:
            step(on)
        finally:
            if pictures:
                pictures.mkdir(parents=True, exist_ok=True)
                on.page.screenshot(path=pictures / f"{at:02d}-{name}.png")
        print(f"{time.monotonic() - begun:4.0f} s  {name}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

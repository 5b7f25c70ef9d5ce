"""The closed loop over REST on "a workspace": SQL, models, runs and endpoints behind one address.

python -m tests.wire.loop [--spark] [--rows N] [--delay SECONDS] [--refused SHARE]

The app is a process of its own with nothing embedded: its tables lie behind the real SQL connector,
all else behind the real SDK, and a proxy says who is asking: a person of the workspace, whose group
administers the workbench, and who has no grant in Unity Catalog.

`--rows` keeps whole intents of the data, so many rows at least. The SQL warehouse may be slow, and
may answer a share of all requests with 503.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from databricks.sdk.service import sql

from tests.acceptance import DATA, LOOP
from tests.serving import Api, App, served
from tests.wire.duck import DuckEngine
from tests.wire.engine import Engine
from tests.wire.place import PREFIX
from tests.wire.proxy import proxied
from tests.wire.server import Warehouse
from tests.wire.spark.engine import SparkEngine
from tests.wire.spark.java import missing
from tests.wire.spark.session import spark
from tests.wire.warehouses import Warehouses
from tests.wire.workspace.joined import rights_in
from tests.wire.workspace.server import Workspace, serve

NAME, PLACE, USER = "main", "workbench.data_default", "ann@example.org"


@dataclass(frozen=True)
class Whole:
    """A workspace with its SQL warehouse, the app that lives in it, and where a person asks it."""

    workspace: Workspace
    warehouse: Warehouse
    app: App
    url: str

    def passes(self, data: Path, *more: str) -> int:
        """The exit code of the acceptance script, put to a CSV with columns text and intent."""
        command = [sys.executable, str(LOOP), "--csv", str(data), "--text", "text"]
        command += ["--label", "intent", "--url", self.url, *more]
        return subprocess.run(command, check=False).returncode


@contextmanager
def whole(root: Path, engine: Engine | None = None, **settings: str) -> Iterator[Whole]:
    """All of it below an empty folder, `settings` on top; no process outlives the block."""
    engine = engine or DuckEngine(root / "unity.duckdb")
    warehouse = Warehouse(PREFIX + NAME, engine)
    try:
        with serve(root / "workspace") as workspace:
            join(workspace, warehouse, engine)
            env = workspace.env() | chosen(warehouse) | settings
            with (
                served(root / "home", **env) as app,
                proxied(app.url, USER, workspace.people.add(USER, "admins")) as url,
            ):
                yield Whole(workspace, warehouse, app, url)
    finally:
        engine.close()


def join(workspace: Workspace, warehouse: Warehouse, engine: Engine) -> None:
    """One address, one catalog and the same grants for both."""
    workspace.add(Warehouses(warehouse).routes())
    workspace.warehouses.states[NAME] = sql.State.RUNNING
    warehouse.service.permits = rights_in(workspace)
    workspace.catalog.engine = engine.tables
    workspace.catalog.add_schema(PLACE)


def chosen(warehouse: Warehouse) -> dict[str, str]:
    """The app's own settings: everything in the workspace, and so are the people."""
    return {
        "ONTOS_WAREHOUSE": "databricks", "ONTOS_WORKSPACE": "databricks",
        "ONTOS_HTTP_PATH": warehouse.path, "ONTOS_IDENTITY": "proxy",
    }  # fmt: skip


def part(source: Path, rows: int, target: Path) -> Path:
    """The rows of the first labels, whole, until there are `rows` of them."""
    with source.open(newline="", encoding="utf-8") as file:
        every = list(csv.DictReader(file))
    kept: list[dict[str, str]] = []
    for intent in dict.fromkeys(row["intent"] for row in every):
        if len(kept) >= rows:
            break
        kept += [row for row in every if row["intent"] == intent]
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(kept[0]))
        writer.writeheader()
        writer.writerows(kept)
    return target


def main() -> int:
    ask = argparse.ArgumentParser(description="The closed loop on a local workspace.")
    ask.add_argument("--spark", action="store_true", help="real Spark executes the SQL")
    ask.add_argument("--rows", type=int, help="fewer rows than the whole file")
    ask.add_argument("--delay", type=float, default=0.0, help="seconds that each statement takes")
    ask.add_argument("--refused", type=float, default=0.0, help="share of requests met with 503")
    asked = ask.parse_args()
    if not LOOP.exists():
        print(f"the loop is skipped: {LOOP} is not there")
        return 0
    lacking = missing() if asked.spark else None
    if lacking and "CI" in os.environ:
        print(f"the loop did not run: {lacking}")
        return 1
    if lacking:
        print(f"the embedded engine stands in for Spark: {lacking}")
    engine = SparkEngine(spark()) if asked.spark and not lacking else None
    with tempfile.TemporaryDirectory() as folder, whole(Path(folder), engine) as running:
        data = part(DATA, asked.rows, Path(folder) / "part.csv") if asked.rows else DATA
        faults, begun = running.warehouse.faults, time.monotonic()
        faults.delay, faults.refused_share = asked.delay, asked.refused
        code = running.passes(data)
        code = code or shared(running)
        told(running, time.monotonic() - begun)
        if code:
            print(running.app.said())
        return code or bool(running.workspace.unforeseen)


def shared(running: Whole) -> int:
    """Two versions of the script's model share its endpoint, guarded, until it is rolled back."""
    api, serving, full = Api(running.url), running.workspace.serving, ("keywords", "safety")
    place = f"/deployment/endpoints/{api('GET', '/deployment/endpoints')['items'][0]['name']}"
    first, second = sorted(api("GET", place)["traffic"])
    split = {first: 90, second: 10}
    api("PUT", f"{place}/traffic", {"traffic": split})
    held = api.until(place, ("ready", "failed"))["traffic"]
    asked = {"inputs": [{"message": "what is on my account"}]}
    seen = Counter(api("POST", f"{place}/query", asked)["model_version"] for _ in range(100))
    ours = api("PUT", f"{place}/guardrails", {"keywords": ["launch code"]})["held"]
    serving.guards_custom_models = True
    theirs = api("PUT", f"{place}/guardrails", {"keywords": ["launch code"], "safety": True})
    back = api("POST", f"{place}/rollback")
    pushed = [each.gateway["guardrails"]["input"] for each in serving.endpoints.values()]
    api.close()
    print(
        f"traffic 90/10 seen {seen[first]}/{seen[second]}; guardrails held by"
        f" {' and '.join(ours.values())}, by {' and '.join(set(theirs['held'].values()))} once it"
        f" takes them; rolled back to v{back['model_version']}"
    )
    return int(not (
        held == split and seen.total() == 100 and seen[first] > seen[second] > 0
        and ours == {"keywords": "workbench"} and theirs["held"] == dict.fromkeys(full, "workspace")
        and pushed[0]["invalid_keywords"] == ["launch code"] and pushed[0]["safety"]
        and back["traffic"] == {first: 100, second: 0}
    ))  # fmt: skip


def told(running: Whole, seconds: float) -> None:
    service, workspace = running.warehouse.service, running.workspace
    print(
        f"{seconds:.0f} s, {len(service.executed)} statements on at most {service.most_sessions}"
        f" sessions, {len(workspace.faults.calls)} calls,"
        f" unforeseen: {workspace.unforeseen or 'none'}"
    )


if __name__ == "__main__":
    sys.exit(main())

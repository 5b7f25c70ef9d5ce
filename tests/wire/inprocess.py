"""The workbench of a workspace in this very process: a test meets its callers, and both servers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from ontos.bootstrap import Workbench, open_workbench
from ontos.kernel.caller import Caller
from ontos.kernel.settings import Settings
from ontos.warehouse import quote
from ontos.workspace import Person
from tests.wire.duck import DuckEngine
from tests.wire.loop import NAME, join
from tests.wire.place import PREFIX
from tests.wire.server import Warehouse
from tests.wire.workspace.half import opened
from tests.wire.workspace.server import Workspace

ELSEWHERE = "workbench.elsewhere"
"""A schema that is not the workbench's own."""


@dataclass(frozen=True)
class Inside:
    """A running workbench, and what stands for Databricks behind it."""

    bench: Workbench
    workspace: Workspace
    warehouse: Warehouse

    def person(self, name: str = "ann@example.org", *, reads: bool = True) -> Caller:
        """An administrator of the workbench with a token of their own."""
        token = self.workspace.people.add(name, "admins")
        if reads:
            for kind, place, right in (("catalog", "workbench", "USE_CATALOG"),
                                       ("schema", ELSEWHERE, "USE_SCHEMA")):  # fmt: skip
                self.workspace.catalog.grant(kind, place, name, right)
            self.workspace.catalog.grant("schema", ELSEWHERE, name, "SELECT")
        return self.bench.directory.of_person(self.bench.known(Person(name, token=token)))

    def sql(self, statement: str) -> None:
        """Run by the owner of everything, past the workbench."""
        self.warehouse.engine.run(statement, {}, "default")

    def table(self, name: str, rows: list[dict[str, Any]]) -> str:
        """A table of strings that somebody else made; its full name."""
        full, data = f"{ELSEWHERE}.{name}", pa.Table.from_pylist(rows)
        columns = ", ".join(f"{quote(column)} STRING" for column in data.column_names)
        self.sql(f"CREATE TABLE {full} ({columns})")
        engine: Any = self.warehouse.engine
        engine.store.append(full, data)
        return full


@contextmanager
def inside(root: Path, **settings: Any) -> Iterator[Inside]:
    """Everything below an empty folder. Jobs run; SQL and all else is asked over the wire."""
    engine = DuckEngine(root / "unity.duckdb")
    warehouse = Warehouse(PREFIX + NAME, engine)
    engine.run("CREATE SCHEMA elsewhere", {}, "default")
    chosen = Settings(home=root / "home", warehouse="databricks", workspace="databricks",
                      http_path=warehouse.path, log_level="ERROR", **settings)  # fmt: skip
    try:
        with opened(root / "workspace") as workspace:
            join(workspace, warehouse, engine)
            workspace.catalog.add_schema(ELSEWHERE, "somebody")
            bench = open_workbench(chosen)
            bench.start()
            try:
                yield Inside(bench, workspace, warehouse)
            finally:
                warehouse.faults.forgiven()
                bench.close()
    finally:
        engine.close()

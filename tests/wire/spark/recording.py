"""A pytest plugin that records specimens of what a run of the suite puts to the embedded engine.

ONTOS_RECORD=folder pytest -p tests.wire.spark.recording …
"""

import os
import re
import threading
from collections import Counter
from collections.abc import Mapping
from contextvars import Context
from pathlib import Path
from typing import Any

import pytest

from ontos.kernel.errors import OntosError
from ontos.warehouse import EmbeddedWarehouse, on_execution, quote
from ontos.warehouse.dialect import databricks_type
from ontos.warehouse.dialect.writer import Untranslatable
from ontos.warehouse.store import duck_name
from tests.wire.spark.specimens import Met, Specimen, tables

SUITE = (
    "tests/data", "tests/deploy", "tests/doors", "tests/generate", "tests/govern", "tests/improve",
    "tests/journeys", "tests/kernel", "tests/label", "tests/monitor", "tests/pages",
    "tests/sample", "tests/train", "tests/workspace",
)  # fmt: skip
"""Tests of operations and doors; those of the engine itself say what no operation does."""
MOST_ROWS = 500
"""Specimens that met more rows are left: as many say no more."""
EACH_TEST = 2
EACH_TEXT = 6
"""Specimens of one text, in one test and altogether; a process takes them one by one."""
_ONCE = re.compile(
    r"\s*(?:--[^\n]*\s*)*(?:CREATE|DROP|ALTER)\b|.*\binformation_schema\b", re.DOTALL
)
"""What each start of a workbench says; one specimen of it is enough."""


class Recorder:
    """Writes to one file of this process."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / f"{os.getpid()}.jsonl").open("a", encoding="utf-8")
        self._own = threading.local()
        self._guard = threading.Lock()
        self._seen: Counter[tuple[str, str]] = Counter()
        self.test = ""

    def __call__(self, warehouse: EmbeddedWarehouse, sql: str, values: Mapping[str, Any]) -> None:
        if self.test and not getattr(self._own, "busy", False) and self._wanted(sql):
            self._own.busy = True
            try:
                # In a context of its own, so that no tally of a test counts these reads.
                specimen = Context().run(_taken, self.test, warehouse, sql, values)
            finally:
                self._own.busy = False
            if specimen is not None:
                self._write(specimen)

    def close(self) -> None:
        self._file.close()

    def _wanted(self, sql: str) -> bool:
        with self._guard:
            self._seen[sql, self.test] += 1
            if self._seen[sql, self.test] > EACH_TEST:
                return False
            self._seen[sql, ""] += 1
            return self._seen[sql, ""] <= (1 if _ONCE.match(sql) else EACH_TEXT)

    def _write(self, specimen: Specimen) -> None:
        line = specimen.written()
        with self._guard:
            if not self._file.closed:
                self._file.write(line + "\n")
                self._file.flush()


def _taken(
    test: str, warehouse: EmbeddedWarehouse, sql: str, values: Mapping[str, Any]
) -> Specimen | None:
    try:
        named = tables(sql, warehouse.schema)
    except Untranslatable:
        return None  # neither engine is asked
    schemas = tuple(row["name"] for row in warehouse.rows(_SCHEMAS))
    if any(schema == "information_schema" for schema, _ in named):
        rows = warehouse.rows(_TABLES)
        named = [(row["schema"], row["name"]) for row in rows]
    met = []
    for schema, name in named:
        table = _met(warehouse, schema, name)
        if table is not None:
            if table.rows.num_rows > MOST_ROWS:
                return None
            met.append(table)
    return Specimen(test, sql, _named(warehouse.schema), dict(values), schemas, tuple(met))


_SCHEMAS = (
    "SELECT schema_name AS name FROM information_schema.schemata"
    " WHERE catalog_name = 'workbench'"
    " AND schema_name NOT IN ('information_schema', 'pg_catalog', 'main')"
)
_TABLES = "SELECT table_schema AS schema, table_name AS name FROM information_schema.tables"


def _met(warehouse: EmbeddedWarehouse, schema: str, name: str) -> Met | None:
    try:
        rows = warehouse.arrow(f"SELECT * FROM {quote(schema, name)} LIMIT {MOST_ROWS + 1}")
    except OntosError:
        return None  # the statement makes it, or is about to fail
    with warehouse._reader() as cursor:  # its own DESCRIBE looks for comments, six times as long
        told = cursor.execute(f"DESCRIBE {duck_name(schema, name)}").fetchall()
    columns = tuple((column, databricks_type(kind)) for column, kind, *_ in told)
    return Met(_named(schema), name, columns, rows)


def _named(schema: str) -> str:
    """What DuckDB calls `main`, a catalog of Databricks calls `default`."""
    return "default" if schema == "main" else schema


_recorder: Recorder | None = None


def pytest_configure() -> None:
    global _recorder
    folder = os.environ.get("ONTOS_RECORD")
    if folder and _recorder is None:
        _recorder = Recorder(Path(folder))
        on_execution(_recorder)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if _recorder is not None:
        endless = item.get_closest_marker("endless")
        _recorder.test = item.nodeid if item.nodeid.startswith(SUITE) and not endless else ""


def pytest_unconfigure() -> None:
    if _recorder is not None:
        _recorder.test = ""
        _recorder.close()

"""A statement as the suite executed it: its text, its values, and the rows that it met."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlglot import exp

from ontos.warehouse.dialect.translation import parsed

_RANDOM_NAME = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Met:
    """A table as it was before the statement; `columns` are (name, Databricks type)."""

    schema: str
    name: str
    columns: tuple[tuple[str, str], ...]
    rows: pa.Table

    @property
    def emptied(self) -> "Met":
        return replace(self, rows=self.rows.slice(0, 0))

    @cached_property
    def label(self) -> str:
        """The same for tables that hold the same, wherever they are."""
        known = hashlib.sha256(repr((self.name, self.columns)).encode())
        known.update(_packed(self.rows).encode())
        return f"{self.schema.partition('_')[0]} {known.hexdigest()}"


@dataclass(frozen=True)
class Specimen:
    """`test` is the one that executed it; `schemas` are those that were there."""

    test: str
    sql: str
    schema: str
    values: dict[str, Any]
    schemas: tuple[str, ...]
    met: tuple[Met, ...]

    @property
    def weight(self) -> int:
        return sum(table.rows.num_rows for table in self.met)

    @property
    def shape(self) -> str:
        """The text without the random names in it."""
        return _RANDOM_NAME.sub("…", " ".join(self.sql.split()))

    def written(self) -> str:
        """One line of JSON."""
        met = [vars(table) | {"rows": _packed(table.rows)} for table in self.met]
        values = {name: _sent(value) for name, value in self.values.items()}
        return json.dumps(vars(self) | {"met": met, "values": values})


def tables(sql: str, schema: str) -> list[tuple[str, str]]:
    """(schema, name) of each table that a text names, without those that it makes for itself."""
    return sorted({(named or schema, table) for named, table in _named(sql)})


@lru_cache(maxsize=4096)
def tree_of(sql: str) -> exp.Expression:
    """Nobody may change it."""
    return parsed(sql)


@lru_cache(maxsize=4096)
def _named(sql: str) -> frozenset[tuple[str, str]]:
    """As `tables`, the schema empty where the text has none."""
    tree = tree_of(sql)
    if isinstance(tree, exp.Command):
        return frozenset()
    made = {each.alias_or_name for each in tree.find_all(exp.CTE)}
    named = (table for table in tree.find_all(exp.Table) if table.db or table.name not in made)
    return frozenset((table.db, table.name) for table in named if table.name)


def recorded(folder: Path) -> Iterator[Specimen]:
    for file in sorted(folder.glob("*.jsonl")):
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                yield _read(json.loads(line))


def _read(said: dict[str, Any]) -> Specimen:
    met = tuple(
        Met(
            table["schema"], table["name"],
            tuple((name, kind) for name, kind in table["columns"]), _unpacked(table["rows"]),
        )
        for table in said["met"]
    )  # fmt: skip
    values = {name: _received(value) for name, value in said["values"].items()}
    schemas = tuple(said["schemas"])
    return Specimen(said["test"], said["sql"], said["schema"], values, schemas, met)


def stream_of(table: pa.Table) -> bytes:
    """As an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as out:
        out.write_table(table)
    return bytes(sink.getvalue())


def _packed(table: pa.Table) -> str:
    return base64.b64encode(stream_of(table)).decode()


def _unpacked(text: str) -> pa.Table:
    with pa.ipc.open_stream(base64.b64decode(text)) as stream:
        return stream.read_all()


def _sent(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return {"decimal": str(value)} if isinstance(value, Decimal) else value


def _received(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, text),) = value.items()
    readers: dict[str, Any] = {
        "datetime": datetime.fromisoformat, "date": date.fromisoformat, "decimal": Decimal,
    }  # fmt: skip
    return readers[kind](text)

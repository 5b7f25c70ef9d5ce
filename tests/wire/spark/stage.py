"""The tables that a specimen met, set up in an engine; what stands already is left standing."""

from functools import lru_cache
from typing import Protocol

import pyarrow as pa
from sqlglot import exp

from ontos.kernel.tenancy import SYSTEM, desired
from ontos.warehouse import quote
from ontos.warehouse.migrate import declarations
from ontos.warehouse.rowtext import chunks, insert_of
from tests.wire.engine import Engine
from tests.wire.spark.specimens import Met, Specimen, tables, tree_of


class Shelf(Protocol):
    """An engine that can put a table back as it was, and fill one without a statement: quicker."""

    def fill(self, schema: str, name: str, rows: pa.Table) -> bool: ...
    def shelve(self, schema: str, name: str, label: str) -> None: ...
    def restore(self, schema: str, name: str, label: str) -> bool: ...


class Stage:
    """Nobody else may write to the engine."""

    def __init__(self, engine: Engine, shelf: Shelf | None = None) -> None:
        self._engine, self._shelf = engine, shelf
        self._schemas: set[str] = set()
        self._standing: dict[tuple[str, str], Met] = {}

    def prepare(self, specimen: Specimen) -> None:
        """Bring the tables that the statement names to where they were."""
        named = set(tables(specimen.sql, specimen.schema))
        met = {(table.schema, table.name): table for table in specimen.met}
        catalogue = any(schema == "information_schema" for schema, _ in named)
        wanted = {specimen.schema, *(schema for schema, _ in named | set(met))}
        for schema in specimen.schemas if catalogue else wanted & {"default", *specimen.schemas}:
            self._add_schema(schema)
        for key in set(self._standing) - set(met) if catalogue else named - set(met):
            self.drop(*key)
        for schema in self._schemas - set(specimen.schemas) if catalogue else ():
            self._drop_schema(schema)
        for key, table in met.items():
            if not _equal(self._standing.get(key), table):
                self._set_up(table)

    def touched(self, specimen: Specimen) -> None:
        """What the statement changed or made goes; so does what it may have."""
        for key in tables(specimen.sql, specimen.schema):
            self.drop(*key)
        tree = tree_of(specimen.sql)
        if isinstance(tree, exp.Drop) and tree.kind == "SCHEMA":
            gone = {table.db for table in tree.find_all(exp.Table)}
            self._schemas -= gone
            self._standing = {key: met for key, met in self._standing.items() if key[0] not in gone}

    def drop(self, schema: str, name: str) -> None:
        self._standing.pop((schema, name), None)
        if schema in self._schemas:
            self._engine.run(f"DROP TABLE IF EXISTS {quote(schema, name)}", {}, "default")

    def _add_schema(self, schema: str) -> None:
        if schema not in self._schemas and schema != "default":
            self._engine.run(f"CREATE SCHEMA IF NOT EXISTS {quote(schema)}", {}, "default")
        self._schemas.add(schema)

    def _drop_schema(self, schema: str) -> None:
        if schema != "default":
            self._engine.run(f"DROP SCHEMA IF EXISTS {quote(schema)} CASCADE", {}, "default")
            self._schemas.discard(schema)

    def _set_up(self, table: Met) -> None:
        self._standing.pop((table.schema, table.name), None)
        if not self._put_back(table):
            self._fill(table)
            self._keep(table)
        self._standing[table.schema, table.name] = table

    def _fill(self, table: Met) -> None:
        """Raises Invalid, before anything is made, for rows that JSON does not carry."""
        texts = [text for text, _ in chunks(table.rows)]
        empty = table.emptied
        if not self._put_back(empty):
            self._engine.run(f"DROP TABLE IF EXISTS {quote(table.name)}", {}, table.schema)
            self._engine.run(created(table), {}, table.schema)
            self._keep(empty)
        if not texts or (self._shelf and self._shelf.fill(table.schema, table.name, table.rows)):
            return
        statement = insert_of(quote(table.name), table.rows.schema)
        for text in texts:
            self._engine.run(statement, {"rows": text}, table.schema)

    def _put_back(self, table: Met) -> bool:
        return self._shelf is not None and self._shelf.restore(
            table.schema, table.name, table.label
        )

    def _keep(self, table: Met) -> None:
        if self._shelf:
            self._shelf.shelve(table.schema, table.name, table.label)


def _equal(one: Met | None, other: Met) -> bool:
    return one is not None and one.columns == other.columns and one.rows.equals(other.rows)


@lru_cache
def _declared(system: bool) -> dict[str, tuple[str, frozenset[str]]]:
    found = declarations(desired(system))
    return {each.table: (each.create, frozenset(each.columns)) for each in found}


def created(table: Met) -> str:
    """Its CREATE TABLE: as the schema file has it, else after its columns."""
    ours = table.schema == SYSTEM or table.schema.startswith("org_")
    create, columns = _declared(table.schema == SYSTEM).get(table.name, ("", frozenset()))
    if ours and columns == {name for name, _ in table.columns}:
        return create
    listed = ", ".join(f"{quote(name)} {kind}" for name, kind in table.columns)
    return (
        f"CREATE TABLE {quote(table.name)} ({listed}) USING DELTA"
        " TBLPROPERTIES ('delta.columnMapping.mode' = 'name')"
    )

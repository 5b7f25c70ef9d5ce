"""Bringing a schema to its desired state: what is missing is added, nothing is ever dropped."""

from functools import lru_cache
from types import MappingProxyType

import sqlglot
from sqlglot import exp

from ontos.warehouse.names import quote
from ontos.warehouse.protocol import Warehouse

Declared = MappingProxyType[str, MappingProxyType[str, str]]


@lru_cache
def _statements(schema_sql: str) -> tuple[tuple[str, str, Declared], ...]:
    """(table, its CREATE statement as written, its columns) of each declaration."""
    found = []
    for text in schema_sql.split(";\n"):
        tree = sqlglot.parse_one(text, read="databricks") if text.strip() else None
        if isinstance(tree, exp.Create):
            columns = {
                c.name: c.args["kind"].sql(dialect="databricks") for c in tree.find_all(exp.ColumnDef)
                if c.parent is tree.this
            }  # fmt: skip
            table = tree.this.this.name
            found.append((table, text.strip(), MappingProxyType({table: MappingProxyType(columns)})))
    return tuple(found)


def declared(schema_sql: str) -> dict[str, dict[str, str]]:
    """Table to column to type, as a schema file declares them."""
    return {t: dict(columns[t]) for t, _, columns in _statements(schema_sql)}


def migrate(warehouse: Warehouse, schema_sql: str) -> list[str]:
    """Create the tables and add the columns that are missing; what was done, in words."""
    present = _present(warehouse)
    done = []
    for table, create, columns in _statements(schema_sql):
        if table not in present:
            warehouse.execute(create)
            done.append(f"created {table}")
            continue
        for name, kind in columns[table].items():
            if name not in present[table]:
                warehouse.execute(f"ALTER TABLE {quote(table)} ADD COLUMN {quote(name)} {kind}")
                done.append(f"added {table}.{name}")
    return done


def _present(warehouse: Warehouse) -> dict[str, set[str]]:
    rows = warehouse.rows(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = :schema",
        schema=warehouse.schema,
    )
    present: dict[str, set[str]] = {}
    for row in rows:
        present.setdefault(row["table_name"], set()).add(row["column_name"])
    return present

"""Bringing a schema to its desired state: what is missing is added, and nothing is ever dropped."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType
from typing import TypeAlias

from ontos.kernel.errors import Invalid
from ontos.warehouse.names import quote
from ontos.warehouse.protocol import Warehouse

Tables: TypeAlias = Mapping[str, set[str]]
"""Table to its columns, in lower case."""
Standing: TypeAlias = Mapping[str, Tables]
"""Schema to its tables, in lower case."""


@dataclass(frozen=True)
class Declaration:
    """A table as the schema file declares it; `create` is its statement, `columns` name to type."""

    table: str
    create: str
    columns: Mapping[str, str]


def migrate(warehouse: Warehouse, schema_sql: str, present: Tables | None = None) -> list[str]:
    """Create the tables and add the columns that are missing; what was done, in words.

    One statement reads what is there, unless `present` tells. An added column is nullable, since
    rows may exist.
    """
    if present is None:
        present = standing(warehouse, warehouse.schema).get(warehouse.schema.lower(), {})
    done: list[str] = []
    for wanted in declarations(schema_sql):
        if wanted.table.lower() not in present:
            warehouse.execute(wanted.create)
            done.append(f"created {wanted.table}")
        else:
            done += _add_missing(warehouse, wanted, present[wanted.table.lower()])
    return done


def standing(warehouse: Warehouse, *schemas: str, hollow: str = "") -> Standing:
    """What stands in the schemas whose names match one of these, in one statement.

    `%` in a name stands for anything. Of schemas that match `hollow` the names alone are told. A
    schema that is not there is not in the answer.
    """
    wanted = dict(enumerate((hollow, *schemas)))
    alike = " OR ".join(f"s.schema_name LIKE :like{at} ESCAPE '!'" for at in wanted)
    rows = warehouse.rows(
        "SELECT s.schema_name, c.table_name, to_json(collect_list(c.column_name)) AS columns"  # noqa: S608 - names of our own
        " FROM information_schema.schemata AS s LEFT JOIN information_schema.columns AS c"
        " ON c.table_schema = s.schema_name AND c.table_catalog = s.catalog_name"
        f" AND c.table_schema NOT LIKE :like0 ESCAPE '!' WHERE {alike}"
        " GROUP BY s.schema_name, c.table_name",
        **{f"like{at}": pattern.replace("_", "!_") for at, pattern in wanted.items()},
    )
    found: dict[str, dict[str, set[str]]] = {}
    for row in rows:
        tables = found.setdefault(row["schema_name"].lower(), {})
        if row["table_name"] is not None:
            tables[row["table_name"].lower()] = {
                name.lower() for name in json.loads(row["columns"])
            }
    return found


def declared(schema_sql: str) -> dict[str, dict[str, str]]:
    """Table to column to Databricks type, as the text declares them."""
    return {wanted.table: dict(wanted.columns) for wanted in declarations(schema_sql)}


def _add_missing(warehouse: Warehouse, wanted: Declaration, there: set[str]) -> list[str]:
    missing = {name: kind for name, kind in wanted.columns.items() if name.lower() not in there}
    if missing:
        columns = ", ".join(f"{quote(name)} {kind}" for name, kind in missing.items())
        warehouse.execute(f"ALTER TABLE {quote(wanted.table)} ADD COLUMNS ({columns})")
    return [f"added {wanted.table}.{name}" for name in missing]


@lru_cache(maxsize=64)
def declarations(schema_sql: str) -> tuple[Declaration, ...]:
    """The tables of a schema file, in order. Raises Invalid for what is no CREATE TABLE."""
    import sqlglot
    from sqlglot import exp

    found: dict[str, Declaration] = {}
    for text in _statements(schema_sql):
        tree = sqlglot.parse_one(text, read="databricks")
        if not isinstance(tree, exp.Create) or not isinstance(tree.this, exp.Schema):
            raise Invalid(f"A schema file holds CREATE TABLE alone, not `{text[:60]} …`.")
        columns = {
            column.name: column.args["kind"].sql("databricks")
            for column in tree.this.expressions
            if isinstance(column, exp.ColumnDef)
        }
        table = tree.this.this.name
        if table in found:
            raise Invalid(f"The table {table} is declared twice.")
        found[table] = Declaration(table, text, MappingProxyType(columns))
    return tuple(found.values())


def _statements(schema_sql: str) -> list[str]:
    """The statements of a text; a semicolon inside a literal or a remark ends none."""
    from sqlglot.dialects.databricks import Databricks
    from sqlglot.tokens import TokenType

    cuts = [-1]
    cuts += [
        token.start
        for token in Databricks().tokenize(schema_sql)
        if token.token_type == TokenType.SEMICOLON
    ]
    cuts.append(len(schema_sql))
    parts = [schema_sql[a + 1 : b].strip() for a, b in pairwise(cuts)]
    return [part for part in parts if _has_words(part)]


def _has_words(text: str) -> bool:
    return any(line.strip() and not line.strip().startswith("--") for line in text.splitlines())

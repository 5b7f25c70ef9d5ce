"""DuckDB's own catalog, seen by one tenant."""

import re
from functools import lru_cache
from typing import Any

from ontos.kernel.errors import NotFound
from ontos.warehouse.protocol import Row, Warehouse
from ontos.workspace.names import three_parts, visible
from ontos.workspace.protocols import Column, Table

CATALOG = "workbench"


class LocalCatalog:
    """Tables of the embedded store, without the workbench's own and without other tenants'."""

    def __init__(self, warehouse: Warehouse, tenant: str) -> None:
        self._warehouse, self._tenant = warehouse, tenant

    def inside(self, transaction: Warehouse) -> "LocalCatalog":
        return LocalCatalog(transaction, self._tenant)

    def catalogs(self) -> list[str]:
        return [CATALOG]

    def schemas(self, catalog: str) -> list[str]:
        found = self._warehouse.rows(
            """
            SELECT s.schema_name AS name, count(t.table_name) AS tables
            FROM information_schema.schemata s
            LEFT JOIN information_schema.tables t
              ON t.table_catalog = s.catalog_name AND t.table_schema = s.schema_name
            WHERE s.catalog_name = :catalog
            GROUP BY s.schema_name
            ORDER BY s.schema_name
            """,
            catalog=_known(catalog),
        )
        # Every DuckDB store has a schema `main`; it means something only when it is used.
        named = (row["name"] for row in found if row["name"] != "main" or row["tables"])
        return [name for name in named if visible(name, self._tenant)]

    def tables(self, catalog: str, schema: str) -> list[Table]:
        if not visible(schema, self._tenant):
            return []
        found = self._warehouse.rows(
            """
            SELECT table_schema, table_name, table_comment AS about
            FROM information_schema.tables
            WHERE table_catalog = :catalog AND lower(table_schema) = lower(:schema)
            ORDER BY table_name
            """,
            catalog=_known(catalog),
            schema=schema,
        )
        return [Table(_full_name(row), comment=row["about"]) for row in found]

    def table(self, full_name: str) -> Table | None:
        parts = three_parts(full_name)
        if not parts or parts[0].lower() != CATALOG or not visible(parts[1], self._tenant):
            return None
        columns = self._warehouse.rows(
            """
            SELECT c.table_schema, c.table_name, c.column_name, c.data_type, c.is_nullable,
                   c.column_comment AS note, t.table_comment AS about
            FROM information_schema.columns c
            JOIN information_schema.tables t
              ON t.table_catalog = c.table_catalog AND t.table_schema = c.table_schema
             AND t.table_name = c.table_name
            WHERE c.table_catalog = :catalog AND lower(c.table_schema) = lower(:schema)
              AND lower(c.table_name) = lower(:name)
            ORDER BY c.ordinal_position
            """,
            catalog=CATALOG,
            schema=parts[1],
            name=parts[2],
        )
        if not columns:
            return None
        first = columns[0]
        return Table(_full_name(first), tuple(map(_column, columns)), first["about"])

    def upload_schema(self) -> str:
        return f"{CATALOG}.data_{self._tenant}"


def _known(catalog: str) -> str:
    if catalog.lower() != CATALOG:
        raise NotFound(
            f"There is no catalog {catalog[:120]!r}. Use `{CATALOG}`, the embedded store's.",
            field="catalog_name",
        )
    return CATALOG


def _full_name(row: Row) -> str:
    return f"{CATALOG}.{row['table_schema']}.{row['table_name']}"


def _column(row: Row) -> Column:
    nullable = row["is_nullable"] == "YES"
    return Column(row["column_name"], databricks_type(row["data_type"]), nullable, row["note"])


@lru_cache(maxsize=1024)
def databricks_type(duckdb_type: str) -> str:
    """What Databricks calls a DuckDB type: VARCHAR[] is ARRAY<STRING>."""
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    if duckdb_type.startswith("ENUM("):
        return "STRING"
    unsized = re.sub(r"\[\d+\]", "[]", duckdb_type)
    try:
        kind = exp.DataType.build(unsized, dialect="duckdb")
    except SqlglotError:
        return "STRING"  # a type that only DuckDB knows; its values can be read as text
    return str(kind.transform(_nearest).sql("databricks"))


# Types that Databricks lacks, as the narrowest one that holds their values.
_NEAREST = {
    "JSON": "VARIANT", "TIME": "STRING", "TIMETZ": "STRING", "BIT": "STRING", "BIGNUM": "STRING",
    "UINT": "BIGINT", "UBIGINT": "DECIMAL(20, 0)", "INT128": "DECIMAL(38, 0)",
    "UINT128": "DECIMAL(38, 0)", "TIMESTAMP_S": "TIMESTAMP_NTZ", "TIMESTAMP_MS": "TIMESTAMP_NTZ",
    "TIMESTAMP_NS": "TIMESTAMP_NTZ",
}  # fmt: skip


def _nearest(node: Any) -> Any:
    from sqlglot import exp

    name = node.this.name if isinstance(node, exp.DataType) else None
    known = _NEAREST.get(name) if name else None
    return exp.DataType.build(known, dialect="databricks") if known else node

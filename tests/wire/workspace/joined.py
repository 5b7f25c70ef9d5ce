"""One catalog for both servers: what SQL made is what Unity Catalog's REST tells."""

from collections.abc import Callable, Iterable

from ontos.warehouse import Warehouse
from ontos.workspace import Column, Table
from ontos.workspace.local.catalog import databricks_type


def tables_of(warehouse: Warehouse, catalog: str = "workbench") -> Callable[[], Iterable[Table]]:
    """The tables of an embedded engine, for `Catalog.engine`; read anew at each call."""

    def read() -> list[Table]:
        rows = warehouse.rows(
            """
            SELECT table_schema, table_name, column_name, data_type
            FROM information_schema.columns WHERE table_catalog = :catalog
            ORDER BY table_schema, table_name, ordinal_position
            """,
            catalog=catalog,
        )
        found: dict[str, list[Column]] = {}
        for row in rows:
            name = f"{catalog}.{row['table_schema']}.{row['table_name']}"
            kind = databricks_type(row["data_type"])
            found.setdefault(name, []).append(Column(row["column_name"], kind))
        return [Table(name, tuple(columns)) for name, columns in found.items()]

    return read

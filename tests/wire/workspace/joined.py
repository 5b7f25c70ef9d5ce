"""One catalog for both servers: what SQL made is what Unity Catalog's REST tells, and a grant holds
for both."""

from collections.abc import Callable, Iterable

from ontos.warehouse import Warehouse
from ontos.workspace import Column, Table
from ontos.workspace.local.catalog import databricks_type
from tests.wire.engine import Refused, tables
from tests.wire.workspace.http import Refusal
from tests.wire.workspace.server import Workspace


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


def rights_in(workspace: Workspace, catalog: str = "workbench") -> Callable[[str, str, str], None]:
    """For `Service.permits`: the tables of a statement must be granted to whoever asks."""

    def check(token: str, sql: str, schema: str) -> None:
        person = workspace.people.holder(token)
        if person.admin:
            return
        for table in tables(sql):
            name = f"{table.catalog or catalog}.{table.db or schema}.{table.name}".lower()
            try:
                workspace.catalog.check(person, "SELECT", "table", name)
            except Refusal as refusal:
                said = f"[INSUFFICIENT_PERMISSIONS] Insufficient privileges: {refusal.message}"
                raise Refused(f"{said} SQLSTATE: 42501") from refusal

    return check

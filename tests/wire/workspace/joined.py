"""One catalog for both servers: a grant in Unity Catalog holds for SQL as well."""

from collections.abc import Callable

from sqlglot import exp

from tests.wire.engine import Refused, statements, tables
from tests.wire.workspace.http import Person, Refusal
from tests.wire.workspace.server import Workspace


def rights_in(workspace: Workspace, catalog: str = "workbench") -> Callable[[str, str, str], None]:
    """For `Service.permits`: the tables of a statement must be granted to whoever asks.

    Whoever may use a catalog may ask what is in it, and owns the schemas that they create.
    """

    def check(token: str, sql: str, schema: str) -> None:
        person = workspace.people.holder(token)
        if person.admin:
            return
        try:
            for statement in statements(sql):
                _check(workspace, person, statement, catalog, schema)
        except Refusal as refusal:
            said = f"[INSUFFICIENT_PERMISSIONS] Insufficient privileges: {refusal.message}"
            raise Refused(f"{said} SQLSTATE: 42501") from refusal

    return check


def _check(workspace: Workspace, person: Person, sql: str, catalog: str, schema: str) -> None:
    for table in tables(sql):
        if _makes_schema(table):
            workspace.catalog.check(person, "CREATE_SCHEMA", "catalog", catalog)
            workspace.catalog.add_schema(f"{catalog}.{table.db}", person.name)
        elif table.db.lower() == "information_schema":
            workspace.catalog.check(person, "USE_CATALOG", "catalog", catalog)
        else:
            name = f"{table.catalog or catalog}.{table.db or schema}.{table.name}".lower()
            workspace.catalog.check(person, "SELECT", "table", name)


def _makes_schema(table: exp.Table) -> bool:
    made = table.parent
    return isinstance(made, exp.Create) and made.kind == "SCHEMA"

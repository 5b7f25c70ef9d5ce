"""One catalog for both servers: a grant in Unity Catalog holds for SQL as well."""

from collections.abc import Callable

from tests.wire.engine import Refused, tables
from tests.wire.workspace.http import Refusal
from tests.wire.workspace.server import Workspace


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

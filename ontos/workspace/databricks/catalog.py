"""Unity Catalog, with the rights of whoever asks."""

import re
from typing import TYPE_CHECKING

from ontos.kernel.errors import Denied, NotFound
from ontos.warehouse.protocol import Warehouse
from ontos.workspace.databricks.client import Connection
from ontos.workspace.names import grants, three_parts, visible
from ontos.workspace.protocols import Column, Table

if TYPE_CHECKING:
    from databricks.sdk.service.catalog import ColumnInfo, TableInfo


class DatabricksCatalog:
    """What Unity Catalog shows to the person, without the workbench's own tables.

    The org's uploads are the workbench's: the `app` made them, and roles decide who sees them.
    """

    def __init__(
        self, connection: Connection, catalog: str, org: str, app: Connection | None = None
    ) -> None:
        self._connection, self._catalog, self._org = connection, catalog, org
        self._app = app or connection

    def inside(self, transaction: Warehouse) -> "DatabricksCatalog":
        """Unity Catalog knows of no transaction."""
        return self

    def catalogs(self) -> list[str]:
        with self._connection.told("The catalogs cannot be listed"):
            found = self._connection.client.catalogs.list()
            return sorted({self._catalog, *(each.name for each in found if each.name)})

    def schemas(self, catalog: str) -> list[str]:
        with self._connection.told(f"The schemas of {catalog} cannot be listed"):
            found = self._connection.client.schemas.list(catalog)
            names = {s.name for s in found if s.name and self._visible(catalog, s.name)}
        if catalog.lower() == self._catalog.lower():
            names.add(self.upload_schema().rpartition(".")[2])
        return sorted(names)

    def tables(self, catalog: str, schema: str) -> list[Table]:
        if not self._visible(catalog, schema):
            return []
        asked = self._asked(catalog, schema)
        with asked.told(f"The tables of {catalog}.{schema} cannot be listed"):
            found = asked.client.tables.list(
                catalog, schema, omit_columns=True, omit_properties=True
            )
            return sorted(map(as_table, found), key=lambda each: each.full_name)

    def table(self, full_name: str) -> Table | None:
        parts = three_parts(full_name)
        if not parts or not self._visible(*parts[:2]) or re.search(r"[/?#%\s]", full_name):
            return None
        asked = self._asked(*parts[:2])
        try:
            with asked.told(f"The table {full_name} cannot be read"):
                return as_table(asked.client.tables.get(".".join(parts)))
        except NotFound:
            return None
        except Denied as error:
            raise Denied(
                f"You may not read {full_name}: {said(error).rstrip('.')}. Ask its owner for: "
                f"{grants(full_name, 'PERSON')}, where PERSON is you or a group of yours."
            ) from error

    def upload_schema(self) -> str:
        return f"{self._catalog}.data_{self._org}"

    def _asked(self, catalog: str, schema: str) -> Connection:
        """As whom a schema is looked into."""
        own = f"{catalog}.{schema}".lower() == self.upload_schema().lower()
        return self._app if own else self._connection

    def _visible(self, catalog: str, schema: str) -> bool:
        """In the workbench's own catalog orgs do not see one another; elsewhere grants decide."""
        if catalog.lower() == self._catalog.lower():
            return visible(schema, self._org)
        return schema.lower() != "information_schema"


def said(error: Denied) -> str:
    """The workspace's own words about what is lacking."""
    cause = error.__cause__
    return str(cause).partition(". Config: ")[0] if cause else error.detail


def as_table(info: "TableInfo") -> Table:
    name = info.full_name or f"{info.catalog_name}.{info.schema_name}.{info.name}"
    return Table(name, tuple(map(as_column, info.columns or ())), info.comment)


def as_column(info: "ColumnInfo") -> Column:
    kind = info.type_text or (info.type_name.value if info.type_name else "STRING")
    return Column(info.name or "", upper_type(kind), info.nullable is not False, info.comment)


def upper_type(text: str) -> str:
    """`struct<Name:string>` is STRUCT<Name:STRING>: names of fields stay as they are."""
    return re.sub(r"[A-Za-z_]\w*(?!\w*\s*:)", lambda word: word[0].upper(), text)

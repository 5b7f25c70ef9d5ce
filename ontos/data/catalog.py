"""What there is to make sheets of: catalogs, schemas, tables, and a look into one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from pydantic import BaseModel, Field

from ontos.data.access import reader
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Invalid, NotFound
from ontos.kernel.fields import Limit
from ontos.kernel.operation import operation
from ontos.kernel.permission import read
from ontos.kernel.seen import beside, see
from ontos.warehouse import Row, quote, split_name
from ontos.workspace import Column, Table
from ontos.workspace.names import three_parts

Offset = Annotated[int, Field(ge=0, description="Rows to skip.")]

UNORDERED = ("MAP", "VARIANT", "OBJECT", "INTERVAL", "GEOMETRY", "GEOGRAPHY")
"""Types by which a warehouse cannot sort."""


class CatalogSchema(BaseModel):
    """`uploads` marks the schema into which this org's files go."""

    catalog: str
    name: str
    uploads: bool


class CatalogColumn(BaseModel):
    """`type` is a Databricks SQL type."""

    name: str
    type: str
    comment: str | None = None


class CatalogTable(BaseModel):
    """`columns` is empty in lists: ask for one table to see them."""

    full_name: str
    comment: str | None = None
    columns: list[CatalogColumn]


@dataclass(frozen=True)
class Shape:
    """A table as it was seen; its `id` is the name that it was asked by."""

    id: str
    table: Table


class Preview(BaseModel):
    """`offset` is that of the first row shown; `more` tells whether rows follow the last."""

    columns: list[str]
    rows: list[dict[str, Any]]
    offset: int
    more: bool


@operation("GET /catalog/schemas", needs=read("sheets"), rights="person")
def list_schemas(caller: Caller) -> list[CatalogSchema]:
    """The schemas that you may look into, that of your uploads first."""
    catalog = caller.workspace.catalog
    uploads = catalog.upload_schema()
    found = [
        CatalogSchema(catalog=name, name=schema, uploads=f"{name}.{schema}" == uploads)
        for name in catalog.catalogs()
        for schema in catalog.schemas(name)
    ]
    return sorted(found, key=lambda schema: not schema.uploads)


@operation("GET /catalog/tables", needs=read("sheets"), rights="person")
def list_tables(caller: Caller, catalog_name: str, schema_name: str) -> list[CatalogTable]:
    """The tables of one schema, by name."""
    catalog = caller.workspace.catalog
    tables = catalog.tables(catalog_name, schema_name)
    if not tables and schema_name.lower() not in map(str.lower, catalog.schemas(catalog_name)):
        raise NotFound(
            f"schema_name: there is no schema {schema_name[:120]!r} in {catalog_name}, or you may "
            "not see it. List schemas for those there are.",
            field="schema_name",
        )
    return [_shown(table) for table in tables]


@operation("GET /catalog/tables/{table_name}", needs=read("sheets"), rights="person")
def get_table(caller: Caller, table_name: str) -> CatalogTable:
    """One table with its columns, by its three-level name."""
    return _shown(find_table(caller, table_name))


@operation("GET /catalog/tables/{table_name}/preview", needs=read("sheets"), rights="person")
def preview_table(
    caller: Caller, table_name: str, limit: Limit = 20, offset: Offset = 0
) -> Preview:
    """Some rows of a table, sorted by its columns so that pages never shift."""

    def rows_of(shape: Shape) -> Preview:
        table = shape.table
        order = ", ".join(map(quote, _sortable(table.columns)))
        rows = reader(caller, table.full_name).rows(
            f"SELECT * FROM {quote(*split_name(table.full_name))}"  # noqa: S608
            f" {f'ORDER BY {order}' if order else ''} LIMIT :limit OFFSET :offset",
            limit=limit + 1,
            offset=offset,
        )
        return look([c.name for c in table.columns], rows, limit, offset)

    return beside(caller, Shape, table_name, partial(look_up_table, caller, table_name), rows_of)


def look_up_table(caller: Caller, table_name: str) -> Shape:
    """The table as the person sees it, remembered for `preview_table`."""
    return see(caller, Shape(table_name, find_table(caller, table_name)))


def find_table(caller: Caller, full_name: str, field: str = "table_name") -> Table:
    """The table, if it exists and the person may see it."""
    said = full_name if len(full_name) <= 120 else f"{full_name[:120]}…"
    if three_parts(full_name) is None:
        raise Invalid(
            f"{field}: {said!r} is not the name of a table. Write catalog.schema.table.",
            field=field,
        )
    table = caller.workspace.catalog.table(full_name)
    if table is None:
        raise NotFound(
            f"{field}: there is no table {said}, or you may not see it. "
            "Browse the catalog for the tables you may use, or upload a file.",
            field=field,
        )
    return table


def look(columns: list[str], rows: Sequence[Row], limit: int, offset: int) -> Preview:
    """A preview out of `limit + 1` rows read."""
    shown = [{name: _plain(value) for name, value in row.items()} for row in rows[:limit]]
    return Preview(columns=columns, rows=shown, offset=offset, more=len(rows) > limit)


def _plain(value: Any) -> Any:
    """The value as JSON can carry it: bytes by their size, numbers that are none as nothing."""
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return f"{len(value):,} bytes"
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _sortable(columns: Sequence[Column]) -> list[str]:
    return [c.name for c in columns if not c.type.startswith(UNORDERED)]


def _shown(table: Table) -> CatalogTable:
    columns = [CatalogColumn(name=c.name, type=c.type, comment=c.comment) for c in table.columns]
    return CatalogTable(full_name=table.full_name, comment=table.comment, columns=columns)

"""DuckDB's answers as plain Python and plain Arrow."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ontos.kernel.errors import NotFound
from ontos.warehouse.protocol import Row

if TYPE_CHECKING:
    from ontos.warehouse.dialect import Translation

Change = Callable[[Any], Any]


def plain_rows(cursor: Any) -> list[Row]:
    """What a cursor has fetched: lists for arrays, dicts for structs, UTC for timestamps."""
    names = [column[0] for column in cursor.description]
    rows = cursor.fetchall()
    changes = [_change(str(column[1])) for column in cursor.description]
    if any(changes):
        kept = [change or _same for change in changes]
        return [{n: c(v) for n, c, v in zip(names, kept, row, strict=True)} for row in rows]
    return [dict(zip(names, row, strict=True)) for row in rows]


def plain_schema(schema: pa.Schema, kinds: list[str]) -> pa.Schema | None:
    """The schema with whole numbers for DuckDB's 128-bit sums; None where it is plain already."""
    fields = [
        pa.field(field.name, pa.int64()) if kind == "HUGEINT" else field
        for field, kind in zip(schema, kinds, strict=True)
    ]
    return pa.schema(fields) if fields != list(schema) else None


def _change(kind: str) -> Change | None:
    """How values of a DuckDB type become plain; None where they are."""
    if kind == "TIMESTAMP WITH TIME ZONE":
        return _utc
    if kind == "UUID":
        return _text
    return _nested if "TIME ZONE" in kind or "UUID" in kind else None


def _utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.replace(tzinfo=UTC)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _nested(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo else value
    if isinstance(value, list):
        return [_nested(item) for item in value]
    if isinstance(value, dict):
        return {_nested(key): _nested(item) for key, item in value.items()}
    return value


def _same(value: Any) -> Any:
    return value


def described(translation: "Translation", found: list[Row]) -> list[Row]:
    """The columns of a table, with the types that Databricks has for them."""
    from ontos.warehouse.dialect import databricks_type

    if not found:
        raise NotFound(f"There is no table {translation.describes}. Check its name and schema.")
    return [row | {"data_type": databricks_type(row["data_type"])} for row in found]

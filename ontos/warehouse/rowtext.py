"""Arrow rows as JSON text: many rows travel as one bound value."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from ontos.kernel.errors import Invalid
from ontos.warehouse.names import quote, split_name

CHUNK_BYTES = 4_000_000
CHUNK_ROWS = 50_000


def insert_of(table: str, schema: pa.Schema) -> str:
    """The INSERT that unfolds `:rows`, typed after the Arrow schema."""
    names = ", ".join(quote(name) for name in schema.names)
    fields = ", ".join(f"{quote(f.name)}: {sql_type(f.type)}" for f in schema)
    fields = fields.replace("\\", "\\\\").replace("'", "\\'")
    picked = ", ".join(f"r.{quote(name)}" for name in schema.names)
    return (
        f"INSERT INTO {quote(*split_name(table))} ({names}) SELECT {picked} FROM ("  # noqa: S608
        f"SELECT explode(from_json(:rows, 'ARRAY<STRUCT<{fields}>>')) AS r) AS sent"
    )


def sql_type(kind: pa.DataType) -> str:
    """The Databricks type of an Arrow type; raises Invalid for one that no table has."""
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"ARRAY<{sql_type(kind.value_type)}>"
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    for test, name in _TYPES:
        if test(kind):
            return name
    raise Invalid(f"Columns of the type {kind} cannot be stored. Cast them to text first.")


_TYPES = (
    (pa.types.is_boolean, "BOOLEAN"),
    (pa.types.is_int64, "BIGINT"),
    (pa.types.is_uint32, "BIGINT"),
    (pa.types.is_integer, "INT"),
    (pa.types.is_floating, "DOUBLE"),
    (lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind), "STRING"),
    (pa.types.is_null, "STRING"),
    (pa.types.is_timestamp, "TIMESTAMP"),
    (pa.types.is_date, "DATE"),
)


def chunks(data: pa.Table | pa.RecordBatchReader) -> Iterator[tuple[str, int]]:
    """(JSON list of rows, how many), each text of a bounded size."""
    held: list[str] = []
    size = 0
    batches = data.to_batches(CHUNK_ROWS) if isinstance(data, pa.Table) else data
    for batch in batches:
        for row in batch.to_pylist():
            text = _JSON.encode(row)
            if held and (size + len(text) > CHUNK_BYTES or len(held) >= CHUNK_ROWS):
                yield f"[{','.join(held)}]", len(held)
                held, size = [], 0
            held.append(text)
            size += len(text) + 1
    if held:
        yield f"[{','.join(held)}]", len(held)


def _text(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise Invalid(f"A value of the type {type(value).__name__} cannot be stored.")


_JSON = json.JSONEncoder(ensure_ascii=False, default=_text)
"""One for all rows: `json.dumps` would make another for each."""

"""Rows as JSON text: what is sent can be unfolded again by the SQL that goes with it."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from ontos.kernel.errors import Invalid
from ontos.warehouse import EmbeddedWarehouse
from ontos.warehouse.rowtext import CHUNK_BYTES, CHUNK_ROWS, chunks, insert_of, sql_type

ROWS = pa.table(
    {
        "id": ["it's", "b\\é😀\n"],
        "at": pa.array([datetime(2024, 1, 2, 3, 4, 5, 678000, UTC), None]),
        "tags": [["x", None], []],
        "n": [2**60, None],
        "score": [0.5, 1e300],
        "day": [date(2024, 1, 2), None],
        "yes": [True, None],
        "price": pa.array([Decimal("1.50"), None], pa.decimal128(10, 2)),
        "none": pa.nulls(2),
    }
)


def test_what_is_sent_arrives(warehouse: EmbeddedWarehouse) -> None:
    columns = ", ".join(f"`{field.name}` {sql_type(field.type)}" for field in ROWS.schema)
    warehouse.execute(f"CREATE TABLE sent ({columns})")
    for text, count in chunks(ROWS):
        assert warehouse.execute(insert_of("sent", ROWS.schema), rows=text) == count
    by_id = "id"
    found = warehouse.rows("SELECT * FROM sent ORDER BY id DESC")
    assert found == sorted(ROWS.to_pylist(), key=lambda row: row[by_id], reverse=True)


def test_texts_are_bounded() -> None:
    wide = pa.table({"text": ["x" * 1_000_000] * 9})
    sizes = [(len(text), count) for text, count in chunks(wide)]
    assert sum(count for _, count in sizes) == 9
    assert all(size <= CHUNK_BYTES + 100 for size, _ in sizes)
    long = pa.table({"n": range(CHUNK_ROWS * 2 + 1)})
    assert [count for _, count in chunks(long)] == [CHUNK_ROWS, CHUNK_ROWS, 1]


def test_a_row_larger_than_a_text_goes_alone() -> None:
    rows = pa.table({"text": ["x" * (CHUNK_BYTES + 1), "y"]})
    assert [count for _, count in chunks(rows)] == [1, 1]


def test_no_rows_are_no_text() -> None:
    assert list(chunks(pa.table({"n": pa.array([], pa.int64())}))) == []


def test_a_stream_is_read_once() -> None:
    reader = ROWS.select(["id", "n"]).to_reader()
    ((text, count),) = chunks(reader)
    assert count == 2
    assert json.loads(text)[1] == {"id": "b\\é😀\n", "n": None}


@pytest.mark.parametrize(
    "kind", [pa.binary(), pa.duration("s"), pa.struct([("a", pa.int64())]), pa.time32("s")]
)
def test_what_no_table_has(kind: pa.DataType) -> None:
    with pytest.raises(Invalid, match="Cast them"):
        sql_type(kind)

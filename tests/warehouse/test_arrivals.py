"""Arrow rows are appended by name, all or none."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from ontos.kernel.errors import Conflict, Invalid, NotFound
from ontos.warehouse import EmbeddedWarehouse, quote


@pytest.fixture
def people(warehouse: EmbeddedWarehouse) -> EmbeddedWarehouse:
    warehouse.execute(
        "CREATE TABLE people (id STRING NOT NULL, Age BIGINT, tags ARRAY<STRING>, at TIMESTAMP)"
    )
    return warehouse


def test_columns_are_matched_by_name(people: EmbeddedWarehouse) -> None:
    at = datetime(2024, 1, 1, tzinfo=UTC)
    data = pa.table({"at": [at, None], "tags": [["x", None], []], "age": [3, 4], "ID": ["a", "b"]})
    assert people.append("people", data) == 2
    assert people.rows("SELECT * FROM people ORDER BY id") == [
        {"id": "a", "Age": 3, "tags": ["x", None], "at": at},
        {"id": "b", "Age": 4, "tags": [], "at": None},
    ]


def test_missing_columns_are_empty_and_types_are_cast(people: EmbeddedWarehouse) -> None:
    assert people.append(quote("shop", "people"), pa.table({"id": [1], "Age": ["7"]})) == 1
    found = people.rows("SELECT id, Age, tags FROM people")
    assert found == [{"id": "1", "Age": 7, "tags": None}]


def test_an_unknown_column_is_refused(people: EmbeddedWarehouse) -> None:
    with pytest.raises(Invalid, match="id, Age, tags, at") as refused:
        people.append("people", pa.table({"id": ["a"], "shoe": [44]}))
    assert refused.value.field == "shoe"


@pytest.mark.parametrize(
    "data",
    [
        pa.table({"id": ["a", None]}),
        pa.table({"id": ["a", "b"], "Age": ["1", "many"]}),
        pa.table([["a"], ["b"]], names=["id", "ID"]),
    ],
)
def test_all_rows_or_none(people: EmbeddedWarehouse, data: pa.Table) -> None:
    with pytest.raises(Invalid):
        people.append("people", data)
    assert people.rows("SELECT count(*) AS n FROM people") == [{"n": 0}]


def test_a_table_that_is_not_there(people: EmbeddedWarehouse) -> None:
    with pytest.raises(NotFound, match="nobody"):
        people.append("nobody", pa.table({"id": ["a"]}))


def batches(count: int, broken: bool) -> Iterator[pa.RecordBatch]:
    for at in range(count):
        yield pa.record_batch({"id": [f"{at}-{n}" for n in range(1000)]})
    if broken:
        raise Conflict("the source changed meanwhile")


def reader(count: int, broken: bool = False) -> pa.RecordBatchReader:
    return pa.RecordBatchReader.from_batches(
        pa.schema([("id", pa.string())]), batches(count, broken)
    )


def test_a_stream_is_appended(people: EmbeddedWarehouse) -> None:
    assert people.append("people", reader(5)) == 5000
    assert people.append("people", reader(0)) == 0


def test_a_broken_stream_leaves_nothing_and_its_own_error(people: EmbeddedWarehouse) -> None:
    with pytest.raises(Conflict, match="the source changed"):
        people.append("people", reader(5, broken=True))
    assert people.rows("SELECT count(*) AS n FROM people") == [{"n": 0}]


def test_appending_belongs_to_the_transaction(people: EmbeddedWarehouse) -> None:
    with pytest.raises(Conflict), people.transaction() as inside:
        assert inside.append("people", pa.table({"id": ["a"]})) == 1
        assert inside.rows("SELECT id FROM people") == [{"id": "a"}]
        raise Conflict("no")
    assert people.rows("SELECT id FROM people") == []

"""Reading and writing through DuckDB."""

import threading
import time
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from ontos.kernel.errors import Invalid, NotFound, Unavailable
from ontos.warehouse import EmbeddedWarehouse, executed_texts, open_embedded, quote

NOW = datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)


@pytest.fixture
def items(warehouse: EmbeddedWarehouse) -> EmbeddedWarehouse:
    warehouse.execute("CREATE TABLE items (id STRING NOT NULL, n BIGINT, at TIMESTAMP)")
    return warehouse


def fill(items: EmbeddedWarehouse, count: int) -> int:
    return items.execute(
        "INSERT INTO items (id, n) SELECT concat('i', CAST(x AS STRING)), x"
        " FROM (SELECT explode(sequence(1, :count)) AS x) AS q",
        count=count,
    )


VALUES: list[tuple[str, Any]] = [
    ("STRING", "it's `\"é😀\n\x01"), ("STRING", ""), ("BIGINT", 2**62), ("INT", -5),
    ("DOUBLE", 0.1), ("BOOLEAN", False), ("TIMESTAMP", NOW), ("DATE", date(2024, 2, 29)),
    ("DECIMAL(10, 2)", Decimal("1.50")), ("STRING", None), ("TIMESTAMP", None),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "given"), VALUES)
def test_a_bound_value_comes_back(warehouse: EmbeddedWarehouse, kind: str, given: Any) -> None:
    warehouse.execute(f"CREATE TABLE kept (v {kind})")
    warehouse.execute("INSERT INTO kept (v) VALUES (:v)", v=given)
    found = warehouse.rows("SELECT v FROM kept")
    assert found == [{"v": given}]
    assert type(found[0]["v"]) is type(given)
    assert warehouse.rows("SELECT count(*) AS n FROM kept WHERE v <=> :v", v=given) == [{"n": 1}]


def test_times_are_utc_wherever_they_came_from(items: EmbeddedWarehouse) -> None:
    there = NOW.astimezone(timezone(timedelta(hours=5)))
    items.execute("INSERT INTO items (id, at) VALUES ('a', :at)", at=there)
    found = items.rows("SELECT at, array(at) AS many FROM items")[0]
    assert found == {"at": NOW, "many": [NOW]}
    assert found["at"].tzinfo is UTC
    assert found["many"][0].tzinfo is UTC


def test_arrays_and_structs_are_lists_and_dicts(warehouse: EmbeddedWarehouse) -> None:
    rows = warehouse.rows(
        "SELECT array('a', NULL) AS a, array() AS b, named_struct('x', 1) AS c, map('k', 2) AS d"
    )
    assert rows == [{"a": ["a", None], "b": [], "c": {"x": 1}, "d": {"k": 2}}]


def test_more_values_than_the_text_names_are_fine(warehouse: EmbeddedWarehouse) -> None:
    assert warehouse.rows("SELECT :a AS a", a=1, b=2) == [{"a": 1}]


def test_a_value_that_is_missing_is_named(warehouse: EmbeddedWarehouse) -> None:
    with pytest.raises(Invalid, match=":b") as refused:
        warehouse.rows("SELECT :a AS a, :b AS b", a="secret")
    assert refused.value.field == "b"
    assert "secret" not in refused.value.detail


@pytest.mark.parametrize("given", [["a"], {"a": 1}, object(), b"raw", "\ud800"])
def test_what_cannot_be_bound(warehouse: EmbeddedWarehouse, given: Any) -> None:
    with pytest.raises(Invalid) as refused:
        warehouse.rows("SELECT :ids AS ids", ids=given)
    assert refused.value.field == "ids"


def test_writes_count_their_rows(items: EmbeddedWarehouse) -> None:
    assert fill(items, 10) == 10
    assert items.execute("UPDATE items SET n = n + 1 WHERE n > 5") == 5
    assert items.execute("DELETE FROM items WHERE n > 100") == 0
    assert items.execute("SELECT n FROM items") == 0


def test_compare_and_set(items: EmbeddedWarehouse) -> None:
    fill(items, 1)
    change = "UPDATE items SET n = n + 1 WHERE id = 'i1' AND n = :before"
    assert items.execute(change, before=1) == 1
    assert items.execute(change, before=1) == 0


def test_arrow_has_the_types_of_the_tables(items: EmbeddedWarehouse) -> None:
    fill(items, 3)
    table = items.arrow("SELECT id, n, at, array(id) AS l, sum(n) OVER () AS s FROM items")
    assert table.schema.types == [
        pa.string(), pa.int64(), pa.timestamp("us", "UTC"), pa.list_(pa.field("l", pa.string())),
        pa.int64(),
    ]  # fmt: skip
    assert table["s"].to_pylist() == [6, 6, 6]


def test_batches_are_streamed(items: EmbeddedWarehouse) -> None:
    fill(items, 50_000)
    sizes = [batch.num_rows for batch in items.batches("SELECT * FROM items")]
    assert sum(sizes) == 50_000
    assert len(sizes) > 1


def test_a_stream_may_be_left_and_statements_run_beside_it(items: EmbeddedWarehouse) -> None:
    fill(items, 50_000)
    stream = items.batches("SELECT * FROM items")
    next(stream)
    assert fill(items, 1) == 1
    assert sum(batch.num_rows for batch in stream) < 50_000
    left = items.batches("SELECT * FROM items")
    next(left)
    left.close()


def test_a_stream_of_what_is_not_there(items: EmbeddedWarehouse) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        list(items.batches("SELECT * FROM nowhere"))


def test_schemas_do_not_see_one_another(items: EmbeddedWarehouse) -> None:
    items.create_schema("other")
    items.create_schema("other")
    other = items.within("other")
    with pytest.raises(NotFound):
        other.rows("SELECT * FROM items")
    other.execute("CREATE TABLE items (id STRING)")
    fill(items, 2)
    assert other.rows("SELECT count(*) AS n FROM items") == [{"n": 0}]
    assert other.rows("SELECT count(*) AS n FROM shop.items") == [{"n": 2}]
    assert other.rows(f"SELECT count(*) AS n FROM {quote('workbench', 'shop', 'items')}") == [
        {"n": 2}
    ]


def test_a_schema_that_is_missing_is_named(warehouse: EmbeddedWarehouse) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        warehouse.within("nowhere").rows("SELECT 1 AS one")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM `/etc/passwd`",
        "SELECT * FROM csv.`/etc/hosts`",
    ],
)
def test_files_are_out_of_reach(warehouse: EmbeddedWarehouse, sql: str) -> None:
    with pytest.raises(Exception, match=r"(?i)no table|not|permission|cannot"):
        warehouse.rows(sql)


def test_threads_write_one_after_the_other(items: EmbeddedWarehouse) -> None:
    fill(items, 1)

    def add() -> None:
        for _ in range(10):
            items.execute("UPDATE items SET n = n + 1 WHERE id = 'i1'")
            items.rows("SELECT n FROM items")

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert items.rows("SELECT n FROM items") == [{"n": 61}]


def test_executed_texts_are_remembered_once(warehouse: EmbeddedWarehouse) -> None:
    sql = "SELECT 'remember me' AS r"
    warehouse.rows(sql)
    warehouse.rows(sql)
    assert executed_texts().count(sql) == 1


def test_a_translation_is_made_once(warehouse: EmbeddedWarehouse) -> None:
    sql = f"SELECT {' + '.join(['1'] * 500)} AS n"
    warehouse.rows(sql)
    began = time.perf_counter()
    from ontos.warehouse.dialect import translate

    translate(sql)
    assert time.perf_counter() - began < 0.01


def test_an_error_halfway_through_a_stream_is_explained(items: EmbeddedWarehouse) -> None:
    fill(items, 400_000)
    with pytest.raises(Invalid, match="divides by zero"):
        list(items.batches("SELECT 10 / (n - 300000) AS r FROM items"))
    assert items.rows("SELECT count(*) AS n FROM items") == [{"n": 400_000}]


def test_a_closed_store_says_so(file: Path) -> None:
    store = open_embedded(file)
    store.execute("CREATE TABLE t AS SELECT 1 AS a")
    store.close()
    store.close()
    with pytest.raises(Unavailable, match="closed"):
        store.rows("SELECT a FROM t")
    again = open_embedded(file)
    assert again.rows("SELECT a FROM t") == [{"a": 1}]
    again.close()

"""The product's engine through the real connector: what it writes is what it reads."""

import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from databricks.sql.backend import thrift_backend

from ontos.kernel.errors import Conflict, Invalid, NotFound
from ontos.kernel.settings import Settings
from ontos.warehouse.databricks import DatabricksWarehouse
from tests.wire.engine import Answer
from tests.wire.server import TOKEN, Server, Warehouse

VALUES = {
    "text": "it's `\\é😀\n\u2028", "whole": 2**60, "part": 0.1, "yes": True, "nothing": None,
    "day": date(2024, 2, 29), "at": datetime(2024, 1, 2, 3, 4, 5, 678901, UTC), "empty": "",
}  # fmt: skip


def test_values_come_back(client: DatabricksWarehouse) -> None:
    asked = ", ".join(f":{name} AS {name}" for name in VALUES)
    assert client.rows(f"SELECT {asked}", **VALUES) == [VALUES]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("CAST(1.50 AS DECIMAL(10, 2))", Decimal("1.50")),
        ("array(1, NULL, 3)", [1, None, 3]),
        ("named_struct('a', 1, 'b', 'x')", {"a": 1, "b": "x"}),
        ("CAST(NULL AS STRING)", None),
        ("map('k', 1)", {"k": 1}),
    ],
)
def test_types_come_back(client: DatabricksWarehouse, expression: str, value: Any) -> None:
    assert client.rows(f"SELECT {expression} AS v") == [{"v": value}]


def test_changes_are_counted(client: DatabricksWarehouse) -> None:
    counts = [
        client.execute("CREATE TABLE t (id STRING, n INT)"),
        client.execute("INSERT INTO t VALUES ('a', 1), ('b', 2), ('c', 3)"),
        client.execute("UPDATE t SET n = 9 WHERE n > 1"),
        client.execute("DELETE FROM t WHERE id = 'a'"),
        client.execute("DELETE FROM t WHERE id = 'a'"),
    ]
    assert counts == [0, 3, 2, 1, 0]


def test_names_belong_to_the_schema(client: DatabricksWarehouse) -> None:
    for schema in ("one", "two"):
        client.create_schema(schema)
        client.within(schema).execute("CREATE TABLE t (name STRING)")
        client.within(schema).execute("INSERT INTO t VALUES (:name)", name=schema)
    assert client.within("one").rows("SELECT name FROM t") == [{"name": "one"}]
    assert client.within("two").rows("SELECT name FROM t") == [{"name": "two"}]


def test_many_rows_are_appended(client: DatabricksWarehouse) -> None:
    client.execute("CREATE TABLE t (id STRING, at TIMESTAMP, tags ARRAY<STRING>)")
    rows = pa.table(
        {
            "id": [f"{n}'é" for n in range(60_000)],
            "at": pa.array([datetime(2024, 1, 2, 3, 4, 5, 678000, UTC)] * 60_000),
            "tags": [["x", None]] * 60_000,
        }
    )
    assert client.append("t", rows) == 60_000
    found = client.rows("SELECT count(DISTINCT id) AS n, min(at) AS at FROM t")
    assert found == [{"n": 60_000, "at": datetime(2024, 1, 2, 3, 4, 5, 678000, UTC)}]
    assert client.rows("SELECT tags FROM t LIMIT 1") == [{"tags": ["x", None]}]


def test_an_empty_answer_keeps_its_columns(client: DatabricksWarehouse) -> None:
    table = client.arrow("SELECT 1 AS a, 'x' AS b WHERE 1 = 2")
    assert (table.num_rows, table.column_names) == (0, ["a", "b"])
    assert list(client.batches("SELECT 1 AS a WHERE 1 = 2")) == []


def test_an_answer_is_read_ahead(
    client: DatabricksWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not field by field, as the connector by itself does."""
    asked: list[int] = []
    transport = thrift_backend.databricks.sql.auth.thrift_http_client.THttpClient
    reading = transport.read

    def read(self: Any, size: int) -> bytes:
        asked.append(size)
        return bytes(reading(self, size))

    monkeypatch.setattr(transport, "read", read)
    client.rows("SELECT 1 AS one")
    asked.clear()
    wide = {f"column_{at}": at for at in range(20)}
    assert client.rows(f"SELECT {', '.join(f'{at} AS {name}' for name, at in wide.items())}") == [
        wide
    ]
    assert len(asked) == 1


def test_a_long_answer_comes_whole(client: DatabricksWarehouse, served: Warehouse) -> None:
    """More than one page, in order, by both verbs that read many rows."""
    sql = "SELECT explode(sequence(1, 130000)) AS n"
    assert client.arrow(sql)["n"].to_pylist() == list(range(1, 130_001))
    batches = [batch for batch in client.batches(sql)]
    assert pa.Table.from_batches(batches)["n"].to_pylist() == list(range(1, 130_001))
    assert served.faults.seen["FetchResults"] >= 6
    assert not served.service.operations


@pytest.mark.parametrize(
    ("sql", "kind", "told"),
    [
        ("SELECT * FROM nope", NotFound, "There is no table nope"),
        ("SELECT nope FROM t", Invalid, "There is no column nope"),
        ("INSERT INTO t (id, n) VALUES (NULL, 1)", Invalid, "id must have a value"),
        ("SELECT CAST('x' AS INT) AS n", Invalid, "cannot be read as INT"),
        ("SELECT :q AS q", Invalid, "No value is given for :q"),
        ("CREATE TABLE t (id STRING)", Conflict, "name is taken"),
    ],
)
def test_refusals_are_those_of_the_embedded_engine(
    client: DatabricksWarehouse, sql: str, kind: type[Exception], told: str
) -> None:
    client.execute("CREATE TABLE IF NOT EXISTS t (id STRING NOT NULL, n INT)")
    with pytest.raises(kind, match=told):
        client.rows(sql)


def test_an_unbindable_value_never_leaves(client: DatabricksWarehouse) -> None:
    with pytest.raises(Invalid, match="ids: a list cannot be bound"):
        client.rows("SELECT :ids AS x", ids=["a"])  # type: ignore[arg-type]


def test_the_settings_must_name_a_warehouse(settings: Settings) -> None:
    from ontos.kernel.errors import Unavailable
    from ontos.warehouse import open_databricks

    with pytest.raises(Unavailable, match="ONTOS_HTTP_PATH"):
        open_databricks(settings.model_copy(update={"http_path": None}))


@pytest.mark.parametrize("compressed", [True, False])
def test_results_are_compressed_where_the_client_can(
    server: Server, served: Warehouse, compressed: bool
) -> None:
    from databricks import sql

    with sql.connect(
        server_hostname="127.0.0.1", http_path=served.path, access_token=TOKEN,
        _connection_uri=f"{server.host}{served.path}", enable_telemetry=False,
        enable_query_result_lz4_compression=compressed,
    ) as connection, connection.cursor() as cursor:  # fmt: skip
        cursor.execute("SELECT explode(sequence(1, 5000)) AS n")
        assert cursor.active_result_set.lz4_compressed is compressed
        assert cursor.fetchall_arrow()["n"].to_pylist() == list(range(1, 5001))


class Vast:
    """An engine with one answer, that is there before anybody measures."""

    def __init__(self) -> None:
        text = pa.array([f"{n:0>200}" for n in range(1_000)])
        self.table = pa.table({"text": pa.chunked_array([text] * 400)})

    def run(self, sql: str, values: Mapping[str, Any], schema: str) -> Answer:
        return Answer(self.table)

    def close(self) -> None:
        """There is nothing to close."""


@pytest.fixture
def vast(server: Server) -> Iterator[Warehouse]:
    warehouse = server.add("vast", Vast())
    yield warehouse
    server.remove(warehouse)


def test_memory_does_not_grow_with_the_answer(
    opened: Callable[..., DatabricksWarehouse], vast: Warehouse
) -> None:
    """400,000 rows of 200 characters are 80 MB; no more than a few pages are ever held."""
    client = opened(http_path=vast.path)
    next(iter(client.batches("SELECT 1 AS first")))
    begun, rows, most = pa.total_allocated_bytes(), 0, 0
    tracemalloc.start()
    for batch in client.batches("SELECT text FROM vast"):
        rows += batch.num_rows
        most = max(most, pa.total_allocated_bytes() - begun)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == 400_000
    assert most < 25_000_000
    assert held < 60_000_000

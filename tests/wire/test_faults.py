"""What goes wrong on the way to a SQL warehouse, and what the app makes of it."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client import REGISTRY

from ontos.kernel.errors import NotFound, Unavailable
from ontos.warehouse.databricks import DatabricksWarehouse
from tests.wire.server import Warehouse
from tests.wire.written import COUNT, INSERT, count

Open = Callable[..., DatabricksWarehouse]
UPSERT = (
    "MERGE INTO t USING (SELECT 'm' AS id, 5 AS n) AS s ON t.id = s.id"
    " WHEN MATCHED THEN UPDATE SET t.n = s.n"
    " WHEN NOT MATCHED THEN INSERT (id, n) VALUES (s.id, s.n)"
)
CLAIM = "UPDATE t SET n = 2 WHERE id = 'a' AND n = 1"


def figure(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_warehouse_is_asked_again(
    table: DatabricksWarehouse, served: Warehouse, status: int
) -> None:
    """Neither status means that anything was executed, so this holds for writes too."""
    before = figure("ontos_warehouse_retries_total", reason="busy")
    served.faults.refuse(2, status)
    assert table.execute(INSERT) == 1
    served.faults.refuse(1, status)
    assert count(table) == 1
    assert figure("ontos_warehouse_retries_total", reason="busy") == before + 3


def test_a_warehouse_that_stays_busy_is_given_up(opened: Open, served: Warehouse) -> None:
    served.faults.refuse(50, 503)
    began = time.monotonic()
    with pytest.raises(Unavailable, match="takes no more statements"):
        opened(limit=0.5).rows("SELECT 1 AS x")
    assert time.monotonic() - began < 3.0


@pytest.mark.parametrize("cut", ["cut_before", "cut_after"])
def test_a_read_whose_link_breaks_is_repeated(
    table: DatabricksWarehouse, served: Warehouse, cut: str
) -> None:
    getattr(served.faults, cut)(1)
    assert count(table) == 0


def test_an_insert_is_never_done_twice(table: DatabricksWarehouse, served: Warehouse) -> None:
    served.faults.cut_after()
    with pytest.raises(Unavailable, match="may have been done: look before") as undecided:
        table.execute(INSERT)
    assert undecided.value.more == {"reason": "undecided"}
    assert count(table) == 1


def test_an_insert_that_did_not_arrive_is_not_claimed(
    table: DatabricksWarehouse, served: Warehouse
) -> None:
    served.faults.cut_before()
    with pytest.raises(Unavailable, match="may have been done"):
        table.execute(INSERT)
    assert count(table) == 0


@pytest.mark.parametrize("cut", ["cut_before", "cut_after"])
def test_an_upsert_by_key_is_repeated(
    table: DatabricksWarehouse, served: Warehouse, cut: str
) -> None:
    getattr(served.faults, cut)(1)
    assert table.execute(UPSERT) == 1
    assert table.rows("SELECT id, n FROM t") == [{"id": "m", "n": 5}]


def test_a_claim_that_did_not_arrive_is_made(table: DatabricksWarehouse, served: Warehouse) -> None:
    table.execute(INSERT)
    served.faults.cut_before()
    assert table.execute(CLAIM) == 1


def test_a_claim_that_was_made_is_not_called_lost(
    table: DatabricksWarehouse, served: Warehouse
) -> None:
    """The second try finds nothing to change; that does not mean that another came first."""
    table.execute(INSERT)
    served.faults.cut_after()
    with pytest.raises(Unavailable, match="may have been done"):
        table.execute(CLAIM)
    assert table.rows("SELECT n FROM t") == [{"n": 2}]


def test_a_missing_table_is_no_reason_to_repeat(
    table: DatabricksWarehouse, served: Warehouse
) -> None:
    asked = served.faults.seen["ExecuteStatement"]
    with pytest.raises(NotFound, match="There is no table nope"):
        table.rows("SELECT * FROM nope")
    assert served.faults.seen["ExecuteStatement"] == asked + 1


def test_a_warehouse_that_starts_is_waited_for(opened: Open, served: Warehouse) -> None:
    """It gives no session at first; meanwhile anybody can see that it is silent."""
    served.faults.starting(3)
    client = opened()
    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(client.rows, "SELECT 1 AS x")
        time.sleep(0.3)
        assert client.silent_seconds >= 0.2
        assert answer.result(10) == [{"x": 1}]
    assert client.silent_seconds == 0.0


def test_a_page_can_ask_without_waiting(opened: Open, served: Warehouse) -> None:
    """One question is on its way until the warehouse stands; whoever asks again joins it."""
    served.faults.starting(4)
    client = opened()
    assert client.awake(0.1) is False
    assert client.silent_seconds > 0.0
    assert client.awake(0.1) is False
    assert client.awake(10.0) is True
    assert served.service.executed == ["SELECT 1 AS one"]


def test_a_warehouse_that_does_not_start_is_given_up(opened: Open, served: Warehouse) -> None:
    served.faults.starting(50)
    with pytest.raises(Unavailable, match="is starting") as waited:
        opened(starting=0.6).rows("SELECT 1 AS x")
    assert waited.value.more == {"reason": "starting"}


def test_a_stream_that_breaks_is_not_a_short_answer(
    client: DatabricksWarehouse, served: Warehouse
) -> None:
    batches = client.batches("SELECT explode(sequence(1, 100000)) AS n")
    assert next(batches).num_rows
    served.faults.cut_before(rpc="FetchResults")
    with pytest.raises(Unavailable, match=r"link to the SQL warehouse at .* broke"):
        list(batches)
    assert client.rows("SELECT 1 AS x") == [{"x": 1}]


def test_spread_refusals_are_not_seen(table: DatabricksWarehouse, served: Warehouse) -> None:
    """5 % of 503 over sixty statements: each is done once."""
    served.faults.refused_share = 0.05
    for number in range(30):
        table.execute("INSERT INTO t (id, n) VALUES (:id, 1)", id=str(number))
        table.rows(COUNT)
    served.faults.forgiven()
    assert count(table) == 30

"""A link that stays open and carries nothing: no statement waits for it without a bound."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ontos.bootstrap import AWAKE_SECONDS
from ontos.kernel.errors import Unavailable
from ontos.warehouse.databricks import DatabricksWarehouse
from ontos.warehouse.databricks.connecting import Bounds
from ontos.warehouse.databricks.retries import RETRY_SECONDS
from tests.wire.server import Warehouse
from tests.wire.test_faults import CLAIM, UPSERT
from tests.wire.written import COUNT, INSERT, count

Open = Callable[..., DatabricksWarehouse]
SILENCES = ["silent_before", "silent_after"]


@pytest.fixture
def table(opened: Open) -> DatabricksWarehouse:
    """A client that takes a second without a word for a lost link, and an empty table."""
    opened().execute("CREATE TABLE t (id STRING, n INT)")
    client = opened(limit=1.0, answer=1.0, opening=10.0)
    assert count(client) == 0
    return client


@contextmanager
def within(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def silence(served: Warehouse, times: int) -> None:
    """Nothing that a statement needs is answered any more."""
    for rpc in ("OpenSession", "ExecuteStatement", "CloseSession"):
        served.faults.silent_before(times, rpc)


@pytest.mark.parametrize("how", SILENCES)
def test_a_read_is_answered_over_another_link(
    table: DatabricksWarehouse, served: Warehouse, how: str
) -> None:
    sessions = served.faults.seen["OpenSession"]
    getattr(served.faults, how)(1)
    with within(5.0):
        assert count(table) == 0
    assert served.faults.seen["OpenSession"] == sessions + 1


def test_a_read_is_given_up_in_bounded_time(table: DatabricksWarehouse, served: Warehouse) -> None:
    """A second over the session that stood, and one for a session of another link."""
    silence(served, 50)
    with within(8.0), pytest.raises(Unavailable) as lost:
        table.rows(COUNT)
    told = lost.value.detail
    assert f"/{served.path.strip('/')} broke or fell silent during `SELECT" in told
    assert "Check that the warehouse runs and can be reached; repeat in a minute." in told
    assert table.silent_seconds == 0.0
    assert table.awake(0.1) is False, "a silence is no answer"
    served.faults.forgiven()
    assert count(table) == 0


def test_a_silent_read_ends_before_its_request_is_cut() -> None:
    """Databricks Apps cut a request after 120 s: it waits to be let in, then for one read."""
    bounds = Bounds()
    assert AWAKE_SECONDS + 2 * bounds.answer + bounds.closing + RETRY_SECONDS < 120
    assert 5 < bounds.answer < bounds.opening  # the first answer may take 5 s


def test_a_session_that_is_slow_to_come_is_waited_for(opened: Open, served: Warehouse) -> None:
    """As from a warehouse that starts: longer than an answer over a session that stands."""
    client = opened(answer=0.3, opening=1.0)
    served.faults.silent_before(1, "OpenSession")
    began = time.monotonic()
    assert client.rows("SELECT 1 AS x") == [{"x": 1}]
    assert time.monotonic() - began >= 1.0


@pytest.mark.parametrize("how", SILENCES)
def test_an_insert_is_sent_once(table: DatabricksWarehouse, served: Warehouse, how: str) -> None:
    getattr(served.faults, how)(1)
    sent = served.faults.seen["ExecuteStatement"]
    with within(4.0), pytest.raises(Unavailable, match="may have been done: look") as told:
        table.execute(INSERT)
    assert told.value.more == {"reason": "undecided"}
    assert served.faults.seen["ExecuteStatement"] == sent + 1
    assert count(table) == (1 if how == "silent_after" else 0)


@pytest.mark.parametrize("how", SILENCES)
def test_an_upsert_by_key_is_done_once(
    table: DatabricksWarehouse, served: Warehouse, how: str
) -> None:
    getattr(served.faults, how)(1)
    with within(5.0):
        assert table.execute(UPSERT) == 1
    assert table.rows("SELECT id, n FROM t") == [{"id": "m", "n": 5}]


def test_a_claim_that_may_have_been_made_is_undecided(
    table: DatabricksWarehouse, served: Warehouse
) -> None:
    table.execute(INSERT)
    served.faults.silent_after()
    with within(5.0), pytest.raises(Unavailable, match="may have been done"):
        table.execute(CLAIM)
    assert table.rows("SELECT n FROM t") == [{"n": 2}]


def test_a_write_before_its_session_stands_is_sent_once(opened: Open, served: Warehouse) -> None:
    """Nothing has been sent that could be done twice."""
    opened().execute("CREATE TABLE t (id STRING, n INT)")
    client = opened(opening=0.5)
    served.faults.silent_before(1, "OpenSession")
    with within(5.0):
        assert client.execute(INSERT) == 1
    assert count(client) == 1


def test_a_statement_that_takes_longer_is_not_cut(opened: Open, served: Warehouse) -> None:
    """It is answered that it runs, again and again."""
    client = opened(answer=0.8)
    served.service.direct_seconds, served.faults.delay = 0.05, 1.7
    assert client.rows("SELECT 1 AS x") == [{"x": 1}]
    assert served.faults.seen["ExecuteStatement"] == 1
    assert served.faults.seen["GetOperationStatus"] >= 2


def test_a_poll_that_is_not_answered_ends_a_read_over_another_link(
    table: DatabricksWarehouse, served: Warehouse
) -> None:
    served.service.direct_seconds, served.faults.delay = 0.05, 0.2
    served.faults.silent_before(1, "GetOperationStatus")
    with within(5.0):
        assert count(table) == 0


def test_a_result_that_flows_slowly_is_not_cut(opened: Open, served: Warehouse) -> None:
    client = opened(answer=0.4)
    client.rows("SELECT 1 AS x")
    served.faults.pace = 0.1
    began = time.monotonic()
    assert len(client.rows("SELECT explode(sequence(1, 2000)) AS n")) == 2000
    assert time.monotonic() - began > 0.8
    assert served.faults.seen["ExecuteStatement"] == 2


def test_a_stream_that_falls_silent_is_not_a_short_answer(
    table: DatabricksWarehouse, served: Warehouse
) -> None:
    batches = table.batches("SELECT explode(sequence(1, 100000)) AS n")
    assert next(batches).num_rows
    served.faults.silent_before(1, "FetchResults")
    served.faults.silent_before(1, "CloseOperation")
    with within(4.0), pytest.raises(Unavailable, match="broke or fell silent"):
        list(batches)

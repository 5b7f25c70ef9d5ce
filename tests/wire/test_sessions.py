"""Connections: how many, how old, whose turn it is, and how they end."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY

from ontos.kernel.errors import Unavailable
from ontos.kernel.settings import Settings
from ontos.warehouse import cancel, tagged, tally, together
from ontos.warehouse.databricks import DatabricksWarehouse, Pool
from ontos.warehouse.databricks.connecting import connector
from ontos.warehouse.databricks.credentials import AppCredentials
from tests.wire.server import Warehouse
from tests.wire.written import COUNT, INSERT, count

Open = Callable[..., DatabricksWarehouse]


def figure(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_a_wait_costs_no_connection(table: DatabricksWarehouse, served: Warehouse) -> None:
    """A refused request leaves its session standing."""
    sessions = served.faults.seen["OpenSession"]
    served.faults.refuse(2, 503)
    table.rows(COUNT)
    assert served.faults.seen["OpenSession"] == sessions


def test_an_ended_session_is_replaced(table: DatabricksWarehouse, served: Warehouse) -> None:
    together(*[lambda: table.rows(COUNT)] * 4)
    served.service.forget_sessions()
    assert table.execute(INSERT) == 1
    assert count(table) == 1


def test_a_long_statement_is_polled(client: DatabricksWarehouse, served: Warehouse) -> None:
    served.service.direct_seconds, served.faults.delay = 0.05, 0.3
    assert client.rows("SELECT 1 AS x") == [{"x": 1}]
    assert served.faults.seen["GetOperationStatus"] >= 1


def test_eight_side_by_side_take_about_one_delay(
    client: DatabricksWarehouse, served: Warehouse
) -> None:
    together(*[lambda: client.rows("SELECT 1 AS x")] * 8)
    served.faults.delay = 0.5
    with tally() as cost:
        began = time.monotonic()
        together(*[lambda: client.rows("SELECT 1 AS x")] * 8)
        took = time.monotonic() - began
    assert (cost.statements, cost.waits) == (8, 1)
    assert 0.5 <= took < 2.0
    assert served.service.most_running == 8


def test_the_pool_is_bounded(opened: Open, served: Warehouse) -> None:
    narrow = opened(connections=3)
    narrow.rows("SELECT 1 AS x")
    served.faults.delay = 0.02
    with ThreadPoolExecutor(12) as threads:
        list(threads.map(lambda _: narrow.rows("SELECT 1 AS x"), range(24)))
    assert served.service.most_running == 3
    assert served.service.most_sessions <= 3


def test_connections_are_retired_by_age(settings: Settings, served: Warehouse) -> None:
    """The connector never forgets a cursor, so that no connection may live for ever."""
    pool = Pool(connector(settings, AppCredentials()), 1, oldest=0.3)
    sessions = []
    for pause in (0.0, 0.4, 0.0):
        time.sleep(pause)
        with pool.borrowed("default") as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1 AS x")
            sessions.append(connection.get_session_id_hex())
    pool.close()
    assert sessions[0] != sessions[1] == sessions[2]
    assert not served.service.sessions


def test_closing_ends_every_session(opened: Open, served: Warehouse) -> None:
    before = figure("ontos_warehouse_connections")
    client = opened()
    together(*[lambda: client.rows("SELECT 1 AS x")] * 3)
    client.within("main").rows("SELECT 1 AS x")
    assert len(served.service.sessions) >= 2
    client.close()
    assert not served.service.sessions
    assert figure("ontos_warehouse_connections") == before


def test_sessions_say_what_the_settings_ask(
    opened: Open, served: Warehouse, settings: Settings
) -> None:
    opened(statement_timeout=77).within("main").rows("SELECT 1 AS x")
    (session,) = served.service.sessions.values()
    assert session.schema == "main"
    assert session.configuration["STATEMENT_TIMEOUT"] == "77"
    assert session.configuration["TIMEZONE"] == "UTC"


def test_another_thread_cancels_a_statement(table: DatabricksWarehouse, served: Warehouse) -> None:
    served.service.direct_seconds, served.faults.delay = 0.05, 30.0

    def work() -> None:
        with tagged("job-1"):
            table.execute(INSERT)

    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(work)
        began = time.monotonic()
        while not cancel("job-1") and time.monotonic() - began < 10:
            time.sleep(0.02)
        with pytest.raises(Unavailable, match="was cancelled"):
            running.result(10)
    assert time.monotonic() - began < 10
    served.faults.delay = 0.0
    assert count(table) == 0


def test_a_closing_process_cancels_what_runs(opened: Open, served: Warehouse) -> None:
    client = opened()
    client.execute("CREATE TABLE t (id STRING, n INT)")
    served.service.direct_seconds, served.faults.delay = 0.05, 30.0
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(client.execute, INSERT)
        while not served.service.running:
            time.sleep(0.01)
        began = time.monotonic()
        client.close()
        with pytest.raises(Unavailable, match="was cancelled"):
            running.result(10)
    assert time.monotonic() - began < 10


def test_a_stream_that_is_left_gives_its_connection_back(opened: Open, served: Warehouse) -> None:
    client = opened(connections=1)
    batches = client.batches("SELECT explode(sequence(1, 100000)) AS n")
    next(batches)
    batches.close()
    assert client.rows("SELECT 1 AS x") == [{"x": 1}]
    assert served.faults.seen["OpenSession"] == 1
    assert not served.service.operations


def test_threads_do_not_mix_up_answers(client: DatabricksWarehouse) -> None:
    barrier = threading.Barrier(8)

    def ask(number: int) -> bool:
        barrier.wait(10)
        return all(client.rows("SELECT :n AS n", n=number) == [{"n": number}] for _ in range(5))

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(ask, range(8)))


def test_statements_are_spans_that_tell_of_retries(
    client: DatabricksWarehouse, served: Warehouse
) -> None:
    exporter = InMemorySpanExporter()
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider()
        trace.set_tracer_provider(provider)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    served.faults.refuse(1, 503)
    client.rows("SELECT 1 AS x, 'a value' AS y")
    span = exporter.get_finished_spans()[-1]
    assert span.name == "warehouse.statement"
    assert [event.name for event in span.events] == ["retry"]
    assert dict(span.attributes or {})["db.system"] == "databricks"

"""A warehouse that was stopped: what the doors say while it starts, and that they go on."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.runtime.scriptrunner_utils.script_run_context import SCRIPT_RUN_CONTEXT_ATTR_NAME
from streamlit.testing.v1 import AppTest

from ontos.bootstrap import ANSWER_SECONDS, AWAKE_SECONDS, Workbench, open_workbench
from ontos.doors import process
from ontos.doors.server import routes
from ontos.kernel.errors import Unavailable
from ontos.kernel.settings import Settings, settings
from ontos.warehouse.databricks import DatabricksWarehouse, open_databricks
from tests.pages.opened import SCRIPT, sound
from tests.wire.duck import DuckEngine
from tests.wire.place import without_certificates
from tests.wire.server import TOKEN, Server, Warehouse

TEMPLATE = {"name": "greeting", "label_type": "intent", "user_prompt": "Message: {{ text }}"}
INITIALIZE = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}  # fmt: skip
SPEAKS = {"Accept": "application/json, text/event-stream"}


@pytest.fixture(scope="module")
def served(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A warehouse with the store of a workbench that was here before."""
    folder = tmp_path_factory.mktemp("starting")
    warehouse = server.add("starting", DuckEngine())
    told = {
        "DATABRICKS_HOST": server.host, "DATABRICKS_TOKEN": TOKEN, "ONTOS_HOME": str(folder),
        "ONTOS_WAREHOUSE": "databricks", "ONTOS_HTTP_PATH": warehouse.path,
        "ONTOS_LOG_LEVEL": "ERROR", **without_certificates(folder),
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as environment:
        for name, value in told.items():
            environment.setenv(name, value)
        settings.cache_clear()
        open_workbench(Settings()).close()
        yield warehouse
    settings.cache_clear()
    server.remove(warehouse)


@pytest.fixture
def bench(served: Warehouse) -> Iterator[Workbench]:
    """The workbench of a process that has asked its warehouse nothing yet; the latter sleeps."""
    served.service.executed.clear()
    served.faults.silent_before(100, "OpenSession")
    opened = Workbench(Settings(), open_databricks(Settings()), patience=0.5)
    standing = threading.Timer(120.0, served.faults.forgiven)  # the longest that a test waits
    standing.start()
    yield opened
    standing.cancel()
    served.faults.forgiven()
    process.use(None)
    opened.close()


@pytest.fixture
def api(bench: Workbench) -> TestClient:
    app = Starlette(routes=routes(lambda *_: bench))
    return TestClient(app, "http://127.0.0.1:8501", client=("127.0.0.1", 50000))


def woken(bench: Workbench, served: Warehouse) -> None:
    """The warehouse stands; whoever woke it has heard so."""
    served.faults.forgiven()
    assert bench.engine.awake(20.0)


def ask(api: TestClient, door: str) -> Any:
    if door == "rest":
        return api.post("/api/v1/templates", json=TEMPLATE)
    return api.post(door, json=INITIALIZE, headers=SPEAKS)


@pytest.mark.parametrize("door", ["rest", "/mcp", "/api/mcp"])
def test_a_request_is_told_in_time_and_nothing_is_done(
    api: TestClient, bench: Workbench, served: Warehouse, door: str
) -> None:
    ask(api, "rest")  # builds the door; as the first, it wakes the warehouse
    began = time.monotonic()
    refused = ask(api, door)
    assert time.monotonic() - began < 3.0
    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "5"
    assert refused.headers["Content-Type"] == "application/problem+json"
    told = refused.json()
    assert told["reason"] == "starting"
    assert "it is starting" in told["detail"]
    assert "Nothing was done: send the request again" in told["detail"]
    assert served.service.executed == []
    woken(bench, served)
    assert served.service.executed == ["SELECT 1 AS one"], "one question, by the first request"
    assert ask(api, door).status_code in (200, 201)


def test_what_was_refused_is_done_once_when_it_is_sent_again(
    api: TestClient, bench: Workbench, served: Warehouse
) -> None:
    assert [ask(api, "rest").status_code for _ in "ab"] == [503, 503]
    woken(bench, served)
    before = api.get("/api/v1/templates").json()["items"]
    assert ask(api, "rest").status_code == 201
    assert len(api.get("/api/v1/templates").json()["items"]) == len(before) + 1


def test_a_warehouse_that_has_just_answered_is_not_asked(
    api: TestClient, bench: Workbench, served: Warehouse
) -> None:
    woken(bench, served)
    for _ in range(3):
        assert api.get("/api/v1/templates").status_code == 200
    assert served.service.executed.count("SELECT 1 AS one") == 1


class Asleep(DatabricksWarehouse):
    """One that others have been waiting for, and how long who comes now would wait."""

    silent_seconds = 40.0

    def __init__(self) -> None:
        self.waits: list[float] = []

    def within(self, schema: str) -> "Asleep":
        return self

    def awake(self, within: float, ask: object = None, heard: float = 0.0) -> bool:
        self.waits.append(within)
        return False


def test_who_comes_late_hardly_waits() -> None:
    """Requests that all waited in full would take every thread."""
    asleep = Asleep()
    with pytest.raises(Unavailable, match="has not answered for 40 s"):
        Workbench(Settings(), asleep).awake()
    assert asleep.waits == [ANSWER_SECONDS]


def test_the_bound_in_use_is_shorter_than_what_cuts_a_request() -> None:
    assert AWAKE_SECONDS < 120


@contextmanager
def stopping(waited: Callable[[], float]) -> Iterator[None]:
    """Inside, a page that has waited for two seconds is stopped, as by the browser's Stop."""
    ended = threading.Event()

    def stop() -> None:
        while waited() < 2.2 and not ended.wait(0.05):
            pass
        for thread in threading.enumerate():
            if context := getattr(thread, SCRIPT_RUN_CONTEXT_ATTR_NAME, None):
                context.script_requests.request_stop()

    watching = threading.Thread(target=stop)
    watching.start()
    try:
        yield
    finally:
        ended.set()
        watching.join(10)


def seen(page: AppTest, waited: Callable[[], float]) -> str:
    """The only thing that a page shows which waits."""
    with stopping(waited):
        sound(page.run())
    assert not page.title
    (notice,) = page.info
    assert "This page goes on by itself." in notice.value
    return str(notice.value)


def test_a_page_says_that_the_warehouse_starts_and_goes_on(
    bench: Workbench, served: Warehouse
) -> None:
    process.use(bench)
    page = AppTest.from_file(str(SCRIPT), default_timeout=60)
    notice = seen(page, lambda: bench.engine.silent_seconds)
    assert "The SQL warehouse has not answered for" in notice
    assert "it is starting, which takes a few minutes" in notice
    standing = threading.Timer(1.5, served.faults.forgiven)
    standing.start()
    sound(page.run())
    standing.join()
    assert page.title and not page.info


def test_a_page_says_that_the_store_opens_and_goes_on(bench: Workbench, served: Warehouse) -> None:
    """The first page of a process that begins while its warehouse sleeps."""
    process.use(None)
    process.begin()
    page = AppTest.from_file(str(SCRIPT), default_timeout=60)
    assert "Opening the store, for" in seen(page, process.waited)
    served.faults.forgiven()
    sound(page.run())
    assert page.title and not page.info
    process.close()

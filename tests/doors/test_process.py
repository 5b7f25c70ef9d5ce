"""The opening of the workbench: beside the doors, told about, begun again after a failure."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from ontos.bootstrap import Workbench, open_workbench
from ontos.doors import process
from ontos.doors.server import routes
from ontos.kernel.errors import Unavailable
from ontos.kernel.settings import Settings, settings


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No workbench of another test; what is opened here has its own home."""
    monkeypatch.setenv("ONTOS_HOME", str(tmp_path))
    monkeypatch.setenv("ONTOS_LOG_LEVEL", "ERROR")
    settings.cache_clear()
    process.use(None)
    yield
    process.close()
    settings.cache_clear()


@pytest.fixture
def api() -> TestClient:
    app = Starlette(routes=routes())
    return TestClient(app, "http://127.0.0.1:8501", client=("127.0.0.1", 50000))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Workbench]:
    """Another holder of the store that this process wants."""
    bench = open_workbench(Settings(home=tmp_path, log_level="ERROR"))
    yield bench
    bench.close()


def test_who_asks_waits_for_the_opening() -> None:
    assert process.workbench(30).directory.orgs() == ["default"]
    assert process.soon(0)


def test_it_is_opened_once_for_all_who_ask() -> None:
    found: list[Workbench] = []
    asking = [threading.Thread(target=lambda: found.append(process.workbench(30))) for _ in "abcd"]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert len({id(bench) for bench in found}) == 1 and len(found) == 4


def test_who_cannot_wait_is_told_how_long_it_has_taken() -> None:
    process.begin()
    with pytest.raises(Unavailable, match=r"opening its store for \d+ s") as told:
        process.workbench(0)
    assert told.value.more == {"reason": "opening"}
    process.workbench(30)


def test_a_failure_is_told_to_everyone_and_tried_again(elsewhere: Workbench) -> None:
    for _ in range(2):
        with pytest.raises(Unavailable, match="in use by another"):
            process.workbench(30)
    elsewhere.close()
    assert process.workbench(30).directory.orgs() == ["default"]


def test_a_new_try_says_what_the_last_one_failed_with(elsewhere: Workbench) -> None:
    """Who asks without patience, as readiness does, would never hear of it."""
    with pytest.raises(Unavailable, match="in use by another"):
        process.workbench(30)
    with pytest.raises(Unavailable, match=r"failed\. .*in use by another"):
        process.workbench(0)
    assert process.soon(30)


def test_what_an_opening_came_to_is_told_without_another(elsewhere: Workbench) -> None:
    assert process.soon(30)
    elsewhere.close()
    for _ in range(2):
        with pytest.raises(Unavailable, match="in use by another"):
            process.outcome()
    assert process.soon(30) and process.outcome().directory.orgs() == ["default"]


def test_health_answers_while_the_store_opens(api: TestClient) -> None:
    assert api.get("/healthz").status_code == 200
    process.begin()
    waiting = api.get("/readyz")
    assert waiting.status_code == 503
    assert "opening its store" in waiting.json()["checks"]["workbench"]["reason"]
    process.workbench(30)
    assert api.get("/readyz").status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/sheets", "/mcp", "/api/mcp"])
def test_a_door_says_why_it_cannot_open(api: TestClient, elsewhere: Workbench, path: str) -> None:
    shut = api.get(path)
    assert shut.status_code == 503
    assert shut.headers["Retry-After"] == "5"
    assert "in use by another" in shut.json()["detail"]
    elsewhere.close()
    assert api.get("/api/v1/sheets").status_code == 200

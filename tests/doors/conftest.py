"""Toy operations behind real doors, over the real embedded engine."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.testclient import TestClient

from ontos.bootstrap import Workbench, open_workbench
from ontos.doors.server import routes
from ontos.govern.members import MemberSpec, grant_role
from ontos.govern.tokens import TokenSpec, create_token
from ontos.kernel.jobs import KINDS
from ontos.kernel.operation import OPERATIONS
from ontos.kernel.settings import Settings
from ontos.workspace import Person
from tests.doors.toys import POLISH, SHELF, TOYS


@pytest.fixture(scope="module")
def toys() -> Iterator[None]:
    """The toy operations are declared."""
    OPERATIONS.update(TOYS)
    KINDS["polish"] = POLISH
    yield
    KINDS.pop("polish")
    for name in TOYS:
        OPERATIONS.pop(name)


@pytest.fixture(autouse=True)
def shelf(toys: None) -> Iterator[None]:
    """Each test begins with no toy."""
    yield
    SHELF.clear()


@pytest.fixture(scope="module")
def bench(toys: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """One workbench for all tests of a door: they read it, and make things of their own."""
    home = tmp_path_factory.mktemp("doors")
    opened = open_workbench(Settings(home=home, log_level="ERROR"))
    opened.start()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def app(bench: Workbench) -> Starlette:
    """The programmatic doors as ontos.doors.server lays them out, around one workbench."""
    return Starlette(routes=routes(lambda *_: bench))


@pytest.fixture
def api(app: Starlette) -> TestClient:
    """A client on this machine."""
    return TestClient(app, "http://127.0.0.1:8501", client=("127.0.0.1", 50000))


@pytest.fixture(scope="module")
def url(app: Starlette) -> Iterator[str]:
    """The app, served on a free port."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="warning", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
    listening.close()


@pytest.fixture
def reader(bench: Workbench) -> str:
    """An administrator's token that may only read sheets."""
    spec = TokenSpec(title="reads", scopes={"sheets": "read"})
    return create_token(bench.local_caller(), spec).secret


@pytest.fixture
def labeler(bench: Workbench) -> str:
    """A labeler's token with all that the role has on sheets: reading."""
    grant_role(bench.local_caller(), MemberSpec(principal="labeler@example.org", role="labeler"))
    caller = bench.directory.of_person(Person("labeler@example.org"))
    return create_token(caller, TokenSpec(title="mine", scopes={"sheets": "read"})).secret

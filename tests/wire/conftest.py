"""A SQL warehouse on this machine, and the product's own way to it."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ontos.kernel.settings import Settings
from ontos.warehouse.databricks import DatabricksWarehouse
from ontos.warehouse.databricks.connecting import Bounds
from ontos.warehouse.databricks.link import Link
from ontos.warehouse.databricks.retries import Patience
from tests.wire.duck import DuckEngine
from tests.wire.place import without_certificates
from tests.wire.server import TOKEN, Server, Warehouse


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    standing = Server()
    yield standing
    standing.close()


@pytest.fixture
def served(server: Server) -> Iterator[Warehouse]:
    """An empty store behind a SQL warehouse of its own."""
    warehouse = server.add(uuid.uuid4().hex[:12], DuckEngine())
    yield warehouse
    warehouse.faults.forgiven()
    server.remove(warehouse)


@pytest.fixture
def settings(
    server: Server, served: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """What names the warehouse: the SDK's own variables and ours."""
    for name, value in without_certificates(tmp_path).items():
        monkeypatch.setenv(name, value)
    for name in ("CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.delenv(f"DATABRICKS_{name}", raising=False)
    monkeypatch.setenv("DATABRICKS_HOST", server.host)
    monkeypatch.setenv("DATABRICKS_TOKEN", TOKEN)
    return Settings(warehouse="databricks", http_path=served.path, connections=8)


@pytest.fixture
def opened(settings: Settings) -> Iterator[Callable[..., DatabricksWarehouse]]:
    """Open a client; `limit` and `starting` bound its patience, `answer` a silence, in seconds."""
    made: list[DatabricksWarehouse] = []

    def open_one(
        limit: float = 5.0, starting: float = 10.0, answer: float = 30.0, opening: float = 300.0,
        **changed: object,
    ) -> DatabricksWarehouse:  # fmt: skip
        chosen = settings.model_copy(update=changed)
        bounds = Bounds(opening, answer, closing=answer / 2)
        link = Link(chosen, patience=lambda: Patience(limit, starting), bounds=bounds)
        made.append(DatabricksWarehouse(link, "default"))
        return made[-1]

    yield open_one
    for warehouse in made:
        warehouse.close()


@pytest.fixture
def client(opened: Callable[..., DatabricksWarehouse]) -> DatabricksWarehouse:
    return opened()


@pytest.fixture
def table(client: DatabricksWarehouse) -> DatabricksWarehouse:
    """A client of a warehouse with an empty table `t`."""
    client.execute("CREATE TABLE t (id STRING, n INT)")
    return client

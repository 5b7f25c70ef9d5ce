"""One address for a workspace and its SQL warehouse, as the app meets them."""

from pathlib import Path

import pytest

from ontos.kernel.settings import Settings
from ontos.warehouse import open_databricks
from tests.wire.duck import DuckEngine
from tests.wire.server import Warehouse
from tests.wire.warehouses import PREFIX, Warehouses
from tests.wire.workspace.server import serve


def test_the_app_finds_both_by_one_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As its service principal, with a token that the workspace gave."""
    served = Warehouse(f"{PREFIX}main", DuckEngine())
    with serve(tmp_path) as workspace:
        workspace.add(Warehouses(served).routes())
        for name, value in workspace.env().items():
            monkeypatch.setenv(name, value)
        client = open_databricks(Settings(warehouse="databricks", http_path=served.path))
        assert client.rows("SELECT :n AS n", n=3) == [{"n": 3}]
        client.close()
    assert workspace.unforeseen == []
    served.engine.close()

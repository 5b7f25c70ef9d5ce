"""The session's trained model, and workbenches over small models that need no training."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ontos.bootstrap import Workbench, open_workbench
from ontos.kernel.settings import Settings
from tests.trained import trained
from tests.workspace.conftest import registry

__all__ = ["registry", "trained"]


@pytest.fixture
def open_toys(own_home: Path, registry: Path) -> Iterator[Callable[[], Workbench]]:
    """Opens a workbench whose registry holds the toys; not started, so that jobs wait."""
    place = own_home / "orgs" / "default"
    place.mkdir(parents=True)
    for name in ("mlflow.db", "mlartifacts"):
        (place / name).symlink_to(registry / name)
    opened: list[Workbench] = []

    def open_it() -> Workbench:
        opened.append(open_workbench(Settings(home=own_home, log_level="ERROR")))
        return opened[-1]

    yield open_it
    for bench in opened:
        bench.close()

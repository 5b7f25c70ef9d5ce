"""The session's trained model, and workbenches over small models that need no training."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ontos.bootstrap import Workbench, open_workbench
from ontos.deploy.endpoints import EndpointSpec, create_endpoint
from ontos.kernel.caller import Caller
from ontos.kernel.settings import Settings
from tests.deploy.made import settled
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


@pytest.fixture
def hello(open_toys: Callable[[], Workbench]) -> Caller:
    """Who has an endpoint `hello` that answers with version 1 of the greeter; there is a 2."""
    bench = open_toys()
    bench.start()
    caller = bench.local_caller()
    create_endpoint(caller, EndpointSpec(name="hello", model_name="greeter", model_version="1"))
    assert settled(caller, "hello").traffic == {"1": 100}
    return caller

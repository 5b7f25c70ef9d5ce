"""One workbench with a trained model for the whole test session: training takes seconds."""

from collections.abc import Iterator

import pytest

from ontos.bootstrap import open_workbench
from ontos.kernel.settings import Settings
from tests.train.made import Trained
from tests.train.made import trained as train

_made: list[Trained] = []


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    """Two versions of `kinds`; shared by all who ask, so do not change what it holds.

    Each folder of tests that imports this fixture has its own, over the one workbench.
    """
    if not _made:
        bench = open_workbench(Settings(home=tmp_path_factory.mktemp("trained"), log_level="ERROR"))
        bench.start()
        _made.append(train(bench))
    yield _made[0]
    _close()


def _close() -> None:
    """At the end of the session; the first to come closes for all."""
    while _made:
        _made.pop().bench.close()

"""How tests are shared out among workers: those that need the same dear thing go to one of them,
which makes it once; and what takes longest begins first."""

from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

TOGETHER = {
    "a JVM": ("tests/wire/test_live", "tests/wire/test_spark_engine", "tests/wire/test_ai_query"),
    "a model that serves": (
        "tests/deploy/", "tests/doors/bad_input/test_serving", "tests/pages/test_deploy",
    ),
    "a model that was trained": (
        "tests/train/", "tests/improve/", "tests/monitor/", "tests/pages/test_train",
        "tests/pages/test_improve", "tests/pages/test_waits",
    ),
}  # fmt: skip
"""By what is shared, how the names of the files begin that share it."""

LONGEST = (
    "tests/wire/test_parity", *TOGETHER["a JVM"], "tests/wire/test_loop", "tests/wire/test_traffic",
    "tests/wire/test_saves", "tests/wire/test_waits", "tests/journeys/", "tests/faults/",
    *TOGETHER["a model that serves"], *TOGETHER["a model that was trained"],
    "tests/doors/test_openapi", "tests/doors/", "tests/pages/", "tests/govern/", "tests/label/",
)  # fmt: skip
"""How the names of files begin, in the order in which they begin; the others come after."""


class ByNeed(LoadFileScheduling):
    """A file to a worker, or all the files together that share something."""

    def _split_scope(self, nodeid: str) -> str:
        shared = (need for need, names in TOGETHER.items() if nodeid.startswith(names))
        return next(shared, str(super()._split_scope(nodeid)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByNeed:
    return ByNeed(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    begins = (at for at, name in enumerate(LONGEST) if item.nodeid.startswith(name))
    return next(begins, len(LONGEST))

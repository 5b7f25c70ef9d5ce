"""Training sheets to review."""

from collections.abc import Callable

import pytest

from ontos.kernel.caller import Caller
from tests.label.assembled import Maker


@pytest.fixture
def assemble(caller: Caller, table: Callable[..., str]) -> Maker:
    """Make a training sheet of rows."""
    return Maker(caller, table)

"""What the pages of a stage are opened on."""

from collections.abc import Callable

import pytest

from ontos.kernel.caller import Caller
from tests.label.assembled import Assembled, Maker


@pytest.fixture
def made(caller: Caller, table: Callable[..., str]) -> Assembled:
    """Six pending pairs, one of them without a response."""
    return Maker(caller, table)()

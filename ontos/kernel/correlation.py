"""One id that joins a request, its log lines, its journal row and its problem document."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[str | None] = ContextVar("correlation", default=None)
_SAFE = re.compile(r"[A-Za-z0-9._-]{1,64}")


def correlation() -> str:
    """The id of what runs now; made on first use."""
    value = _current.get()
    if value is None:
        value = uuid.uuid4().hex
        _current.set(value)
    return value


@contextmanager
def correlated(given: str | None = None) -> Iterator[str]:
    """Run under `given` where it is a plausible id, else under a new one."""
    value = given if given and _SAFE.fullmatch(given) else uuid.uuid4().hex
    token = _current.set(value)
    try:
        yield value
    finally:
        _current.reset(token)

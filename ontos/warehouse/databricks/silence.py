"""Since when the warehouse has answered nothing: what a page shows while it starts."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Silence:
    """Answers to any statement end it."""

    def __init__(self) -> None:
        self._asked: dict[object, float] = {}
        self._heard = self._missed = float("-inf")
        self._one = threading.Lock()

    @contextmanager
    def broken(self) -> Iterator[None]:
        """A statement is asked until the block ends."""
        me = object()
        with self._one:
            self._asked[me] = time.monotonic()
        try:
            yield
        finally:
            with self._one:
                del self._asked[me]

    def heard(self) -> None:
        """The warehouse has answered."""
        self._heard = time.monotonic()

    def missed(self) -> None:
        """An answer that was due did not come: what was heard before tells nothing any more."""
        self._missed = time.monotonic()

    def heard_within(self, seconds: float) -> bool:
        return self._heard > self._missed and time.monotonic() - self._heard < seconds

    @property
    def seconds(self) -> float:
        """How long somebody has waited without any answer to anyone; 0.0 where nobody waits."""
        with self._one:
            if not self._asked:
                return 0.0
            return time.monotonic() - max(min(self._asked.values()), self._heard)

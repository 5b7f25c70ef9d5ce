"""How often each person asks each endpoint, counted by this process over the last minute."""

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable

MINUTE = 60.0
MANY = 10_000
"""So many askers are remembered before those who have fallen silent are forgotten."""


class Pace:
    """The moments of the last minute, by asker."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._moments: dict[Hashable, deque[float]] = {}

    def take(self, asker: Hashable, most: int) -> float:
        """Count one call; 0, or the seconds until one more may be made: then it is not counted."""
        now = self._clock()
        with self._lock:
            if len(self._moments) > MANY:
                self._forget(now)
            moments = self._moments.setdefault(asker, deque())
            while moments and moments[0] <= now - MINUTE:
                moments.popleft()
            if len(moments) >= most:
                return moments[-most] + MINUTE - now
            moments.append(now)
        return 0.0

    def _forget(self, now: float) -> None:
        silent = [
            key for key, each in self._moments.items() if not each or each[-1] <= now - MINUTE
        ]
        for key in silent:
            del self._moments[key]


PACE = Pace()

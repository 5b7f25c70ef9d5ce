"""A thread that sleeps until it is woken, for work that follows what operations wrote."""

import threading
from collections.abc import Callable

STOP_SECONDS = 5.0
"""How long a stop waits for the work that is under way."""


class Woken:
    """Calls `work` once for all wakings since it last began. `work` handles its own errors."""

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        self._work = work
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)

    def start(self) -> None:
        """Begin, with a first call for what was there before."""
        self._thread.start()
        self.wake()

    def wake(self) -> None:
        self._wake.set()

    def stop(self) -> None:
        self._stopping = True
        self.wake()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def _loop(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            if self._stopping:
                return
            self._work()

"""Answers kept for a while. What is no longer fresh is still given while it is asked for anew."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar, cast

from ontos.kernel import logs

T = TypeVar("T")

FRESH_SECONDS = 30.0
"""So long an answer is given without asking."""
KEPT_SECONDS = 240.0
"""So long it is given, and asked for beside that: whoever acts every minute never waits for it."""


class Kept:
    """Answers by key. After `forget` none that was asked for before is kept."""

    def __init__(self) -> None:
        self._found: dict[object, tuple[float, object]] = {}
        self._asked: set[object] = set()
        self._era = 0
        self._lock = threading.Lock()

    def get(self, key: object, read: Callable[[], T]) -> T:
        """The answer under `key`, by `read` where none is kept."""
        with self._lock:
            found, era = self._found.get(key), self._era
        age = time.monotonic() - found[0] if found else KEPT_SECONDS
        if found is None or age >= KEPT_SECONDS:
            return self._read(key, read, era)
        if age >= FRESH_SECONDS:
            self._renew(key, read, era)
        return cast(T, found[1])

    def anew(self, key: object, read: Callable[[], T]) -> T:
        """The answer by `read`, which is kept from now on."""
        with self._lock:
            era = self._era
        return self._read(key, read, era)

    def has(self, key: object) -> bool:
        """Whether `get` answers without a wait."""
        with self._lock:
            found = self._found.get(key)
        return found is not None and time.monotonic() - found[0] < KEPT_SECONDS

    def forget(self) -> None:
        """Drop every answer."""
        with self._lock:
            self._found.clear()
            self._era += 1

    def _read(self, key: object, read: Callable[[], T], era: int) -> T:
        asked = time.monotonic()
        answer = read()
        with self._lock:
            if era == self._era:
                self._drop_old()
                self._found[key] = (asked, answer)
        return answer

    def _drop_old(self) -> None:
        """What is given no more, so that there is never more than was asked for in minutes."""
        oldest = time.monotonic() - KEPT_SECONDS
        for key in [key for key, (asked, _) in self._found.items() if asked <= oldest]:
            del self._found[key]

    def _renew(self, key: object, read: Callable[[], object], era: int) -> None:
        """Once at a time for each key, in a thread of its own."""
        with self._lock:
            if key in self._asked:
                return
            self._asked.add(key)
        threading.Thread(
            target=self._renewed, args=(key, read, era), name="renewal", daemon=True
        ).start()

    def _renewed(self, key: object, read: Callable[[], object], era: int) -> None:
        try:
            self._read(key, read, era)
        except Exception as error:  # the kept answer ends by its age, and then whoever asks is told
            logs.warning("what is kept could not be asked anew", reason=str(error))
        finally:
            with self._lock:
                self._asked.discard(key)

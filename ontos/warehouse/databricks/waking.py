"""Asking whether the warehouse answers, without waiting for one that starts."""

import threading
from collections.abc import Callable
from contextvars import copy_context
from functools import partial

from ontos.kernel.errors import OntosError
from ontos.warehouse.databricks.silence import Silence


class Waking:
    """At most one question is on its way, however many ask; it goes on when they have left."""

    def __init__(self, silence: Silence) -> None:
        self._silence = silence
        self._asking: threading.Thread | None = None
        self._error: OntosError | None = None
        self._one = threading.Lock()

    def awake(self, within: float, ask: Callable[[], object], heard: float) -> bool:
        """Whether it answers in so many seconds; raises what the warehouse says instead."""
        if self._silence.heard_within(heard):
            return True
        thread = self._started(ask)
        thread.join(within)
        if thread.is_alive():
            return False
        if self._error is not None:
            raise self._error
        return True

    def _started(self, ask: Callable[[], object]) -> threading.Thread:
        with self._one:
            if self._asking is None or not self._asking.is_alive():
                self._error = None
                put = partial(copy_context().run, self._put, ask)  # who waits for it counts it
                self._asking = threading.Thread(target=put, name="wake", daemon=True)
                self._asking.start()
            return self._asking

    def _put(self, ask: Callable[[], object]) -> None:
        try:
            ask()
        except OntosError as error:
            self._error = error

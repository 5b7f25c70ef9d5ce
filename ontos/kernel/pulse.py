"""A heartbeat of this process: what listens learns at once that an operation has written."""

from collections.abc import Callable


class Pulse:
    """Listeners get the name of the operation and must return quickly."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[str], None]] = []

    def listen(self, listener: Callable[[str], None]) -> None:
        self._listeners.append(listener)

    def beat(self, operation: str) -> None:
        for listener in tuple(self._listeners):
            listener(operation)

"""A heartbeat of this process: what listens learns at once that an operation has written."""

from collections.abc import Callable

from ontos.kernel.tenancy import Tenant

Listener = Callable[[str, Tenant | None], None]


class Pulse:
    """Listeners get the name of the operation and where it wrote, and must return quickly.

    `tenant` None means that this is not known: it may have been anywhere.
    """

    def __init__(self, tenant: Tenant | None = None) -> None:
        self._listeners: list[Listener] = []
        self._tenant = tenant

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def of(self, tenant: Tenant) -> "Pulse":
        """The same listeners, told of what is written in one tenant."""
        bound = Pulse(tenant)
        bound._listeners = self._listeners
        return bound

    def beat(self, operation: str) -> None:
        for listener in tuple(self._listeners):
            listener(operation, self._tenant)

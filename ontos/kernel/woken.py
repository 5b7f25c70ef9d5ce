"""A thread that sleeps until it is woken, for work that follows what operations wrote; and where
they wrote."""

import threading
from collections.abc import Callable, Iterable
from functools import partial

from ontos.kernel import logs
from ontos.kernel.errors import OntosError
from ontos.kernel.tenancy import Tenant
from ontos.warehouse import together

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


class Due:
    """The tenants to look at next: those where something was written, at first all of them.

    A write in one of many tenants then costs a look at that one, not at each.
    """

    def __init__(self, everywhere: Callable[[], Iterable[Tenant]]) -> None:
        self._everywhere, self._lock = everywhere, threading.Lock()
        self._due: set[Tenant | None] = {None}

    def add(self, tenant: Tenant | None) -> None:
        """None stands for all of them."""
        with self._lock:
            self._due.add(tenant)

    def look(self, work: Callable[[Tenant], bool], failed: str) -> None:
        """Look at each, side by side; where `work` is not done (False), or fails, it stays due.

        `failed` is logged: what could not be done, to be tried again at the next change.
        """
        with self._lock:
            due, self._due = self._due, set()
        try:
            if None in due:
                due |= set(self._everywhere())
        except OntosError:
            logs.failure(failed)
            self.add(None)
            return
        named = [tenant for tenant in due if tenant is not None]
        answers = together(*(partial(_done, work, tenant, failed) for tenant in named))
        for tenant, done in zip(named, answers, strict=True):
            if not done:
                self.add(tenant)


def _done(work: Callable[[Tenant], bool], tenant: Tenant, failed: str) -> bool:
    try:
        return work(tenant)
    except OntosError:
        logs.failure(failed, tenant=tenant.name)
        return False

"""Delivers journal rows to subscribers: at least once, in order, never in the caller's time."""

from collections.abc import Callable, Iterable

from ontos.kernel import logs
from ontos.kernel.caller import Caller
from ontos.kernel.fields import now
from ontos.kernel.journal import Entry, cloud_event
from ontos.kernel.observers import subscribers, watched
from ontos.kernel.tenancy import Tenant
from ontos.kernel.woken import Due, Woken

_READER = "subscribers"


FAILED = "events could not be delivered; trying again at the next change"


class Outbox:
    """One thread that wakes when an operation has written; `callers` gives one for a tenant."""

    def __init__(
        self, tenants: Callable[[], Iterable[Tenant]], callers: Callable[[Tenant], Caller]
    ) -> None:
        self._due, self._callers = Due(tenants), callers
        self._thread = Woken("outbox", self._look)

    def start(self) -> None:
        self._thread.start()

    def wake(self, _operation: str, tenant: Tenant | None = None) -> None:
        self._due.add(tenant)
        if watched():
            self._thread.wake()

    def stop(self) -> None:
        self._thread.stop()

    def _look(self) -> None:
        if watched():
            self._due.look(self._deliver, FAILED)

    def _deliver(self, tenant: Tenant) -> bool:
        caller = self._callers(tenant)
        while deliver(caller):
            pass
        return True


def deliver(caller: Caller, batch: int = 200) -> int:
    """Hand the next events to their subscribers and move on; how many there were."""
    entries = _next(caller, batch)
    for entry in entries:
        event = cloud_event(entry, caller.tenant)
        for receive in subscribers(entry.operation):
            try:
                receive(caller, event)
            except Exception:  # one subscriber's fault must not stop the others
                logs.failure("a subscriber failed", operation=entry.operation, event=entry.id)
    if entries:
        _advance(caller, entries[-1].id)
    return len(entries)


def _next(caller: Caller, batch: int) -> list[Entry]:
    rows = caller.warehouse.rows(
        "SELECT * FROM journal WHERE outcome = 'done' AND id > coalesce("
        "(SELECT max(position) FROM outbox_positions WHERE subscriber = :reader), '')"
        " ORDER BY id LIMIT :batch",
        reader=_READER,
        batch=batch,
    )
    return [Entry(**row) for row in rows]


def _advance(caller: Caller, position: str) -> None:
    caller.warehouse.execute(
        "MERGE INTO outbox_positions AS t USING (SELECT :reader AS subscriber) AS s"
        " ON t.subscriber = s.subscriber"
        " WHEN MATCHED THEN UPDATE SET position = :position, updated_at = :at"
        " WHEN NOT MATCHED THEN INSERT (subscriber, position, updated_at)"
        " VALUES (:reader, :position, :at)",
        reader=_READER, position=position, at=now(),
    )  # fmt: skip

"""Delivers journal rows to subscribers: at least once, never in the caller's time.

In the order of their ids, but for a row that was written late: its id is made when the operation
writes it, and another's may be there before it is committed. So rows of the last LATE seconds are
looked at again, and those that were delivered meanwhile are known; a process that begins anew
delivers them once more.
"""

from collections.abc import Callable, Iterable

from ontos.kernel import logs
from ontos.kernel.caller import Caller
from ontos.kernel.fields import id_at, made_at, now
from ontos.kernel.journal import Entry, cloud_event
from ontos.kernel.observers import subscribers, watched
from ontos.kernel.tenancy import Tenant
from ontos.kernel.woken import Due, Woken

_READER = "subscribers"

LATE = 120.0
"""Seconds within which a row is committed after its id was made: more than a save is repeated."""


FAILED = "events could not be delivered; trying again at the next change"


class Outbox:
    """One thread that wakes when an operation has written; `callers` gives one for a tenant."""

    def __init__(
        self, tenants: Callable[[], Iterable[Tenant]], callers: Callable[[Tenant], Caller]
    ) -> None:
        self._due, self._callers = Due(tenants), callers
        self._delivered: dict[Tenant, set[str]] = {}
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
        deliver(self._callers(tenant), self._delivered.setdefault(tenant, set()))
        return True


def deliver(caller: Caller, delivered: set[str], batch: int = 200) -> int:
    """Hand the next events to their subscribers and move on; how many there were.

    `delivered` are the ids that this process has handed over within the last LATE seconds.
    """
    position = _position(caller)
    begun = cursor = _before(position)
    count = 0
    while entries := _after(caller, cursor, batch):
        fresh = [entry for entry in entries if entry.id not in delivered]
        for entry in fresh:
            _hand_over(caller, entry)
            delivered.add(entry.id)
        cursor, count = entries[-1].id, count + len(fresh)
        if cursor > position:
            _advance(caller, cursor)
    delivered -= {key for key in delivered if key <= begun}
    return count


def _hand_over(caller: Caller, entry: Entry) -> None:
    event = cloud_event(entry, caller.tenant)
    for receive in subscribers(entry.operation):
        try:
            receive(caller, event)
        except Exception:  # one subscriber's fault must not stop the others
            logs.failure("a subscriber failed", operation=entry.operation, event=entry.id)


def _position(caller: Caller) -> str:
    """The id of the last row that was delivered; empty before the first."""
    rows = caller.warehouse.rows(
        "SELECT position FROM outbox_positions WHERE subscriber = :reader", reader=_READER
    )
    return str(rows[0]["position"]) if rows else ""


def _before(position: str) -> str:
    """An id LATE seconds earlier."""
    return id_at(made_at(position) - LATE) if position else ""


def _after(caller: Caller, cursor: str, batch: int) -> list[Entry]:
    rows = caller.warehouse.rows(
        "SELECT * FROM journal WHERE outcome = 'done' AND id > :cursor ORDER BY id LIMIT :batch",
        cursor=cursor, batch=batch,
    )  # fmt: skip
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

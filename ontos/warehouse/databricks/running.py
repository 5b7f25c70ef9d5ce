"""The statements that run now, so that another thread can cancel them.

with tagged(job.id):        # in the thread that works
    warehouse.execute(...)
cancel(job.id)              # in any other
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING

from ontos.warehouse.databricks.retries import connector_errors

if TYPE_CHECKING:
    from databricks.sql.client import Cursor

HANDLE_SECONDS = 5.0
"""How long a cancelling thread waits for the warehouse to have taken the statement."""

_tag: ContextVar[str | None] = ContextVar("statement_tag", default=None)


class Ticket:
    """One statement; `cancelled` is set before the warehouse is told."""

    def __init__(self, cursor: "Cursor", owner: object, tag: str | None) -> None:
        self.cursor, self.owner, self.tag = cursor, owner, tag
        self.cancelled = self.ended = False

    def cancel(self) -> None:
        self.cancelled = True
        end = time.monotonic() + HANDLE_SECONDS
        while self.cursor.active_command_id is None and time.monotonic() < end:
            if self.ended:
                return
            time.sleep(0.02)
        with suppress(*connector_errors()):  # it may have ended meanwhile
            self.cursor.cancel()


_running: set[Ticket] = set()
_one = threading.Lock()


@contextmanager
def tagged(tag: str) -> Iterator[None]:
    """Every statement of this thread inside, and of threads that copy its context, has the tag."""
    token = _tag.set(tag)
    try:
        yield
    finally:
        _tag.reset(token)


@contextmanager
def running(cursor: "Cursor", owner: object) -> Iterator[Ticket]:
    """Hold a ticket for a statement; `owner` is the pool that it runs in."""
    ticket = Ticket(cursor, owner, _tag.get())
    with _one:
        _running.add(ticket)
    try:
        yield ticket
    finally:
        ticket.ended = True
        with _one:
            _running.discard(ticket)


def cancel(tag: str) -> int:
    """Cancel the running statements that have the tag; how many there were."""
    return _cancel([ticket for ticket in _now() if ticket.tag == tag])


def cancel_all(owner: object) -> int:
    """Cancel every running statement of a pool; how many there were."""
    return _cancel([ticket for ticket in _now() if ticket.owner is owner])


def _now() -> list[Ticket]:
    with _one:
        return list(_running)


def _cancel(tickets: list[Ticket]) -> int:
    """Side by side: a process that ends has seconds."""
    if tickets:
        with ThreadPoolExecutor(len(tickets), "cancel") as threads:
            list(threads.map(Ticket.cancel, tickets))
    return len(tickets)

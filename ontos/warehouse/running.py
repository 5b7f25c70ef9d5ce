"""The statements that run now, so that another thread can cancel them.

with tagged(job.id):        # in the thread that works
    warehouse.execute(...)
cancel(job.id)              # in any other
"""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from ontos.kernel.errors import OntosError, Unavailable

ASKED_SECONDS = 1.0
"""How long whoever cancels waits for an engine to have stopped."""
ENDING_SECONDS = 8.0
"""The same for a process that ends."""


class Ticket:
    """One statement under way; an engine knows how to `stop` it, from any thread.

    `owner` is what it ends with, such as a pool of connections. `cancelled` is set before the
    engine is told; `ended` is set under `guard`.
    """

    def __init__(self, owner: object = None) -> None:
        self.owner = owner
        self.guard = threading.Lock()
        self.cancelled = self.ended = False

    def stop(self) -> None:
        raise NotImplementedError


T = TypeVar("T", bound=Ticket)


class Work:
    """What happens under one tag. A cancel is told once, so that what ends the work can run."""

    def __init__(self) -> None:
        self.tickets: set[Ticket] = set()
        self.asked = self.due = False


_one = threading.Lock()
_works: dict[str, Work] = {}
_running: set[Ticket] = set()
_work: ContextVar[Work | None] = ContextVar("tagged_work", default=None)


@contextmanager
def tagged(tag: str) -> Iterator[None]:
    """Every statement of this thread inside, and of threads that copy its context, has the tag."""
    work = Work()
    with _one:
        _works[tag] = work
    token = _work.set(work)
    try:
        yield
    finally:
        _work.reset(token)
        with _one:
            del _works[tag]


def cancel(tag: str) -> bool:
    """Cancel the statements that have the tag; where none runs, the next one is not begun.

    False where nothing has the tag. Cancelled statements raise Unavailable, `reason` "cancelled".
    """
    with _one:
        work = _works.get(tag)
        if work is None or work.asked:
            return work is not None
        work.asked, work.due = True, not work.tickets
        tickets = _marked(work.tickets)
    _stop(tickets, ASKED_SECONDS)
    return True


def cancel_all(owner: object) -> int:
    """Cancel every running statement of an owner; how many there were."""
    with _one:
        tickets = _marked(ticket for ticket in _running if ticket.owner is owner)
    _stop(tickets, ENDING_SECONDS)
    return len(tickets)


@contextmanager
def running(ticket: T, what: str) -> Iterator[T]:
    """Hold the ticket of a statement while it runs; `what` names it where it is not begun."""
    work, done = _work.get() or Work(), False
    with _one:
        if work.due:
            work.due = False
            raise cancelled(what)
        _running.add(ticket)
        work.tickets.add(ticket)
    try:
        yield ticket
        done = True
    finally:
        with ticket.guard:
            ticket.ended = True
        with _one:
            _running.discard(ticket)
            work.tickets.discard(ticket)
            work.due = work.due or (done and ticket.cancelled)  # it was too late for this one


def cancelled(what: str) -> OntosError:
    return Unavailable(f"{what} was cancelled.", reason="cancelled")


def was_cancelled(error: OntosError) -> bool:
    return error.more.get("reason") == "cancelled"


def _marked(tickets: Iterable[Ticket]) -> list[Ticket]:
    found = list(tickets)
    for ticket in found:
        ticket.cancelled = True
    return found


def _stop(tickets: list[Ticket], seconds: float) -> None:
    """Side by side; what takes longer goes on by itself."""
    threads = [threading.Thread(target=t.stop, name="cancel", daemon=True) for t in tickets]
    for thread in threads:
        thread.start()
    end = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))

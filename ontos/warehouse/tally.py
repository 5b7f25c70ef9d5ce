"""Counting what the warehouse was asked: statements, sequential waits, seconds.

with tally() as cost:
    together(read_this, read_that)
cost.statements, cost.waits          # 2, 1: side by side is one wait
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from typing import Any

SIDE_BY_SIDE = 10
"""Most reads that run at once for one page."""

Observer = Callable[[str, float, str], None]
"""Told (engine, seconds, outcome) of each statement; the outcome is `done` or an error's name."""


@dataclass
class Tally:
    """`waits` counts statements that had to wait for one another; `seconds` is their time."""

    statements: int = 0
    waits: int = 0
    seconds: float = 0.0

    def add(self, *branches: "Tally") -> None:
        """What ran side by side: its statements are summed, and the longest wait counts."""
        self.statements += sum(branch.statements for branch in branches)
        self.waits += max(branch.waits for branch in branches)
        self.seconds += max(branch.seconds for branch in branches)


_current: ContextVar[Tally | None] = ContextVar("tally", default=None)
_in_sequence: ContextVar[bool] = ContextVar("in_sequence", default=False)
_observers: list[Observer] = []


@contextmanager
def tally() -> Iterator[Tally]:
    """Count every statement run inside, also by threads of `together`; an outer tally counts on."""
    inner, outer = Tally(), _current.get()
    token = _current.set(inner)
    try:
        yield inner
    finally:
        _current.reset(token)
        if outer is not None:
            outer.add(inner)


def so_far() -> Tally | None:
    """The tally that counts here and now."""
    return _current.get()


def on_statement(observer: Observer) -> None:
    """Have `observer` told of every statement of this process; telling twice is not possible."""
    if observer not in _observers:
        _observers.append(observer)


@contextmanager
def counted(engine: str) -> Iterator[None]:
    """Count one statement and one wait, and tell the observers how it ended."""
    began, outcome = time.perf_counter(), "done"
    try:
        yield
    except BaseException as error:
        outcome = type(error).__name__
        raise
    finally:
        _count(engine, time.perf_counter() - began, outcome)


def _count(engine: str, seconds: float, outcome: str) -> None:
    cost = _current.get()
    if cost is not None:
        cost.add(Tally(1, 1, seconds))
    for observer in _observers:
        observer(engine, seconds, outcome)


@contextmanager
def in_sequence() -> Iterator[None]:
    """Inside, `together` runs one call after the other: a transaction has one connection."""
    token = _in_sequence.set(True)
    try:
        yield
    finally:
        _in_sequence.reset(token)


def together(*calls: Callable[[], Any]) -> list[Any]:
    """The answers of `calls`, run side by side. The first error is raised after all have ended."""
    if len(calls) < 2 or _in_sequence.get():
        return [call() for call in calls]
    with ThreadPoolExecutor(min(len(calls), SIDE_BY_SIDE), "reads") as threads:
        running = [threads.submit(copy_context().run, _branch, call) for call in calls]
    branches = [run.result() for run in running]
    cost = _current.get()
    if cost is not None:
        cost.add(*(branch for _, branch, _ in branches))
    for _, _, error in branches:
        if error is not None:
            raise error
    return [answer for answer, _, _ in branches]


def _branch(call: Callable[[], Any]) -> tuple[Any, Tally, Exception | None]:
    """One call with a tally of its own; its error is handed over, so that its cost still counts."""
    cost = Tally()
    _current.set(cost)
    try:
        return call(), cost, None
    except Exception as error:
        return None, cost, error

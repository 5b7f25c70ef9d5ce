"""Counting what the warehouse was asked: statements, sequential waits, seconds."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from typing import Any

SIDE_BY_SIDE = 8
"""Most reads that run at once for one page."""

Observer = Callable[[str, float, str], None]
"""Told (engine, seconds, outcome) of each statement."""


@dataclass
class Tally:
    """`waits` counts statements that had to wait for one another; `seconds` is their time."""

    statements: int = 0
    waits: int = 0
    seconds: float = 0.0


_current: ContextVar[Tally | None] = ContextVar("tally", default=None)
_in_sequence: ContextVar[bool] = ContextVar("in_sequence", default=False)
_observers: list[Observer] = []


@contextmanager
def tally() -> Iterator[Tally]:
    """Count every statement run inside, also by threads of `together`."""
    counted = Tally()
    token = _current.set(counted)
    try:
        yield counted
    finally:
        _current.reset(token)


def on_statement(observer: Observer) -> None:
    """Have `observer` told of every statement of this process; telling twice is not possible."""
    if observer not in _observers:
        _observers.append(observer)


def count(engine: str, seconds: float, outcome: str) -> None:
    """Engines call this after each statement."""
    counted = _current.get()
    if counted is not None:
        counted.statements += 1
        counted.waits += 1
        counted.seconds += seconds
    for observer in _observers:
        observer(engine, seconds, outcome)


@contextmanager
def counted(engine: str) -> Iterator[None]:
    """Count one statement and one wait, and report how it ended."""
    began, outcome = time.perf_counter(), "done"
    try:
        yield
    except BaseException as error:
        outcome = type(error).__name__
        raise
    finally:
        count(engine, time.perf_counter() - began, outcome)


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
        running = [threads.submit(copy_context().run, _counted, call) for call in calls]
    answers = [run.result() for run in running]
    _add_widest([counted for _, counted in answers])
    return [answer for answer, _ in answers]


def _counted(call: Callable[[], Any]) -> tuple[Any, Tally]:
    with tally() as counted:
        return call(), counted


def _add_widest(branches: list[Tally]) -> None:
    counted = _current.get()
    if counted is not None:
        counted.statements += sum(b.statements for b in branches)
        counted.waits += max(b.waits for b in branches)
        counted.seconds += max(b.seconds for b in branches)

"""Governance watches operations from here: gates before, subscribers after.

A gate may refuse by raising `Refused` with its reason. A subscriber gets the event from the outbox,
at least once and never in the caller's time; it makes its own work idempotent by the event's id.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ontos.kernel.caller import Caller

Gate = Callable[[Caller, Mapping[str, Any]], None]
Subscriber = Callable[[Caller, Mapping[str, Any]], None]
G = TypeVar("G", bound=Gate)
S = TypeVar("S", bound=Subscriber)

_gates: dict[str, list[Gate]] = {}
_subscribers: dict[str, list[Subscriber]] = {}


def gate(operation: str) -> Callable[[G], G]:
    """Run before `operation`; `*` watches all that write."""

    def register(function: G) -> G:
        _gates.setdefault(operation, []).append(function)
        return function

    return register


def subscriber(operation: str) -> Callable[[S], S]:
    """Receive the CloudEvents document of each finished `operation`; `*` receives all."""

    def register(function: S) -> S:
        _subscribers.setdefault(operation, []).append(function)
        return function

    return register


def gates(operation: str) -> tuple[Gate, ...]:
    return (*_gates.get(operation, ()), *_gates.get("*", ()))


def subscribers(operation: str) -> tuple[Subscriber, ...]:
    return (*_subscribers.get(operation, ()), *_subscribers.get("*", ()))


def watched() -> bool:
    """Whether anybody subscribes at all."""
    return bool(_subscribers)

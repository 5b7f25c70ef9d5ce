"""What goes wrong on order: slow and busy answers, links that break, a host that says nothing."""

import re
import threading
import time
from dataclasses import dataclass, field

from tests.wire.workspace.http import Refusal, Request


class Cut(Exception):
    """The link breaks without an answer."""


@dataclass
class Fault:
    """For the next `times` calls whose method and path match `pattern`."""

    pattern: str
    times: int = 1
    delay: float = 0.0
    status: int | None = None
    code: str = "TEMPORARILY_UNAVAILABLE"
    message: str = "Try again later"
    cut: bool = False
    seen: int = 0


@dataclass
class Faults:
    """`calls` are method and path of all that was asked, for counting."""

    planned: list[Fault] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def plan(self, fault: Fault) -> Fault:
        with self._lock:
            self.planned.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self.planned.clear()
            self.calls.clear()

    def count(self, pattern: str) -> int:
        return sum(bool(re.search(pattern, call)) for call in list(self.calls))

    def meet(self, request: Request) -> None:
        call = f"{request.method} {request.path}"
        with self._lock:
            self.calls.append(call)
            fault = next((f for f in self.planned if f.seen < f.times and _hits(f, call)), None)
            if fault is None:
                return
            fault.seen += 1
        time.sleep(fault.delay)
        if fault.cut:
            raise Cut
        if fault.status is not None:
            raise Refusal(fault.status, fault.code, fault.message)


def _hits(fault: Fault, call: str) -> bool:
    return re.search(fault.pattern, call) is not None

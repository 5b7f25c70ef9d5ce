"""What a test orders to go wrong on the local warehouse server."""

import threading
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Refusal:
    """An HTTP answer in place of the warehouse's; `after` is its Retry-After in seconds."""

    status: int
    after: int | None = None
    reason: str = "The service at /sql is temporarily unavailable. Please try again later."


@dataclass
class Orders:
    """How many of the next requests of one kind meet which fault."""

    refusals: list[Refusal] = field(default_factory=list)
    spared: int = 0
    silent_before: int = 0
    silent_after: int = 0
    cut_before: int = 0
    cut_after: int = 0


LOSSES = ("silent_before", "silent_after", "cut_before", "cut_after")
"""How a link is lost, and whether before or after the request is carried out."""


class Faults:
    """Each order holds for requests of one RPC, such as `ExecuteStatement`; all are counted."""

    def __init__(self) -> None:
        self.delay = 0.0
        """Seconds that each statement takes before it runs."""
        self.refused_share = 0.0
        """The part of all requests that is answered with 503, spread evenly."""
        self.pace = 0.0
        """Seconds between the tenths of each answer that is sent."""
        self.expired: set[str] = set()
        """Tokens that were good and are no more."""
        self.seen: dict[str, int] = {}
        self._orders: dict[str, Orders] = {}
        self._one = threading.Lock()
        self._owed = 0.0
        self._over = threading.Event()

    def refuse(
        self, times: int, status: int, after: int | None = None, rpc: str = "ExecuteStatement"
    ) -> None:
        """Answer the next requests with an HTTP status alone: nothing is executed."""
        self._of(rpc).refusals += [Refusal(status, after)] * times

    def cut_before(self, times: int = 1, rpc: str = "ExecuteStatement") -> None:
        """Drop the link instead of executing."""
        self._of(rpc).cut_before += times

    def cut_after(self, times: int = 1, rpc: str = "ExecuteStatement", spared: int = 0) -> None:
        """Execute, then drop the link instead of answering; the first `spared` are answered."""
        self._of(rpc).cut_after += times
        self._of(rpc).spared += spared

    def silent_before(self, times: int = 1, rpc: str = "ExecuteStatement") -> None:
        """Take the request, do and say nothing, and keep the link open."""
        self._of(rpc).silent_before += times

    def silent_after(self, times: int = 1, rpc: str = "ExecuteStatement") -> None:
        """Execute, say nothing, and keep the link open."""
        self._of(rpc).silent_after += times

    def starting(self, times: int, rpc: str = "OpenSession") -> None:
        """A warehouse that is being started answers 503 until it stands."""
        self._of(rpc).refusals += [
            Refusal(503, 1, "The SQL warehouse is starting. Please try again later.")
        ] * times

    def forgiven(self) -> None:
        """No order holds any more."""
        with self._one:
            self._orders.clear()
            self.delay, self.refused_share, self.pace = 0.0, 0.0, 0.0
            self._over.set()
            self._over = threading.Event()

    def lose(self, how: str) -> None:
        """Returns when the link is to be cut: at once, or when a silence is over."""
        if how.startswith("silent"):
            self._over.wait()

    def met(self, rpc: str) -> Refusal | str | None:
        """What the request that has just come meets: a refusal, one of LOSSES, or nothing."""
        with self._one:
            self.seen[rpc] = self.seen.get(rpc, 0) + 1
            self._owed += self.refused_share
            if self._owed >= 1.0:
                self._owed -= 1.0
                return Refusal(503)
            return _next(self._orders.get(rpc))

    def _of(self, rpc: str) -> Orders:
        with self._one:
            return self._orders.setdefault(rpc, Orders())


def _next(orders: Orders | None) -> Refusal | str | None:
    if orders is None:
        return None
    if orders.spared:
        orders.spared -= 1
        return None
    if orders.refusals:
        return orders.refusals.pop(0)
    found = next((how for how in LOSSES if getattr(orders, how)), None)
    if found is not None:
        setattr(orders, found, getattr(orders, found) - 1)
    return found

"""A few connections for each person who reads with their own rights."""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ontos.warehouse.databricks.link import Identity

MOST = 32
"""Persons whose connections are kept; the one seen longest ago goes first."""
IDLE_SECONDS = 600.0


@dataclass
class _Known:
    identity: "Identity"
    seen: float


class People:
    """Keyed by the token's hash: a newer token of the same person is another key."""

    def __init__(
        self, make: Callable[[str], "Identity"], most: int = MOST, idle: float = IDLE_SECONDS
    ) -> None:
        self._make, self._most, self._idle = make, most, idle
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._one = threading.Lock()

    def __len__(self) -> int:
        return len(self._known)

    def of(self, token: str) -> "Identity":
        """The identity behind a forwarded token; those not seen for long are closed."""
        key = hashlib.sha256(token.encode()).hexdigest()
        with self._one:
            known = self._known.pop(key, None) or _Known(self._make(token), 0.0)
            known.seen = time.monotonic()
            self._known[key] = known
            gone = self._pruned()
        for identity in gone:
            identity.pool.close(wait=False)
        return known.identity

    def close(self) -> None:
        with self._one:
            identities = [known.identity for known in self._known.values()]
            self._known.clear()
        for identity in identities:
            identity.pool.close()

    def _pruned(self) -> "list[Identity]":
        """Those seen too long ago, and those beyond the number; a busy one is left alone."""
        limit = time.monotonic() - self._idle
        gone = []
        for key, known in list(self._known.items()):
            over = len(self._known) > self._most
            if (over or known.seen < limit) and not known.identity.pool.busy:
                gone.append(known.identity)
                del self._known[key]
        return gone

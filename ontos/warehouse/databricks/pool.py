"""The connections of one identity: how many at once, for which schema, how old.

One connection runs one statement at a time, so several let reads go side by side. A connection is
retired by age, because the connector never forgets its cursors.
"""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ontos.kernel.errors import Unavailable
from ontos.warehouse.databricks.connecting import Connect
from ontos.warehouse.databricks.figures import CONNECTIONS, POOL_WAIT
from ontos.warehouse.databricks.retries import connector_errors, sound
from ontos.warehouse.running import cancel_all

if TYPE_CHECKING:
    from databricks.sql.client import Connection

OLDEST_SECONDS = 1_800.0
PATIENCE = 60.0
"""Seconds that a statement waits for a free connection."""


@dataclass(eq=False)
class Kept:
    """An open connection, the schema that it is bound to, and when it was opened."""

    connection: "Connection"
    schema: str
    opened: float = field(default_factory=time.monotonic)


class Pool:
    """At most `size` connections in all. The one used last is used first; others grow old."""

    def __init__(
        self, connect: Connect, size: int, oldest: float = OLDEST_SECONDS,
        patience: float = PATIENCE,
    ) -> None:  # fmt: skip
        self._connect, self.size = connect, size
        self._oldest, self._patience = oldest, patience
        self._idle: list[Kept] = []
        self._lent = 0
        self._closed = False
        self._free = threading.Condition()
        self._closer = ThreadPoolExecutor(1, "warehouse-close")

    @contextmanager
    def borrowed(self, schema: str, lost: bool = False) -> Iterator["Connection"]:
        """A connection for one statement; one whose link failed is not used again.

        `lost`: it is for a statement whose link was lost.
        """
        began = time.perf_counter()
        kept, room = self._taken(schema)
        POOL_WAIT.observe(time.perf_counter() - began)
        try:
            kept = kept or self._opened(schema, room, lost)
            yield kept.connection
        except BaseException as error:
            if kept is not None and not sound(error):
                self._retire(kept)
                kept = None
            raise
        finally:
            self._give_back(kept)

    def distrust(self) -> None:
        """Use none of the idle connections again: the warehouse has ended their sessions."""
        with self._free:
            idle, self._idle = self._idle, []
        for kept in idle:
            self._retire(kept)

    def close(self, wait: bool = True) -> None:
        """Cancel what runs; close what is idle now, and what is lent when it comes back."""
        cancel_all(self)
        with self._free:
            self._closed = True
            self._free.notify_all()
        self.distrust()
        self._closer.shutdown(wait=wait)

    @property
    def busy(self) -> int:
        """Connections that are lent."""
        return self._lent

    def _taken(self, schema: str) -> tuple[Kept | None, Kept | None]:
        """An idle connection of the schema; else the right to open one, and which makes room."""
        with self._free:
            if not self._free.wait_for(self._may_lend, self._patience):
                raise Unavailable(
                    f"All {self.size} connections to the warehouse have been busy for"
                    f" {self._patience:.0f} s. Repeat in a moment."
                )
            if self._closed:
                raise Unavailable("The warehouse is closed. Start the workbench again.")
            self._lent += 1
            self._retire_old()
            found = next((k for k in reversed(self._idle) if k.schema == schema), None)
            if found is not None:
                self._idle.remove(found)
                return found, None
            full = self._lent + len(self._idle) > self.size
            return None, self._idle.pop(0) if full and self._idle else None

    def _may_lend(self) -> bool:
        return self._closed or self._lent < self.size

    def _retire_old(self) -> None:
        limit = time.monotonic() - self._oldest
        for kept in [k for k in self._idle if k.opened < limit]:
            self._idle.remove(kept)
            self._retire(kept)

    def _opened(self, schema: str, room: Kept | None, lost: bool) -> Kept:
        if room is not None:
            CONNECTIONS.dec()
            _end(room)
        kept = Kept(self._connect(schema, lost), schema)
        CONNECTIONS.inc()
        return kept

    def _give_back(self, kept: Kept | None) -> None:
        with self._free:
            self._lent -= 1
            if kept is not None and not self._closed:
                self._idle.append(kept)
                kept = None
            self._free.notify()
        if kept is not None:
            self._retire(kept)

    def _retire(self, kept: Kept) -> None:
        """Close it in nobody's time."""
        CONNECTIONS.dec()
        try:
            self._closer.submit(_end, kept)
        except RuntimeError:  # the pool is closed, and its closer with it
            _end(kept)


def _end(kept: Kept) -> None:
    with suppress(*connector_errors()):  # the session may have ended already
        kept.connection.close()

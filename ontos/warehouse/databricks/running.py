"""How a statement that the connector has sent is cancelled."""

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from ontos.warehouse.databricks.retries import connector_errors
from ontos.warehouse.running import Ticket

if TYPE_CHECKING:
    from databricks.sql.client import Cursor

HANDLE_SECONDS = 10.0
"""Longest wait for the name of a statement: a warehouse gives it with the first answer, which is
the result, or after 5 s that there is none yet."""


class Sent(Ticket):
    """A statement on its way; its owner is the pool that it runs in."""

    def __init__(self, cursor: "Cursor", owner: object) -> None:
        super().__init__(owner)
        self.cursor = cursor

    def stop(self) -> None:
        end = time.monotonic() + HANDLE_SECONDS
        while self.cursor.active_command_id is None and time.monotonic() < end:
            if self.ended:
                return
            time.sleep(0.02)
        with suppress(*connector_errors()):  # it may have ended meanwhile
            self.cursor.cancel()

"""SQL: one protocol, two engines."""

from typing import TYPE_CHECKING, Any

from ontos.warehouse.banned import lint
from ontos.warehouse.embedded import (
    EmbeddedWarehouse,
    executed_texts,
    on_execution,
    open_embedded,
)
from ontos.warehouse.migrate import declared, migrate
from ontos.warehouse.names import quote, split_name
from ontos.warehouse.protocol import HEARD_SECONDS, Row, Value, Warehouse
from ontos.warehouse.running import cancel, tagged, was_cancelled
from ontos.warehouse.tally import Tally, on_statement, so_far, tally, together

if TYPE_CHECKING:
    from ontos.warehouse.databricks import open_databricks

__all__ = [
    "HEARD_SECONDS", "EmbeddedWarehouse", "Row", "Tally", "Value", "Warehouse", "cancel",
    "declared", "executed_texts", "lint", "migrate", "on_execution", "on_statement",
    "open_databricks", "open_embedded", "quote", "so_far", "split_name", "tagged", "tally",
    "together", "was_cancelled",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """The Databricks engine is imported by whoever asks for it."""
    if name == "open_databricks":
        from ontos.warehouse.databricks import open_databricks

        return open_databricks
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

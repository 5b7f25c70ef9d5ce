"""What executes SQL behind the local warehouse server."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa


@dataclass(frozen=True)
class Answer:
    """`table` is the result set, None for a statement that has none.

    `changed` counts the rows that DML changed; it is -1 for everything else.
    """

    table: pa.Table | None = None
    changed: int = -1


class Refused(Exception):
    """A statement failed; the text is Databricks': `[ERROR_CLASS] words SQLSTATE: code`."""


class Engine(Protocol):
    """One store. Several threads ask it at once."""

    def run(self, sql: str, values: Mapping[str, Any], schema: str) -> Answer:
        """Execute Databricks SQL with named values; unqualified names are those of `schema`.

        `values` are str, int, float, bool, Decimal, date, an aware datetime, or None.
        Raises Refused.
        """
        ...

    def close(self) -> None: ...

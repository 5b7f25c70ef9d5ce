"""What a SQL warehouse is to the workbench: one dialect, seven verbs."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Any, Protocol

import pyarrow as pa

Value = str | int | float | bool | datetime | date | None
Row = dict[str, Any]

HEARD_SECONDS = 240.0
"""No warehouse stops so soon after its last answer, unless it was set up to by its API."""


class Warehouse(Protocol):
    """One org's schema in a SQL warehouse.

    SQL is Databricks SQL with `:named` values, bound and never formatted into the text.
    Unqualified table names are those of `schema`. Timestamps are UTC and timezone-aware.
    Many values travel as one JSON text: `from_json(:ids, 'ARRAY<STRING>')`.
    """

    schema: str

    def rows(self, sql: str, /, **values: Value) -> list[Row]:
        """All rows of a query, as plain Python values (lists for arrays)."""
        ...

    def arrow(self, sql: str, /, **values: Value) -> pa.Table:
        """The whole answer as one Arrow table."""
        ...

    def batches(self, sql: str, /, **values: Value) -> Iterator[pa.RecordBatch]:
        """The answer in batches; memory does not grow with its length."""
        ...

    def execute(self, sql: str, /, **values: Value) -> int:
        """Run one statement that writes; the number of rows that it changed."""
        ...

    def script(self, *statements: str, **values: Value) -> list[Row]:
        """Run several statements, in order, as one; the rows of the last, which is a query.

        They travel together, so they cost one wait. Where the answer is lost all of them are run
        again: each must change nothing when it meets its own work. All or nothing where `atomic`.
        """
        ...

    def append(self, table: str, data: pa.Table | pa.RecordBatchReader) -> int:
        """Append Arrow rows, matched by column name, to an existing table; the number appended."""
        ...

    def transaction(self) -> AbstractContextManager["Warehouse"]:
        """A warehouse whose writes become visible together, or not at all.

        It begins at the first write, so that reads and waits before cost nobody a lock. Nested
        calls join the outer one. An engine without transactions writes at once (see `atomic`).
        """
        ...

    def within(self, schema: str) -> "Warehouse":
        """The same engine bound to another schema."""
        ...

    def create_schema(self, name: str) -> None:
        """Make a schema of this engine where it is missing."""
        ...

    def as_person(self, token: str) -> "Warehouse":
        """The same schema, asked with a person's own token; an engine in the app has no persons."""
        ...

    def awake(
        self, within: float, ask: Callable[[], object] | None = None, heard: float = HEARD_SECONDS
    ) -> bool:  # fmt: skip
        """Whether the engine answers in so many seconds; one in the app always does.

        One that has answered anything within `heard` seconds is not asked. `ask` is what it is
        asked by, so that the answer need not be fetched again.
        """
        ...

    @property
    def silent_seconds(self) -> float:
        """How long statements have waited for an engine that answers nobody; 0.0 if none do."""
        ...

    def close(self) -> None:
        """Let go of the engine; nothing more can be asked of it."""
        ...

    @property
    def atomic(self) -> bool:
        """Whether `transaction` is all-or-nothing on this engine."""
        ...

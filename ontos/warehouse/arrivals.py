"""Arrow rows on their way into a DuckDB table."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from ontos.kernel.errors import Invalid
from ontos.warehouse.store import duck_name

_VIEW = "__arrivals"


class Arrivals:
    """The source may be a stream that fails halfway; its own error is then the one raised."""

    def __init__(self, table: str, data: pa.Table | pa.RecordBatchReader) -> None:
        self._table = table
        self._names = list(data.schema.names)
        self._failure: Exception | None = None
        streamed = isinstance(data, pa.RecordBatchReader)
        self._data = self._watched(data) if streamed else data

    def insert(self, cursor: Any, target: str) -> int:
        """Insert them by column name into `target`, quoted for DuckDB."""
        into = ", ".join(duck_name(name) for name in self._matched(cursor, target))
        given = ", ".join(duck_name(name) for name in self._names)
        cursor.register(_VIEW, self._data)
        try:
            cursor.execute(f"INSERT INTO {target} ({into}) SELECT {given} FROM {_VIEW}")  # noqa: S608
            return int(cursor.fetchone()[0])
        finally:
            cursor.unregister(_VIEW)

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Let the source's own error through in place of the engine's report of it."""
        try:
            yield
        except Exception:
            if self._failure is not None:
                raise self._failure from None
            raise

    def _matched(self, cursor: Any, target: str) -> list[str]:
        cursor.execute(f"SELECT * FROM {target} LIMIT 0")  # noqa: S608
        return matched(self._table, [column[0] for column in cursor.description], self._names)

    def _watched(self, reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
        def batches() -> Iterator[pa.RecordBatch]:
            try:
                yield from reader
            except Exception as error:
                self._failure = error
                raise

        return pa.RecordBatchReader.from_batches(reader.schema, batches())


def matched(table: str, columns: list[str], names: list[str]) -> list[str]:
    """The table's own spelling of each name; names differ in case only, and each comes once."""
    known = {column.lower(): column for column in columns}
    unknown = [name for name in names if name.lower() not in known]
    if unknown:
        raise Invalid(
            f"{unknown[0]}: {table} has no such column. Its columns: {', '.join(columns)}.",
            field=unknown[0],
        )
    if not names or len({name.lower() for name in names}) < len(names):
        raise Invalid(f"Rows for {table} must name each column once, and at least one.")
    return [known[name.lower()] for name in names]

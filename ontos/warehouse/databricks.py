"""The Databricks engine: a SQL warehouse behind `databricks-sql-connector`.

One connection runs one statement at a time, so a small pool lets reads go side by side. A
connection is retired by age, because the connector never forgets its cursors. There is no
transaction over several tables: what must hold together is written so that doing it again changes
nothing.
"""

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from ontos.kernel.errors import Conflict, Denied, Invalid, NotFound, OntosError, Unavailable
from ontos.warehouse.names import quote
from ontos.warehouse.protocol import Row, Value
from ontos.warehouse.rowtext import chunks, insert_of
from ontos.warehouse.tally import counted

if TYPE_CHECKING:
    from databricks.sql.client import Connection, Cursor

ENGINE = "databricks"
BATCH_ROWS = 20_000
OLDEST_SECONDS = 1_800.0
RETRY_SECONDS = 30

Connect = Callable[[str], "Connection"]
"""Opens a connection whose unqualified names are those of the given schema."""


class Wanted(Protocol):
    """The settings that this engine reads."""

    @property
    def http_path(self) -> str | None: ...
    @property
    def catalog(self) -> str: ...
    @property
    def statement_timeout(self) -> int: ...
    @property
    def connections(self) -> int: ...


def open_databricks(settings: Wanted) -> "DatabricksWarehouse":
    """A warehouse reached as the app itself; nothing is connected before the first statement."""
    if not settings.http_path:
        raise Unavailable("ONTOS_HTTP_PATH is not set: give the HTTP path of the SQL warehouse.")
    return DatabricksWarehouse(Pool(_connector(settings), settings.connections), "default")


def _connector(settings: Wanted) -> Connect:
    def connect(schema: str) -> "Connection":
        from databricks import sql
        from databricks.sdk.core import Config

        config = Config()
        return sql.connect(
            server_hostname=config.hostname, http_path=settings.http_path,
            credentials_provider=lambda: config.authenticate, catalog=settings.catalog,
            schema=schema, enable_telemetry=False, _retry_delay_max=5,
            _retry_stop_after_attempts_duration=RETRY_SECONDS,
            session_configuration={
                "STATEMENT_TIMEOUT": str(settings.statement_timeout), "TIMEZONE": "UTC",
            },
        )  # fmt: skip

    return connect


@dataclass
class _Kept:
    """An open connection, and when it was opened."""

    connection: "Connection"
    opened: float = field(default_factory=time.monotonic)

    @property
    def old(self) -> bool:
        return time.monotonic() - self.opened > OLDEST_SECONDS


class Pool:
    """At most `size` connections a schema; a caller waits for a free one."""

    def __init__(self, connect: Connect, size: int) -> None:
        self._connect, self._size = connect, size
        self._free: dict[str, queue.LifoQueue[_Kept | None]] = {}

    @contextmanager
    def borrowed(self, schema: str) -> Iterator["Connection"]:
        """A connection for one statement; one whose link failed is not used again."""
        free = self._free.setdefault(schema, self._places())
        kept = free.get()
        try:
            kept = self._usable(kept, schema)
            yield kept.connection
        except BaseException as error:
            if kept is not None and not _answered(error):
                _closed(kept)
                kept = None
            raise
        finally:
            free.put(kept)

    def close(self) -> None:
        for free in self._free.values():
            while not free.empty():
                kept = free.get_nowait()
                if kept is not None:
                    _closed(kept)

    def _places(self) -> "queue.LifoQueue[_Kept | None]":
        places: queue.LifoQueue[_Kept | None] = queue.LifoQueue()
        for _ in range(self._size):
            places.put(None)
        return places

    def _usable(self, kept: _Kept | None, schema: str) -> _Kept:
        if kept is not None and not kept.old:
            return kept
        if kept is not None:
            _closed(kept)
        return _Kept(self._connect(schema))


def _answered(error: BaseException) -> bool:
    """Whether the warehouse itself refused the statement, so that the link is sound."""
    from databricks.sql.exc import ServerOperationError

    return isinstance(error, ServerOperationError)


def _closed(kept: _Kept) -> None:
    from databricks.sql.exc import Error

    with suppress(Error, OSError):  # the session may have ended on the other side already
        kept.connection.close()


class DatabricksWarehouse:
    """See `ontos.warehouse.protocol.Warehouse`."""

    atomic = False

    def __init__(self, pool: Pool, schema: str) -> None:
        self._pool, self.schema = pool, schema

    def rows(self, sql: str, /, **values: Value) -> list[Row]:
        rows: list[Row] = self.arrow(sql, **values).to_pylist()
        return rows

    def arrow(self, sql: str, /, **values: Value) -> pa.Table:
        with self._ran(sql, values) as cursor:
            return cursor.fetchall_arrow()

    def batches(self, sql: str, /, **values: Value) -> Iterator[pa.RecordBatch]:
        with self._ran(sql, values) as cursor:
            while (table := cursor.fetchmany_arrow(BATCH_ROWS)).num_rows:
                yield from table.to_batches()

    def execute(self, sql: str, /, **values: Value) -> int:
        with self._ran(sql, values) as cursor:
            return max(int(cursor.rowcount), 0)

    def append(self, table: str, data: pa.Table | pa.RecordBatchReader) -> int:
        """One INSERT … SELECT for each few megabytes of rows, sent as one JSON value."""
        statement, appended = insert_of(table, data.schema), 0
        for text, count in chunks(data):
            self.execute(statement, rows=text)
            appended += count
        return appended

    def transaction(self) -> AbstractContextManager["DatabricksWarehouse"]:
        return nullcontext(self)

    def within(self, schema: str) -> "DatabricksWarehouse":
        return DatabricksWarehouse(self._pool, schema)

    def create_schema(self, name: str) -> None:
        self.within("default").execute(f"CREATE SCHEMA IF NOT EXISTS {quote(name)}")

    def close(self) -> None:
        self._pool.close()

    @contextmanager
    def _ran(self, sql: str, values: dict[str, Value]) -> Iterator["Cursor"]:
        bound: dict[str, Any] = {name: _bindable(value) for name, value in values.items()}
        with (
            counted(ENGINE), _told(sql), self._pool.borrowed(self.schema) as connection,
            connection.cursor() as cursor,
        ):  # fmt: skip
            cursor.execute(sql, parameters=bound)
            yield cursor


def _bindable(value: Value) -> Value:
    """Times go as UTC; one without a zone is taken to be UTC."""
    if not isinstance(value, datetime):
        return value
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


@contextmanager
def _told(sql: str) -> Iterator[None]:
    from databricks.sql.exc import Error

    try:
        yield
    except Error as error:
        raise explained(str(error), sql) from error


_SAID: tuple[tuple[tuple[str, ...], type[OntosError], str], ...] = (
    (("TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND"), NotFound, "A table or schema is missing."),
    (("INSUFFICIENT_PERMISSIONS", "PERMISSION_DENIED"), Denied, "Ask its owner to grant it."),
    (("DELTA_CONCURRENT", "ConcurrentAppend", "ConcurrentDelete"), Conflict,
     "Load it again, then repeat."),
    (("UNRESOLVED_COLUMN", "PARSE_SYNTAX_ERROR", "CAST_INVALID_INPUT", "DATATYPE_MISMATCH",
      "NOT_NULL_CONSTRAINT"), Invalid, "The statement does not fit the tables."),
    (("QUERY_TIMEOUT", "STATEMENT_TIMEOUT"), Unavailable,
     "It took longer than the statement timeout."),
)  # fmt: skip


def explained(said: str, sql: str) -> OntosError:
    """Our error for the warehouse's words; the statement by its beginning, no value of it."""
    head = " ".join(sql.split()[:6])
    first = said.partition("\n")[0][:300]
    for marks, kind, remedy in _SAID:
        if any(mark in said for mark in marks):
            return kind(f"`{head} …`: {first} {remedy}")
    return Unavailable(f"The warehouse could not run `{head} …`: {first} Try again in a minute.")

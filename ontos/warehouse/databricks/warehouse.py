"""`Warehouse` on Databricks: each verb is one statement on a borrowed connection."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, TypeVar

import pyarrow as pa
from opentelemetry import trace

from ontos.warehouse.databricks.attempt import Attempt, Attempts, Page
from ontos.warehouse.databricks.connecting import Wanted
from ontos.warehouse.databricks.failures import opening
from ontos.warehouse.databricks.link import Identity, Link
from ontos.warehouse.databricks.repeatable import Repeat
from ontos.warehouse.databricks.values import bindable
from ontos.warehouse.names import quote
from ontos.warehouse.protocol import HEARD_SECONDS, Row, Value
from ontos.warehouse.rowtext import chunks, insert_of
from ontos.warehouse.tally import counted

if TYPE_CHECKING:
    from databricks.sql.client import Cursor

ENGINE = "databricks"
WHOLE = Page(rows=100_000, size=16_000_000)
BATCH = Page(rows=20_000, size=8_000_000)
"""The connector holds a page several times over: it writes each answer out for its own log."""

T = TypeVar("T")
_tracer = trace.get_tracer("ontos")


def open_databricks(settings: Wanted) -> "DatabricksWarehouse":
    """A warehouse reached as the app itself; nothing is connected before the first statement."""
    return DatabricksWarehouse(Link(settings), "default")


class DatabricksWarehouse:
    """See `ontos.warehouse.protocol.Warehouse`. Each statement is a transaction of its own."""

    atomic = False

    def __init__(self, link: Link, schema: str, identity: Identity | None = None) -> None:
        self.schema = schema
        self._link, self._identity = link, identity or link.app

    @property
    def silent_seconds(self) -> float:
        """How long statements have waited for a warehouse that answers nobody; 0.0 if none do.

        More than a few seconds: it is starting, or it is overloaded.
        """
        return self._link.silence.seconds

    def awake(
        self, within: float, ask: Callable[[], object] | None = None, heard: float = HEARD_SECONDS
    ) -> bool:  # fmt: skip
        """Whether it answers in so many seconds; a statement that wakes it is left on its way.

        For pages and readiness: while False, `silent_seconds` says for how long. Costs nothing
        where the warehouse has answered just now. Raises what it says instead of an answer.
        """
        ask = ask or (lambda: self.rows("SELECT 1 AS one"))
        return self._link.waking.awake(within, ask, heard)

    def rows(self, sql: str, /, **values: Value) -> list[Row]:
        return _plain(self.arrow(sql, **values))

    def arrow(self, sql: str, /, **values: Value) -> pa.Table:
        with self._ran(sql, values, WHOLE, _whole) as (_, table):
            return table

    def batches(self, sql: str, /, **values: Value) -> Iterator[pa.RecordBatch]:
        """Once rows have been given, a broken link is an error: they may come in another order."""
        with self._ran(sql, values, BATCH, _part) as (attempt, table):
            while table.num_rows:
                yield from table.to_batches()
                table = attempt.more(_part)

    def execute(self, sql: str, /, **values: Value) -> int:
        """See `ontos.warehouse.databricks.repeatable` for which writes are sent twice, and when."""
        with self._ran(sql, values, WHOLE, _changed) as (_, changed):
            return changed

    def script(self, *statements: str, **values: Value) -> list[Row]:
        """A compound statement of SQL scripting; its answer is that of its last query."""
        together = "\n".join(("BEGIN", *(f"{sql.strip()};" for sql in statements), "END"))
        with self._ran(together, values, WHOLE, _whole, Repeat.ALWAYS) as (_, table):
            return _plain(table)

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
        return DatabricksWarehouse(self._link, schema, self._identity)

    def as_person(self, token: str) -> "DatabricksWarehouse":
        """The same schema with the rights of the person whose forwarded token this is."""
        return DatabricksWarehouse(self._link, self.schema, self._link.people.of(token))

    def create_schema(self, name: str) -> None:
        self.within("default").execute(f"CREATE SCHEMA IF NOT EXISTS {quote(name)}")

    def close(self) -> None:
        self._link.close()

    @contextmanager
    def _ran(
        self, sql: str, values: dict[str, Value], page: Page, read: Callable[["Cursor"], T],
        repeat: Repeat | None = None,
    ) -> Iterator[tuple[Attempt, T]]:  # fmt: skip
        """The first of the answer; what was borrowed for it is given back at the end."""
        bound = {name: bindable(name, value) for name, value in values.items()}
        attempts = Attempts(self._link, self._identity, self.schema, sql, bound, page, repeat)
        with ExitStack() as held:
            with counted(ENGINE), _span(sql), self._link.silence.broken():
                first = attempts.first(read, held)
            yield first


@contextmanager
def _span(sql: str) -> Iterator[None]:
    with _tracer.start_as_current_span(
        "warehouse.statement", attributes={"db.system": ENGINE, "db.operation": opening(sql)}
    ):
        yield


def _plain(table: pa.Table) -> list[Row]:
    rows: list[Row] = table.to_pylist(maps_as_pydicts="strict")
    return rows


def _whole(cursor: "Cursor") -> pa.Table:
    return cursor.fetchall_arrow()


def _part(cursor: "Cursor") -> pa.Table:
    return cursor.fetchmany_arrow(BATCH.rows)


def _changed(cursor: "Cursor") -> int:
    return max(int(cursor.rowcount), 0)

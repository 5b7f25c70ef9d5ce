"""The warehouse inside the app: DuckDB, in one file or in memory."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from ontos.kernel.errors import Invalid
from ontos.warehouse.arrivals import Arrivals
from ontos.warehouse.failures import opening, told
from ontos.warehouse.names import split_name
from ontos.warehouse.plain import described, plain_rows, plain_schema
from ontos.warehouse.protocol import HEARD_SECONDS, Row, Value
from ontos.warehouse.running import running
from ontos.warehouse.store import CATALOG, MEMORY_MB, Interruption, Store, duck_name
from ontos.warehouse.tally import counted, in_sequence
from ontos.warehouse.transaction import Transaction
from ontos.warehouse.values import bindable

if TYPE_CHECKING:
    from ontos.warehouse.dialect import Translation

ENGINE = "duckdb"
BATCH_ROWS = 10_000
MOST_TEXTS = 10_000
"""Distinct SQL texts that are remembered for the lint."""

T = TypeVar("T")
Witness = Callable[["EmbeddedWarehouse", str, Mapping[str, Value]], None]
"""Sees a statement before it runs: the warehouse that it is put to, its text and its values."""
_executed: dict[str, None] = {}
_witnesses: list[Witness] = []


def open_embedded(path: Path | None = None, memory_mb: int = MEMORY_MB) -> "EmbeddedWarehouse":
    """Open or create the store in a file, or one in memory that ends with the process."""
    return EmbeddedWarehouse(Store(path, memory_mb), "main")


def executed_texts() -> list[str]:
    """Every distinct SQL text that this process has put to an embedded warehouse."""
    return list(_executed)


def on_execution(witness: Witness) -> None:
    """Have `witness` see every statement that this process puts to an embedded warehouse."""
    _witnesses.append(witness)


class EmbeddedWarehouse:
    """See `Warehouse`. Inside a transaction that has begun, reads see its writes."""

    atomic = True
    silent_seconds = 0.0

    def __init__(self, store: Store, schema: str, transaction: Transaction | None = None) -> None:
        self.schema = schema
        self._store, self._transaction = store, transaction

    def rows(self, sql: str, /, **values: Value) -> list[Row]:
        translation, bound = self._prepared(sql, values)
        found = self._run(sql, translation, bound, plain_rows)
        return described(translation, found) if translation.describes else found

    def arrow(self, sql: str, /, **values: Value) -> pa.Table:
        translation, bound = self._prepared(sql, values)
        if translation.writes:
            raise Invalid(f"{opening(sql)} writes, so it has no Arrow answer. Use execute.")
        with counted(ENGINE), told(sql), self._reader() as cursor, _cancellable(cursor, sql):
            answer = cursor.sql(translation.last, params=bound)
            table = answer.to_arrow_table()
            plain = plain_schema(table.schema, [str(kind) for kind in answer.types])
        return table.cast(plain) if plain else table

    def batches(self, sql: str, /, **values: Value) -> Iterator[pa.RecordBatch]:
        if self._transaction is not None and self._transaction.begun:
            # Its cursor must be free for other statements while these batches are read.
            yield from self.arrow(sql, **values).to_batches(BATCH_ROWS)
            return
        translation, bound = self._prepared(sql, values)
        with told(sql), self._store.cursor(self.schema) as cursor, _cancellable(cursor, sql):
            with counted(ENGINE):
                answer = cursor.sql(translation.last, params=bound)
                reader = answer.to_arrow_reader(BATCH_ROWS)
                plain = plain_schema(reader.schema, [str(kind) for kind in answer.types])
            for batch in reader:
                yield batch.cast(plain) if plain else batch

    def execute(self, sql: str, /, **values: Value) -> int:
        return self._run(sql, *self._prepared(sql, values), _changed)

    def script(self, *statements: str, **values: Value) -> list[Row]:
        *before, last = statements
        with self.transaction() as whole:
            for sql in before:
                whole.execute(sql, **values)
            return whole.rows(last, **values)

    def append(self, table: str, data: pa.Table | pa.RecordBatchReader) -> int:
        """A stream must not write to the store: it is read while the right to write is held."""
        target = duck_name(*split_name(table))
        arrivals = Arrivals(table, data)

        what = f"append to {table}"
        with (
            counted(ENGINE),
            arrivals.blamed(),
            told(what),
            self._writer() as cursor,
            running(Interruption(cursor), what),
        ):
            return arrivals.insert(cursor, target)

    @contextmanager
    def transaction(self) -> Iterator["EmbeddedWarehouse"]:
        if self._transaction is not None:
            yield self
            return
        mine = Transaction(self._store)
        try:
            with in_sequence():
                yield EmbeddedWarehouse(self._store, self.schema, mine)
        except BaseException:
            mine.end(commit=False)
            raise
        mine.end(commit=True)

    def within(self, schema: str) -> "EmbeddedWarehouse":
        return EmbeddedWarehouse(self._store, schema, self._transaction)

    def create_schema(self, name: str) -> None:
        sql = f"CREATE SCHEMA IF NOT EXISTS {duck_name(CATALOG, *split_name(name)[-1:])}"
        with (
            counted(ENGINE),
            told(sql),
            self._store.writing(),
            self._store.cursor("main") as cursor,
        ):
            cursor.execute(sql)

    def as_person(self, token: str) -> "EmbeddedWarehouse":
        return self

    def awake(
        self, within: float, ask: Callable[[], object] | None = None, heard: float = HEARD_SECONDS
    ) -> bool:  # fmt: skip
        return True

    def close(self) -> None:
        self._store.close()

    def _prepared(
        self, sql: str, values: Mapping[str, Value]
    ) -> tuple["Translation", dict[str, Value]]:
        for witness in _witnesses:
            witness(self, sql, values)
        return _prepared(sql, values)

    def _run(
        self, sql: str, plan: "Translation", bound: Mapping[str, Value], read: Callable[[Any], T]
    ) -> T:
        with counted(ENGINE), told(sql), self._lent(plan) as cursor, _cancellable(cursor, sql):
            _perform(cursor, plan, bound)
            return read(cursor)

    def _lent(self, translation: "Translation") -> AbstractContextManager[Any]:
        if not translation.writes:
            return self._reader()
        return self._writer() if len(translation.statements) == 1 else self._whole()

    def _reader(self) -> AbstractContextManager[Any]:
        if self._transaction is not None and self._transaction.begun:
            return self._transaction.cursor(self.schema)
        return self._store.cursor(self.schema)

    @contextmanager
    def _writer(self) -> Iterator[Any]:
        if self._transaction is not None:
            with self._transaction.cursor(self.schema) as cursor:
                yield cursor
            return
        with self._store.writing(), self._store.cursor(self.schema) as cursor:
            yield cursor

    @contextmanager
    def _whole(self) -> Iterator[Any]:
        """A cursor for several DuckDB statements that are one to whoever asked."""
        with self.transaction() as together, together._writer() as cursor:
            yield cursor


def _cancellable(cursor: Any, sql: str) -> AbstractContextManager[object]:
    """Inside, `ontos.warehouse.cancel` reaches the statement."""
    return running(Interruption(cursor), opening(sql))


def _prepared(sql: str, values: Mapping[str, Value]) -> tuple["Translation", dict[str, Value]]:
    """The translation, and the values that it names: DuckDB refuses others."""
    from ontos.warehouse.dialect import translate

    translation = translate(sql)
    if len(_executed) < MOST_TEXTS:
        _executed[sql] = None
    missing = [name for name in translation.names if name not in values]
    if missing:
        raise Invalid(f"No value is given for :{missing[0]} of {opening(sql)}.", field=missing[0])
    return translation, {name: bindable(name, values[name]) for name in translation.names}


def _perform(cursor: Any, translation: "Translation", bound: Mapping[str, Value]) -> None:
    if translation.unless_exists and _exists(cursor, translation.unless_exists):
        return
    for statement in translation.statements:
        cursor.execute(statement.text, {name: bound[name] for name in statement.names})


def _exists(cursor: Any, table: tuple[str | None, str]) -> bool:
    cursor.execute(
        "SELECT 1 AS found FROM duckdb_tables() WHERE database_name = $catalog"
        " AND lower(schema_name) = lower(coalesce($schema, current_schema()))"
        " AND lower(table_name) = lower($name)",
        {"catalog": CATALOG, "schema": table[0], "name": table[1]},
    )
    return cursor.fetchone() is not None


def _changed(cursor: Any) -> int:
    """The rows that a statement changed; 0 for those that change none."""
    counts = cursor.description and cursor.description[0][0] == "Count"
    row = cursor.fetchone() if counts else None
    return int(row[0]) if row else 0

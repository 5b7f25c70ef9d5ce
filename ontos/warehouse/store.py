"""One DuckDB store of this process: its file, its cursors, and the one writer at a time."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ontos.kernel.errors import NotFound, Unavailable
from ontos.warehouse.running import Ticket

CATALOG = "workbench"
KEPT = 16
"""Idle cursors kept for each schema; opening one costs a millisecond."""
PATIENCE = 120.0
"""Seconds that a write waits for the writers before it."""
CUT_OFF = 5.0
"""Seconds that closing waits for readers; a stream that nobody reads on is closed after that."""

_CONFIG = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "preserve_insertion_order": "false",
}

MEMORY_MB = 512
"""What the store holds of its file, and works with; beyond it DuckDB spills, so that memory does
not grow with rows."""


class Store:
    """Cursors are lent to one thread at a time; a shared one mixes up its answers."""

    def __init__(self, path: Path | None, memory_mb: int = MEMORY_MB) -> None:
        self.path = path
        self._root = _connect(path, memory_mb)
        self._idle: dict[str, list[Any]] = defaultdict(list)
        self._lent: set[Any] = set()
        self._guard = threading.Lock()
        self._turn = Turn()
        self._closed = False

    @contextmanager
    def cursor(self, schema: str) -> Iterator[Any]:
        """A cursor whose unqualified names are those of `schema`; after an error it is closed."""
        cursor = self.borrow(schema)
        try:
            yield cursor
        except BaseException:
            self.drop(cursor)
            raise
        self._give_back(schema, cursor)

    def borrow(self, schema: str) -> Any:
        """A cursor that is lent until `drop`."""
        cursor, fresh = self._taken(schema)
        if fresh:
            try:
                bind(cursor, schema)
            except BaseException:
                self.drop(cursor)
                raise
        return cursor

    def drop(self, cursor: Any) -> None:
        with self._guard:
            self._lent.discard(cursor)
        cursor.close()

    def _taken(self, schema: str) -> tuple[Any, bool]:
        with self._guard:
            if self._closed:
                raise Unavailable("The store is closed. Start the workbench again.")
            idle = self._idle[schema]
            cursor, fresh = (idle.pop(), False) if idle else (self._root.cursor(), True)
            self._lent.add(cursor)
            return cursor, fresh

    def _give_back(self, schema: str, cursor: Any) -> None:
        with self._guard:
            self._lent.discard(cursor)
            if not self._closed and len(self._idle[schema]) < KEPT:
                self._idle[schema].append(cursor)
                return
        cursor.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the right to write; the thread that holds it may ask again."""
        self.acquire()
        try:
            yield
        finally:
            self.release()

    def acquire(self) -> None:
        if not self._turn.acquire(PATIENCE):
            raise Unavailable(
                f"Another change has been under way for over {PATIENCE:.0f} s. Repeat in a moment."
            )

    def release(self) -> None:
        self._turn.release()

    def close(self) -> None:
        """Wait for the writer, put everything into the file and let go of it; reads are cut off."""
        with self.writing():
            with self._guard:
                if self._closed:
                    return
                self._closed = True
            self._cut_off()
            with self._guard:
                idle = (cursor for cursors in self._idle.values() for cursor in cursors)
                _put_away(self._root, *self._lent, *idle)
                self._idle.clear()

    def _cut_off(self) -> None:
        """Interrupt what reads, until its cursors came back: a busy one cannot be closed."""
        end = time.monotonic() + CUT_OFF
        while time.monotonic() < end:
            with self._guard:
                reading = tuple(self._lent)
            if not reading:
                return
            for cursor in reading:
                cursor.interrupt()
            time.sleep(0.01)


class Interruption(Ticket):
    """A statement on a cursor, which is lent on only after the statement has ended."""

    def __init__(self, cursor: Any) -> None:
        super().__init__()
        self._cursor = cursor

    def stop(self) -> None:
        with self.guard:
            if not self.ended:
                self._cursor.interrupt()


class Turn:
    """A lock that its thread may take again, and that another thread may give back."""

    def __init__(self) -> None:
        self._free = threading.Condition()
        self._owner: int | None = None
        self._depth = 0

    def acquire(self, seconds: float) -> bool:
        me = threading.get_ident()
        with self._free:
            if not self._free.wait_for(lambda: self._owner in (None, me), seconds):
                return False
            self._owner, self._depth = me, self._depth + 1
            return True

    def release(self) -> None:
        with self._free:
            self._depth -= 1
            if self._depth == 0:
                self._owner = None
                self._free.notify()


def bind(cursor: Any, schema: str) -> None:
    """Make `schema` the one of unqualified names."""
    import duckdb

    try:
        cursor.execute(f"USE {CATALOG}.{duck_name(schema)}")
    except duckdb.CatalogException as error:
        raise NotFound(f"There is no schema {schema} in the store. Create it first.") from error


def duck_name(*parts: str) -> str:
    """An identifier as DuckDB quotes it."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def _connect(path: Path | None, memory_mb: int) -> Any:
    """The store's blocks lie in memory that is kept: giving it back and asking for it again costs
    a full store a tenth of each write."""
    import duckdb

    place = ":memory:" if path is None else str(path)
    spill = "" if path is None else f"{path}.tmp"
    memory = dict.fromkeys(("memory_limit", "block_allocator_memory"), f"{memory_mb}MB")
    root = duckdb.connect(":memory:", config=_CONFIG | memory | {"temp_directory": spill})
    try:
        root.execute(f"ATTACH '{place.replace(chr(39), chr(39) * 2)}' AS {CATALOG}")
    except duckdb.Error as error:
        root.close()
        raise _not_opened(path, error) from error
    root.execute("SET GLOBAL TimeZone = 'UTC'")
    # From here on no SQL reaches files, the network or these settings.
    root.execute("SET GLOBAL enable_external_access = false")
    root.execute("SET GLOBAL lock_configuration = true")
    return root


def _not_opened(path: Path | None, error: Exception) -> Unavailable:
    text = str(error)
    if "lock on file" in text or "Unique file handle" in text:
        return Unavailable(
            f"The store {path} is in use by another process, and only one can open it. "
            "Talk REST to the workbench that runs, or stop it first.",
            reason="in use",
        )
    return Unavailable(f"The store {path} cannot be opened: {text.partition(chr(10))[0]}")


def _put_away(root: Any, *cursors: Any) -> None:
    import duckdb

    for cursor in cursors:
        with suppress(duckdb.ResourceInUseException):  # it ends with its own statement
            cursor.close()
    # Where a reader holds the checkpoint back, the log carries the changes to the next start.
    with suppress(duckdb.TransactionException, duckdb.ResourceInUseException):
        root.execute(f"CHECKPOINT {CATALOG}")
    with suppress(duckdb.ResourceInUseException):
        root.close()

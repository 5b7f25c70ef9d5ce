"""A DuckDB transaction that begins at its first write."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ontos.kernel.errors import Unavailable
from ontos.warehouse.failures import told
from ontos.warehouse.store import Store, bind


class Transaction:
    """Until the first write it holds nothing; from then on a cursor, and the right to write."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._cursor: Any = None
        self._schema = ""
        self._one = threading.RLock()
        self._over = False

    @property
    def begun(self) -> bool:
        return self._cursor is not None

    @contextmanager
    def cursor(self, schema: str) -> Iterator[Any]:
        """The transaction's own cursor, for one statement at a time; the first call begins it."""
        with self._one:
            if self._over:
                raise Unavailable("This transaction has ended. Open another one.")
            if self._cursor is None:
                self._begin(schema)
            elif schema != self._schema:
                bind(self._cursor, schema)
                self._schema = schema
            yield self._cursor

    def end(self, commit: bool) -> None:
        with self._one:
            self._over = True
            if self._cursor is None:
                return
            try:
                with told("COMMIT" if commit else "ROLLBACK"):
                    self._cursor.execute("COMMIT" if commit else "ROLLBACK")
            finally:
                self._store.drop(self._cursor)
                self._cursor = None
                self._store.release()

    def _begin(self, schema: str) -> None:
        self._store.acquire()
        try:
            cursor = self._store.borrow(schema)
            cursor.execute("BEGIN")
        except BaseException:
            self._store.release()
            raise
        self._cursor, self._schema = cursor, schema

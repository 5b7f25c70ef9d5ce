"""Real Spark behind the same interface as the embedded engine of the local warehouse server."""

import re
import threading
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any

import pyarrow as pa
from sqlglot.dialects.databricks import Databricks

from ontos.workspace import Table
from tests.wire.engine import AiQuery, Answer, Refused, statements, told
from tests.wire.spark.session import CATALOG, Spark
from tests.wire.spark.specimens import stream_of

MOST_SESSIONS = 32
"""Sessions that are kept, one for each schema: the current schema belongs to a session."""
_DML = ("INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE")
_UPKEEP = re.compile(r"\s*(OPTIMIZE|VACUUM)\s+(\S+)", re.IGNORECASE)

_COLUMNS = """
SELECT table_schema, table_name, column_name, full_data_type
FROM information_schema.columns WHERE table_catalog = :catalog
ORDER BY table_schema, table_name, ordinal_position
"""


class SparkEngine:
    """See `Engine`. All engines of a process show the same tables: `clear` forgets them.

    `ai_query` is a Python function here: those take named arguments.
    """

    def __init__(self, spark: Spark, ai_query: AiQuery | None = None) -> None:
        self._spark, self._ai_query = spark, ai_query
        self._sessions: dict[str, Any] = {}
        self._guard = threading.Lock()
        self._writing = threading.RLock()

    def run(self, sql: str, values: Mapping[str, Any], schema: str) -> Answer:
        from py4j.protocol import Py4JJavaError
        from pyspark.errors import PySparkException

        try:
            return self._run(sql, dict(values), schema)
        except (PySparkException, Py4JJavaError) as error:
            raise Refused(said(error)) from error

    def tables(self) -> list[Table]:
        found = self.run(_COLUMNS, {"catalog": CATALOG}, "default").table
        return told(found.to_pylist() if found is not None else ())

    def clear(self) -> None:
        """Forget every schema; what they held is free."""
        with self._guard:
            self._sessions.clear()
        self._tables.clear()

    def shelve(self, schema: str, name: str, label: str) -> None:
        """Keep a table as it is now, until `clear`."""
        self._tables.shelve(schema, name, label)

    def restore(self, schema: str, name: str, label: str) -> bool:
        """Put a table back as it was shelved; false where nothing is."""
        return bool(self._tables.restore(schema, name, label))

    def fill(self, schema: str, name: str, rows: pa.Table) -> bool:
        """Add rows to a table whose columns are just those of the rows; else false, and none."""
        return bool(self._tables.fill(schema, name, stream_of(rows)))

    @property
    def held(self) -> int:
        """Rows in all tables together."""
        return int(self._tables.held())

    def close(self) -> None:
        self.clear()

    @cached_property
    def _tables(self) -> Any:
        return self._spark.root._jvm.ontos.memory.Tables

    def _run(self, sql: str, values: dict[str, Any], schema: str) -> Answer:
        session = self._session(schema)
        if upkeep := _UPKEEP.match(sql):
            session.sql(f"SELECT 1 AS one FROM {upkeep[2]} LIMIT 0").schema  # noqa: B018
            return Answer()
        if len(statements(sql)) > 1:
            with self._writing:
                return Answer(session.sql(sql, args=values).toArrow())
        if reads(sql):
            return Answer(_shown(session.sql(sql, args=values)).toArrow())
        with self._writing:  # a change starts from the rows that the one before it left
            self._tables.changed()
            session.sql(sql, args=values)
            changed = int(self._tables.changed())
        if sql.lstrip()[:8].upper().startswith(_DML):
            return Answer(pa.table({"num_affected_rows": [changed]}), changed)
        return Answer()

    def _session(self, schema: str) -> Any:
        with self._guard:
            session = self._sessions.pop(schema, None)
            if session is None:
                session = self._opened(schema)
            self._sessions[schema] = session
            while len(self._sessions) > MOST_SESSIONS:
                self._sessions.pop(next(iter(self._sessions)))
            return session

    def _opened(self, schema: str) -> Any:
        session = self._spark.root.newSession()
        if schema == "default":
            session.sql(f"CREATE SCHEMA IF NOT EXISTS {CATALOG}.`default`")
        session.sql(f"USE {CATALOG}.`{schema}`")
        if self._ai_query:
            session.udf.register("ai_query", _function(self._ai_query))
        return session


def _function(given: AiQuery) -> Any:
    """Chance may be in it, so that Spark refuses it wherever it might be evaluated twice."""
    from pyspark.sql.functions import udf

    def ai_query(
        endpoint: str, request: str, modelParameters: Any = None, failOnError: bool = True
    ) -> tuple[str | None, str | None]:
        return given.answer(endpoint, request)

    first, second = given.fields
    made: Any = udf(ai_query, f"{first} STRING, {second} STRING", useArrow=False)
    return made.asNondeterministic()


def _shown(answer: Any) -> Any:
    """A VARIANT arrives as its JSON text."""
    from pyspark.sql import functions
    from pyspark.sql.types import VariantType

    if not any(isinstance(field.dataType, VariantType) for field in answer.schema):
        return answer
    return answer.select(
        *(
            functions.to_json(answer[at]).alias(field.name)
            if isinstance(field.dataType, VariantType)
            else answer[at]
            for at, field in enumerate(answer.schema)
        )
    )


@lru_cache(maxsize=4096)
def reads(sql: str) -> bool:
    """Whether the statement has an answer and changes nothing."""
    words = [token.text.upper() for token in Databricks().tokenize(sql)]
    first = next((word for word in words if word != "("), "")
    if first == "WITH":
        return not any(word in _DML for word in words)
    return first in ("SELECT", "VALUES", "FROM", "SHOW", "DESCRIBE", "DESC", "EXPLAIN")


_WORDS = (
    ("NOT_NULL_ASSERT_VIOLATION", "DELTA_NOT_NULL_CONSTRAINT_VIOLATED"),
    ("MERGE_CARDINALITY_VIOLATION", "DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE"),
)
"""What Delta calls a complaint of Spark's."""


def said(error: Exception) -> str:
    """The complaint as Databricks words it."""
    text = _complaint(error)
    for spark, delta in _WORDS:
        text = text.replace(spark, delta)
    return text if text.startswith("[") else f"[INTERNAL_ERROR] {text} SQLSTATE: XX000"


def _complaint(error: Exception) -> str:
    found = re.search(r"\[[A-Z][A-Z_.0-9]+\][^\n]*", str(error))
    return found[0] if found else str(error).partition("\n")[0]

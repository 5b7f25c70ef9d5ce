"""What executes SQL behind the local warehouse server."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa
import sqlglot
from sqlglot import exp
from sqlglot.dialects.databricks import Databricks

from ontos.workspace import Column, Table

CATALOG = "workbench"
"""The one of every engine."""


@dataclass(frozen=True)
class Answer:
    """`table` is the result set, None for a statement that has none.

    `changed` counts the rows that DML changed; it is -1 for everything else.
    """

    table: pa.Table | None = None
    changed: int = -1


class Refused(Exception):
    """A statement failed; the text is Databricks': `[ERROR_CLASS] words SQLSTATE: code`."""


def statements(sql: str) -> list[str]:
    """Those of `BEGIN …; …; END`; any other text is one."""
    if not sql.startswith("BEGIN\n"):
        return [sql]
    inside = sql.removeprefix("BEGIN\n").removesuffix("END")
    ends = [token.start for token in Databricks().tokenize(inside) if token.text == ";"]
    starts = [0, *(end + 1 for end in ends)]
    return [inside[start:end].strip() for start, end in zip(starts, ends, strict=False)]


def tables(sql: str) -> Iterator[exp.Table]:
    """Every table that is named."""
    for statement in statements(sql):
        yield from sqlglot.parse_one(statement, read="databricks").find_all(exp.Table)


def told(rows: Iterable[Mapping[str, str]]) -> list[Table]:
    """Tables out of (schema, table, column, type), the columns of each in order."""
    found: dict[str, list[Column]] = {}
    for schema, table, column, kind in (row.values() for row in rows):
        found.setdefault(f"{CATALOG}.{schema}.{table}", []).append(Column(column, kind))
    return [Table(name, tuple(columns)) for name, columns in found.items()]


@dataclass(frozen=True)
class AiQuery:
    """What `ai_query` finds: chat endpoints by name, each a function of the request.

    What such a function raises as ValueError is the row's error. `fields` are the names of a
    response and of an error.
    """

    endpoints: Mapping[str, Callable[[str], str]]
    fields: tuple[str, str] = ("response", "errorMessage")

    def answer(self, endpoint: str, request: str) -> tuple[str | None, str | None]:
        try:
            return self.endpoints[endpoint](request), None
        except ValueError as error:
            return None, str(error)

    def compiled(self, endpoint: str) -> None:
        """Raises Refused where a warehouse would before any row is read."""
        if endpoint not in self.endpoints:
            raise Refused(
                "[AI_FUNCTION_COMPILATION_ERROR] An error occurred while compiling the AI function:"
                f" 404: The endpoint {endpoint} does not exist. SQLSTATE: 42883"
            )


class Engine(Protocol):
    """One store. Several threads ask it at once."""

    def run(self, sql: str, values: Mapping[str, Any], schema: str) -> Answer:
        """Execute Databricks SQL with named values; unqualified names are those of `schema`.

        `values` are str, int, float, bool, Decimal, date, an aware datetime, or None.
        Raises Refused.
        """
        ...

    def tables(self) -> Iterable[Table]:
        """Those of its catalog as they are now, with Databricks' types."""
        ...

    def close(self) -> None: ...

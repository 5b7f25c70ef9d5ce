"""What executes SQL behind the local warehouse server."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa
import sqlglot
from sqlglot import exp
from sqlglot.dialects.databricks import Databricks


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


class Engine(Protocol):
    """One store. Several threads ask it at once."""

    def run(self, sql: str, values: Mapping[str, Any], schema: str) -> Answer:
        """Execute Databricks SQL with named values; unqualified names are those of `schema`.

        `values` are str, int, float, bool, Decimal, date, an aware datetime, or None.
        Raises Refused.
        """
        ...

    def close(self) -> None: ...

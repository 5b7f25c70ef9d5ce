"""What came out of a file, and the rules that hold for the columns of every format."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pyarrow as pa

from ontos.kernel.errors import Invalid
from ontos.workspace import Column

Format = Literal["csv", "parquet", "jsonl"]

MOST_COLUMNS = 1_000
LONGEST_NAME = 255
LONGEST_ROW = 4_000_000
"""Bytes of one row of a text file. The engine keeps several such rows per thread in memory."""

EXACT = 2**53
"""Up to here a DOUBLE holds each whole number; beyond, it loses digits."""

SHOWN_ROWS = 20
BATCH_ROWS = 10_000

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Contents:
    """`batches` gives the rows in the file's order, in batches, with `columns` as their names."""

    format: Format
    columns: tuple[Column, ...]
    rows: int
    batches: Callable[[], pa.RecordBatchReader]


@dataclass(frozen=True)
class BadRow:
    """`line` counts from 1, as editors show it; `text` is the beginning of what stands there."""

    line: int
    problem: str
    text: str


def refuse_rows(bad: Sequence[BadRow], count: int, more: bool = False) -> Invalid:
    """The refusal of a file for its rows: the first ones in words, up to 20 as `rows`."""
    first = "; ".join(f"line {row.line} {row.problem}" for row in bad[:3])
    number = f"{count:,}{' or more' if more else ''} row{'s' if count != 1 else ''}"
    return Invalid(
        f"file: {number} cannot be read: {first}{'; …' if len(bad) > 3 else ''}. "
        "Correct the file and upload it again. Nothing was loaded.",
        field="file",
        rows=[asdict(row) for row in bad[:SHOWN_ROWS]],
    )


def column_names(found: Sequence[str], what: str) -> list[str]:
    """Trimmed names, fit for a table. `what` says where they stand: `header`, `keys`, …"""
    if not found:
        raise Invalid("file: it has no columns. Name at least one.", field="file")
    if len(found) > MOST_COLUMNS:
        raise Invalid(f"file: it has more than {MOST_COLUMNS:,} columns. Split it.", field="file")
    names = [name.strip() for name in found]
    for at, name in enumerate(names, 1):
        if problem := _name_problem(name):
            raise Invalid(f"file: name {at} of the {what} {problem}.", field="file")
    twice = [name for name, n in Counter(name.lower() for name in names).items() if n > 1]
    if twice:
        again = ", ".join(repr(name) for name in names if name.lower() in twice)
        raise Invalid(
            f"file: the {what} has names that differ in nothing but case or surrounding spaces: "
            f"{again[:500]}. Give each column its own name.",
            field="file",
        )
    return names


def _name_problem(name: str) -> str | None:
    if not name:
        return "is empty. Name every column, or remove those without a name"
    if len(name) > LONGEST_NAME:
        return f"is {len(name):,} characters long. Use at most {LONGEST_NAME}"
    if _CONTROL.search(name):
        return "holds a line break or a control character. Use one line of text"
    return None


def literal(text: str) -> str:
    """A text inside the scratch engine's SQL, which takes no parameters for names of files."""
    return "'" + text.replace("'", "''") + "'"


def reader(engine: Any, select: str, names: Sequence[str]) -> pa.RecordBatchReader:
    """The rows of a query in batches, renamed by position."""
    rows = engine.sql(select).to_arrow_reader(BATCH_ROWS)
    schema = pa.schema([f.with_name(n) for f, n in zip(rows.schema, names, strict=True)])
    renamed = (pa.RecordBatch.from_arrays(batch.columns, schema=schema) for batch in rows)
    return pa.RecordBatchReader.from_batches(schema, renamed)

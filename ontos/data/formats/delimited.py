"""CSV: comma, semicolon, tab or bar; quotes doubled; the first line names the columns.

Types are found from every value, never from a sample:

    BIGINT     -12, 0, 3 …           (007 and numbers over 18 digits stay text: they are ids)
    DOUBLE     1.5, .5, 2e-3, and columns that mix these with whole numbers up to 2^53
               (beyond that a DOUBLE loses digits, so that such a mixture stays text)
    BOOLEAN    true, false
    DATE       2024-05-31
    TIMESTAMP  2024-05-31 10:15[:30[.5]][Z|+02:00]; without a zone it is UTC
    STRING     everything else, and columns without any value

An empty cell is NULL, quoted or not. Words such as null or NA are text like any other.
"""

import csv
import re
from collections.abc import Sequence
from functools import partial
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

from ontos.data.formats.contents import (
    EXACT,
    LONGEST_ROW,
    SHOWN_ROWS,
    BadRow,
    Contents,
    column_names,
    literal,
    reader,
    refuse_rows,
)
from ontos.kernel.errors import Invalid
from ontos.workspace import Column

DELIMITERS = ",;\t|"
SNIFFED_ROWS = 50
CHUNK = 1 << 20
MOST_BAD_ROWS = 1_000
"""So many bad rows are kept; the rest are only known to be more."""

# Bit, type, pattern, and the scratch engine's test of what looks right (months have 12, …).
KINDS = (
    (64, "BIGINT", r"-?[1-9][0-9]{15,17}", f"abs(TRY_CAST({{0}} AS BIGINT)) > {EXACT}"),
    (1, "BIGINT", r"-?(0|[1-9][0-9]{0,17})", "true"),
    (2, "DOUBLE", r"-?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?",
     "regexp_matches({0}, '[.eE]') AND isfinite(TRY_CAST({0} AS DOUBLE))"),
    (4, "BOOLEAN", r"(?i)true|false", "true"),
    (8, "DATE", r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "TRY_CAST({0} AS DATE) IS NOT NULL"),
    (16, "TIMESTAMP",
     r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?"
     r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)?",
     "TRY_CAST({0} AS TIMESTAMPTZ) IS NOT NULL"),
)  # fmt: skip
TEXT = 32
BY_MASK = {bit: kind for bit, kind, _, _ in KINDS} | {
    1 | 64: "BIGINT", 1 | 2: "DOUBLE", 8 | 16: "TIMESTAMP",
}  # fmt: skip

PROBLEMS = {
    "MISSING COLUMNS": "has too few values",
    "TOO MANY COLUMNS": "has too many values",
    "UNQUOTED VALUE": "has a quotation mark that is never closed, or text after a closing one",
    "LINE SIZE OVER MAXIMUM": f"is longer than {LONGEST_ROW // 1_000_000} MB",
}


def read_delimited(engine: Any, path: Path) -> Contents:
    """Check every row against the header and find the types."""
    delimiter, header, skip = _header(path)
    names = column_names(header, "header")
    source = _source(path, len(names), delimiter, skip)
    rows, kinds = _inferred(engine, source, len(names))
    _refuse_bad_rows(engine, path, len(names))
    select = ", ".join(_converted(at, kind) for at, kind in enumerate(kinds))
    return Contents(
        "csv", tuple(map(Column, names, kinds)), rows,
        partial(reader, engine, f"SELECT {select} FROM {source}", names),  # noqa: S608
    )  # fmt: skip


def _header(path: Path) -> tuple[str, list[str], int]:
    """The delimiter under which the first rows agree best, the header, the empty lines before."""
    tried = {delimiter: _first_rows(path, delimiter) for delimiter in DELIMITERS}
    best = max(tried, key=lambda delimiter: _agreement(tried[delimiter]))
    with path.open(encoding="utf-8", newline="") as file:
        empty = sum(1 for _ in takewhile("\n".__eq__, file))
    return best, tried[best][0], empty


def _first_rows(path: Path, delimiter: str) -> list[list[str]]:
    """The header and some rows; fewer where a value is too long to be looked at here."""
    rows: list[list[str]] = []
    with path.open(encoding="utf-8", newline="") as file:
        try:
            for row in islice(filter(None, csv.reader(file, delimiter=delimiter)), SNIFFED_ROWS):
                rows.append(row)
        except csv.Error as error:
            if not rows:
                raise Invalid(
                    f"file: the header cannot be read ({error}). Look for a quotation mark that "
                    "is never closed.",
                    field="file",
                ) from error
    return rows


def _agreement(rows: Sequence[Sequence[str]]) -> tuple[float, int]:
    width = len(rows[0])
    same = sum(len(row) == width for row in rows) / len(rows)
    return (same, width) if width > 1 else (0.0, 1)


def _source(path: Path, width: int, delimiter: str, skip: int) -> str:
    columns = ", ".join(f"'c{at}': 'VARCHAR'" for at in range(width))
    # A single column has no other sign of an empty line than an empty value.
    filled = " WHERE c0 IS NOT NULL" if width == 1 else ""
    return (
        f"(SELECT * FROM read_csv({literal(str(path))}, columns={{{columns}}}, auto_detect=false,"  # noqa: S608
        f" header=true, skip={skip}, delim={literal(delimiter)}, quote='\"', escape='\"',"
        f" new_line='\\n', max_line_size={LONGEST_ROW}, store_rejects=true,"
        f" rejects_limit={MOST_BAD_ROWS}){filled}) AS source"
    )


def _inferred(engine: Any, source: str, width: int) -> tuple[int, list[str]]:
    masks = ", ".join(f"bit_or({_kind_bit(f'trim(c{at})')})" for at in range(width))
    rows, *found = engine.sql(f"SELECT count(*), {masks} FROM {source}").fetchall()[0]  # noqa: S608
    return rows, [BY_MASK.get(mask or 0, "STRING") for mask in found]


def _kind_bit(value: str) -> str:
    """The bit of the narrowest type that a value has; 0 for none."""
    whens = " ".join(
        f"WHEN regexp_full_match({value}, {literal(pattern)}) AND {test.format(value)} THEN {bit}"
        for bit, _, pattern, test in KINDS
    )
    return f"CASE WHEN {value} IS NULL OR {value} = '' THEN 0 {whens} ELSE {TEXT} END"


def _converted(at: int, kind: str) -> str:
    if kind == "STRING":
        return f"c{at}"
    into = "TIMESTAMPTZ" if kind == "TIMESTAMP" else kind
    return f"CAST(nullif(trim(c{at}), '') AS {into})"


def _refuse_bad_rows(engine: Any, path: Path, width: int) -> None:
    found = engine.sql(
        "SELECT line_byte_position AS place, first(error_type), first(error_message),"  # noqa: S608
        " first(csv_line), count(*) OVER ()"
        f" FROM reject_errors GROUP BY place ORDER BY place LIMIT {SHOWN_ROWS}"
    ).fetchall()
    if not found:
        return
    lines = _lines_at(path, [place for place, *_ in found])
    bad = [
        BadRow(line, _problem(kind, why, width), (text or "").strip("\n")[:200])
        for line, (_, kind, why, text, _) in zip(lines, found, strict=True)
    ]
    count = found[0][-1]
    raise refuse_rows(bad, count, more=count >= MOST_BAD_ROWS)


def _lines_at(path: Path, positions: Sequence[int]) -> list[int]:
    """The lines of ascending byte positions, both from 1: the engine counts rows, editors lines."""
    lines, line, at = [], 1, 1
    with path.open("rb") as file:
        for position in positions:
            while at < position:
                chunk = file.read(min(position - at, CHUNK))
                line, at = line + chunk.count(b"\n"), at + len(chunk)
            # Empty lines before a row are, to the engine, its beginning.
            while file.peek(1)[:1] == b"\n":
                file.read(1)
                line, at = line + 1, at + 1
            lines.append(line)
    return lines


def _problem(kind: str, why: str, width: int) -> str:
    seen = re.search(r"Found: (\d+)", why or "")
    counted = f" ({seen[1]}; the header has {width})" if seen else ""
    return PROBLEMS.get(kind, f"is not right ({kind.lower()})") + counted

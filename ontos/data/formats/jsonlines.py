"""JSON lines: one object a line; its keys are the columns, in the order of their first appearance.

Whole numbers are BIGINT, other numbers DOUBLE, true and false BOOLEAN, everything else STRING.
A column with whole numbers beyond 64 bits is STRING, which keeps all of their digits; so is one
that mixes those beyond 2^53 with other numbers, or has a number too large for a DOUBLE.
Objects and lists, and columns of mixed types, are kept as their JSON text. A missing key is NULL.
NaN and Infinity, which JSON lacks but Python writes, are DOUBLE values.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ontos.data.formats.contents import (
    EXACT,
    LONGEST_ROW,
    MOST_COLUMNS,
    SHOWN_ROWS,
    BadRow,
    Contents,
    column_names,
    literal,
    reader,
    refuse_rows,
)
from ontos.workspace import Column

BIGGEST = 2**63 - 1
BY_MASK = {1: "BIGINT", 16: "BIGINT", 1 | 16: "BIGINT", 2: "DOUBLE", 1 | 2: "DOUBLE", 4: "BOOLEAN"}
ENGINE = {"STRING": "VARCHAR"}
# Written with an even number of backslashes before it; with an odd one, it is text.
ZERO_BYTE = r"(^|[^\\])(\\\\)*\\u0000"


def read_json_lines(engine: Any, path: Path) -> Contents:
    """Check every line, collect the keys, and find the types."""
    import duckdb

    try:
        rows, keys = _keys(engine, path)
        names = column_names(keys, "list of keys")
        kinds = _inferred(engine, path, keys)
    except duckdb.InvalidInputException:
        _refuse_bad_lines(path)
        raise
    source = _source(path, keys, [ENGINE.get(kind, kind) for kind in kinds])
    return Contents(
        "jsonl", tuple(map(Column, names, kinds)), rows,
        partial(reader, engine, f"SELECT * FROM {source}", names),  # noqa: S608
    )  # fmt: skip


def _keys(engine: Any, path: Path) -> tuple[int, list[str]]:
    lines = (
        f"(SELECT json, row_number() OVER () AS line FROM read_ndjson_objects({literal(str(path))},"  # noqa: S608
        f" maximum_object_size={LONGEST_ROW}))"
    )
    rows, objects, odd = engine.sql(
        "SELECT count(*), count_if(json_type(json) = 'OBJECT'),"  # noqa: S608
        f" count_if(regexp_matches(json, {literal(ZERO_BYTE)})) FROM {lines}"
    ).fetchall()[0]
    if objects < rows or odd:
        _refuse_bad_lines(path)
    keys = engine.sql(
        "SELECT key FROM (SELECT unnest(json_keys(json)) AS key,"  # noqa: S608
        " generate_subscripts(json_keys(json), 1) AS nth, line"
        f" FROM {lines}) GROUP BY key ORDER BY min([line, nth]) LIMIT {MOST_COLUMNS + 1}"
    ).fetchall()
    return rows, [key for (key,) in keys]


def _source(path: Path, keys: Sequence[str], kinds: Sequence[str]) -> str:
    pairs = zip(keys, kinds, strict=True)
    columns = ", ".join(f"{literal(key)}: {literal(kind)}" for key, kind in pairs)
    aliases = ", ".join(f"c{at}" for at in range(len(keys)))
    return (
        f"read_json({literal(str(path))}, format='newline_delimited', records=true,"
        f" columns={{{columns}}}, maximum_object_size={LONGEST_ROW}) AS source({aliases})"
    )


def _inferred(engine: Any, path: Path, keys: Sequence[str]) -> list[str]:
    source = _source(path, keys, ["JSON"] * len(keys))
    masks = ", ".join(f"bit_or({_kind_bit(f'c{at}')})" for at in range(len(keys)))
    found = engine.sql(f"SELECT {masks} FROM {source}").fetchall()[0]  # noqa: S608
    return [BY_MASK.get(mask or 0, "STRING") for mask in found]


def _kind_bit(value: str) -> str:
    return (
        f"CASE coalesce(json_type({value}), 'NULL') WHEN 'NULL' THEN 0"
        f" WHEN 'BIGINT' THEN CASE WHEN CAST({value} AS BIGINT) < -{EXACT} THEN 16 ELSE 1 END"
        f" WHEN 'UBIGINT' THEN CASE WHEN CAST({value} AS UBIGINT) > {BIGGEST} THEN 8"
        f" WHEN CAST({value} AS UBIGINT) > {EXACT} THEN 16 ELSE 1 END"
        f" WHEN 'DOUBLE' THEN CASE WHEN regexp_full_match(CAST({value} AS VARCHAR), '-?[0-9]+')"
        f" OR NOT isfinite(TRY_CAST(CAST({value} AS VARCHAR) AS DOUBLE)) THEN 8 ELSE 2 END"
        " WHEN 'BOOLEAN' THEN 4 ELSE 8 END"
    )


def _refuse_bad_lines(path: Path) -> None:
    """Find the lines that cannot be taken. Only a file that looks odd is read this slow way."""
    shown: list[BadRow] = []
    count = 0
    for bad in _bad_lines(path):
        count += 1
        if count <= SHOWN_ROWS:
            shown.append(bad)
    if shown:
        raise refuse_rows(shown, count)


def _bad_lines(path: Path) -> Iterator[BadRow]:
    with path.open(encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, 1):
            if line.strip() and (problem := _problem(line)):
                yield BadRow(number, problem, line.strip()[:200])


def _problem(line: str) -> str | None:
    try:
        found = json.loads(line.rstrip(), object_pairs_hook=_pairs)
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return "holds half of a character (a surrogate without its other half)"
    except json.JSONDecodeError as error:
        return f"is not JSON at character {error.colno}: {error.msg.lower()}"
    except ValueError as error:
        return str(error)
    except RecursionError:
        return "is nested too deeply"
    if re.search(ZERO_BYTE, line):
        return r"holds a zero byte (\u0000). Take it out"
    return None if isinstance(found, dict) else "is JSON, but not an object in braces"


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    twice = [key for key, n in Counter(key for key, _ in pairs).items() if n > 1]
    if twice:
        raise ValueError(f"has the key {twice[0][:60]!r} twice")
    return dict(pairs)

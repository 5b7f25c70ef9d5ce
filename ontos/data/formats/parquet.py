"""Parquet: types are taken over, widened where Databricks SQL lacks them.

Times without a zone are UTC. Nested values become JSON text, as in JSON lines; other types that a
table cannot hold (times of day, intervals, enumerations) become text.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ontos.data.formats.contents import Contents, column_names, literal, reader
from ontos.kernel.errors import Invalid
from ontos.workspace import Column

# The scratch engine's type: what it becomes in the table, and what it is cast to on the way.
KINDS = MappingProxyType({
    "BOOLEAN": ("BOOLEAN", None), "TINYINT": ("TINYINT", None), "SMALLINT": ("SMALLINT", None),
    "INTEGER": ("INT", None), "BIGINT": ("BIGINT", None), "FLOAT": ("FLOAT", None),
    "DOUBLE": ("DOUBLE", None), "VARCHAR": ("STRING", None), "BLOB": ("BINARY", None),
    "DATE": ("DATE", None), "TIMESTAMP WITH TIME ZONE": ("TIMESTAMP", None),
    "UTINYINT": ("SMALLINT", "SMALLINT"), "USMALLINT": ("INT", "INTEGER"),
    "UINTEGER": ("BIGINT", "BIGINT"), "UBIGINT": ("DECIMAL(20,0)", "DECIMAL(20,0)"),
    "TIMESTAMP": ("TIMESTAMP", "TIMESTAMPTZ"), "TIMESTAMP_S": ("TIMESTAMP", "TIMESTAMPTZ"),
    "TIMESTAMP_MS": ("TIMESTAMP", "TIMESTAMPTZ"), "TIMESTAMP_NS": ("TIMESTAMP", "TIMESTAMPTZ"),
})  # fmt: skip


def read_parquet(engine: Any, path: Path) -> Contents:
    """Take over the columns, and read every value once: a damaged file is found before loading."""
    described = engine.sql(f"DESCRIBE SELECT * FROM read_parquet({literal(str(path))})").fetchall()  # noqa: S608
    names = column_names(_true_names(path), "file's schema")
    columns = [_column(at, kind) for at, (_, kind, *_) in enumerate(described)]
    aliases = ", ".join(f"c{at}" for at in range(len(names)))
    source = f"read_parquet({literal(str(path))}) AS source({aliases})"
    texts = [at for at, (_, kind, *_) in enumerate(described) if kind == "VARCHAR"]
    zero = "".join(f", count_if(contains(c{at}, chr(0)))" for at in texts)
    rows, _, *odd = engine.sql(
        f"SELECT count(*), bit_xor(hash({aliases})){zero} FROM {source}"  # noqa: S608
    ).fetchall()[0]
    _refuse_zero_bytes(dict(zip((names[at] for at in texts), odd, strict=True)))
    select = ", ".join(expression for _, expression in columns)
    return Contents(
        "parquet", tuple(map(Column, names, (kind for kind, _ in columns))), rows,
        partial(reader, engine, f"SELECT {select} FROM {source}", names),  # noqa: S608
    )  # fmt: skip


def _refuse_zero_bytes(counts: Mapping[str, int]) -> None:
    """As in text files: not every store can hold them, and no door takes them in a label."""
    for name, count in counts.items():
        if count:
            raise Invalid(
                f"file: {count:,} values of the column {name!r} hold a zero byte. Take it out, "
                "then upload the file again. Nothing was loaded.",
                field="file",
            )


def _true_names(path: Path) -> list[str]:
    """As the file has them: the engine numbers names that come twice, which must be refused."""
    import pyarrow.parquet as pq

    return [str(name) for name in pq.read_schema(path).names]


def _column(at: int, kind: str) -> tuple[str, str]:
    """The type in the table, and the expression that gives it."""
    if kind.startswith("DECIMAL("):
        return kind, f"c{at}"
    if kind.endswith("]") or kind.startswith(("STRUCT(", "MAP(", "VARIANT", "JSON")):
        return "STRING", f"CAST(to_json(c{at}) AS VARCHAR)"
    table, cast = KINDS.get(kind, ("STRING", "VARCHAR"))
    return table, f"CAST(c{at} AS {cast})" if cast else f"c{at}"

"""Sources: files that were uploaded, each of them a table of the org."""

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel

from ontos.data.formats import Contents, Format, opened
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict, Invalid, NotFound, NotNow, TooLarge
from ontos.kernel.fields import STORED, Id, Limit, Name, Record, new_id, now
from ontos.kernel.operation import operation
from ontos.kernel.paging import Page, decode, page
from ontos.kernel.permission import read, write
from ontos.kernel.records import save
from ontos.kernel.transfer import Upload
from ontos.warehouse import Row, quote, split_name, together

MEGABYTE = 1024 * 1024
LONGEST_TABLE_NAME = 100
_SUFFIX = re.compile(r"\.(csv|tsv|txt|parquet|pq|jsonl|ndjson|json)$", re.IGNORECASE)
_OTHER = re.compile(r"[^a-z0-9]+")

# The columns of the table `sources`, under the names of the record.
_SOURCES = (
    "SELECT id, table_name AS `table`, row_count AS `rows`, columns, file_name,"
    " file_format AS format, size_bytes, created_by, created_at FROM sources"
)


_USING = """
SELECT h.name FROM sources AS s JOIN sheets AS h ON h.source_table = s.table_name
WHERE s.id = :id AND h.status <> 'archived' ORDER BY h.id LIMIT 4
"""
_ON_IT = """
SELECT h.name FROM sheets AS h WHERE h.source_table = :table AND h.status <> 'archived' LIMIT 4
"""


class SourceColumn(BaseModel):
    """`type` is the Databricks SQL type that was found from the values."""

    name: str
    type: str


class Source(Record):
    """`table` is the three-level name; `size_bytes` is the file's."""

    id: str
    table: str
    rows: int
    columns: Annotated[list[SourceColumn], STORED]
    file_name: str
    format: Format
    size_bytes: int
    created_by: str
    created_at: datetime


@operation("POST /sources/files", needs=write("sheets"))
def upload_file(caller: Caller, file: Upload, name: Name) -> Source:
    """Load a CSV, Parquet or JSON lines file as a table called `name`: all of it, or nothing."""
    _check_size(caller, file)
    full_name = _free_table(caller, name)
    with opened(file) as contents, _new_table(caller, full_name, contents) as rows:
        source = Source(
            id=new_id(), table=full_name, rows=rows, format=contents.format,
            columns=[SourceColumn(name=c.name, type=c.type) for c in contents.columns],
            file_name=file.name, size_bytes=file.size, created_by=caller.user, created_at=now(),
        )  # fmt: skip
        _insert(caller, source)
    return source


@operation("GET /sources", needs=read("sheets"))
def list_sources(caller: Caller, limit: Limit = 100, cursor: str | None = None) -> Page[Source]:
    """Uploaded files, newest first."""
    rows = caller.warehouse.rows(
        f"{_SOURCES} WHERE :after IS NULL OR id < :after ORDER BY id DESC LIMIT :limit",
        after=decode(cursor),
        limit=limit + 1,
    )
    return page([Source(**row) for row in rows], limit, lambda source: source.id)


@operation("GET /sources/{source_id}", needs=read("sheets"))
def get_source(caller: Caller, source_id: Id) -> Source:
    """One uploaded file."""
    rows = caller.warehouse.rows(f"{_SOURCES} WHERE id = :id", id=source_id)
    if not rows:
        raise NotFound(
            f"There is no source {source_id}. List sources for those there are.", field="source_id"
        )
    return Source(**rows[0])


@operation("DELETE /sources/{source_id}", needs=write("sheets"))
def delete_source(caller: Caller, source_id: Id) -> Source:
    """Drop an uploaded table; refused while a sheet that is not archived stands on it."""
    source: Source
    source, using = together(
        lambda: get_source(caller, source_id),
        lambda: caller.warehouse.rows(_USING, id=source_id),
    )
    if using:
        raise _used(source, using)
    saved = save(
        caller, "DELETE FROM sources WHERE id = :id",
        f"DROP TABLE IF EXISTS {quote(*split_name(source.table))}",
        finds="SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM sources AS s WHERE s.id = :id)",
        answer=_ON_IT, id=source.id, table=source.table,
    )  # fmt: skip
    if saved.rows and caller.warehouse.atomic:  # made since it was looked for: all is undone
        raise _used(source, saved.rows)
    return source


def _used(source: Source, sheets: Sequence[Row]) -> NotNow:
    named = ", ".join(row["name"] for row in sheets[:3]) + (", …" if len(sheets) > 3 else "")
    return NotNow(
        f"source_id: {source.table} is used by sheets: {named}. Archive them first.",
        field="source_id",
    )


def table_name(name: str) -> str:
    """The table's name out of what a person wrote: `My file.csv` makes `my_file`.

    Accents and the file's ending go, letters become lower case, and whatever is neither a letter
    a to z nor a digit becomes one underscore.
    """
    plain = unicodedata.normalize("NFKD", _SUFFIX.sub("", name.strip()))
    bare = "".join(c for c in plain if not unicodedata.combining(c))
    made = _OTHER.sub("_", bare.lower()).strip("_")
    if not made:
        raise Invalid(
            f"name: {name[:60]!r} makes no table name. Use letters a to z and digits.", field="name"
        )
    made = f"t_{made}" if made[0].isdigit() else made
    if len(made) > LONGEST_TABLE_NAME:
        raise Invalid(
            f"name: this makes a table name of {len(made)} characters. "
            f"Use at most {LONGEST_TABLE_NAME}.",
            field="name",
        )
    return made


def _check_size(caller: Caller, file: Upload) -> None:
    limit = caller.settings.max_upload_mb
    if file.size > limit * MEGABYTE:
        raise TooLarge(
            f"file: it has {file.size / MEGABYTE:,.0f} MB, and {limit:,} MB is the most. "
            "Send it in parts, or raise ONTOS_MAX_UPLOAD_MB.",
            field="file",
        )


def _free_table(caller: Caller, name: str) -> str:
    catalog = caller.workspace.catalog
    full_name = f"{catalog.upload_schema()}.{table_name(name)}"
    if catalog.table(full_name) is not None:
        raise _taken(full_name)
    return full_name


def _taken(full_name: str) -> Conflict:
    return Conflict(
        f"name: there is a table {full_name} already. Give another name, "
        "or delete that source first.",
        field="name",
    )


@contextmanager
def _new_table(caller: Caller, full_name: str, contents: Contents) -> Iterator[int]:
    """Make the table and fill it; the number of rows. It goes again if anything fails."""
    quoted = quote(*split_name(full_name))
    columns = ", ".join(f"{quote(c.name)} {c.type}" for c in contents.columns)
    try:
        # Column mapping lets Delta take every name that a file's header can hold.
        caller.warehouse.execute(
            f"CREATE TABLE {quoted} ({columns}) USING DELTA"
            " TBLPROPERTIES ('delta.columnMapping.mode' = 'name')"
        )
    except Conflict as error:  # another upload took the name since it was looked for
        raise _taken(full_name) from error
    try:
        yield caller.warehouse.append(quoted, contents.batches())
    except BaseException:
        if not caller.warehouse.atomic:
            caller.warehouse.execute(f"DROP TABLE IF EXISTS {quoted}")
        raise


def _insert(caller: Caller, source: Source) -> None:
    caller.warehouse.execute(
        "INSERT INTO sources (id, table_name, row_count, columns, file_name, file_format,"
        " size_bytes, created_by, created_at) VALUES (:id, :table, :rows, :columns, :file_name,"
        " :format, :size_bytes, :created_by, :created_at)",
        **source.model_dump(exclude={"columns"}),
        columns=json.dumps([column.model_dump() for column in source.columns]),
    )

"""Which format a file has: by what it is, then by what it is called."""

from collections.abc import Mapping
from pathlib import PurePath
from types import MappingProxyType

from ontos.data.formats.contents import Format
from ontos.kernel.errors import Invalid
from ontos.kernel.transfer import Upload

TYPES: Mapping[str, Format] = MappingProxyType({
    "text/csv": "csv", "text/tab-separated-values": "csv",
    "application/vnd.apache.parquet": "parquet", "application/parquet": "parquet",
    "application/jsonl": "jsonl", "application/x-ndjson": "jsonl",
})  # fmt: skip

SUFFIXES: Mapping[str, Format] = MappingProxyType({
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl",
})  # fmt: skip

# The first bytes of files that people take for tables, and what to do with them.
FOREIGN = (
    (b"PK\x03\x04", "this is an Excel workbook or a zip archive. Save the sheet as CSV (UTF-8)"),
    (b"\xd0\xcf\x11\xe0", "this is an old Excel workbook. Save the sheet as CSV (UTF-8)"),
    (b"\x1f\x8b", "this file is compressed (gzip). Unpack it first"),
    (b"BZh", "this file is compressed (bzip2). Unpack it first"),
    (b"\x28\xb5\x2f\xfd", "this file is compressed (zstd). Unpack it first"),
    (b"%PDF", "this is a PDF"),
    (b"\x89PNG", "this is a picture"),
    (b"\xff\xd8\xff", "this is a picture"),
    (b"SQLite format 3", "this is a SQLite database. Export a table as CSV"),
)

SUPPORTED = "CSV, Parquet and JSON lines (one JSON object a line) can be uploaded."


def recognise(upload: Upload) -> Format:
    """The file's format; raises Invalid for an empty file and for what is not supported."""
    with upload.path.open("rb") as file:
        head = file.read(4096)
    if not head.strip():
        raise Invalid("file: it is empty. Choose a file with a header and rows.", field="file")
    if head.startswith(b"PAR1"):
        return "parquet"
    for magic, what in FOREIGN:
        if head.startswith(magic):
            raise Invalid(f"file: {what}. {SUPPORTED}", field="file")
    said = TYPES.get(upload.content_type) or _by_name(upload.name) or _by_look(head)
    if said == "parquet":
        raise Invalid(
            "file: it is called Parquet but does not begin as one. Write it again, "
            "or upload it as CSV.",
            field="file",
        )
    return said


def _by_name(name: str) -> Format | None:
    suffix = PurePath(name).suffix.lower()
    if suffix in (".xlsx", ".xls", ".ods", ".xml", ".avro", ".orc", ".feather", ".arrow"):
        raise Invalid(f"file: {suffix} files are not supported. {SUPPORTED}", field="file")
    return SUFFIXES.get(suffix)


def _by_look(head: bytes) -> Format:
    return "jsonl" if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else "csv"

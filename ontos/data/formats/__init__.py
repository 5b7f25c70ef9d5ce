"""Files as tables: CSV, Parquet and JSON lines, read by one locked-down scratch engine.

    with opened(upload) as contents:
        contents.columns, contents.rows, contents.batches()

A file is read twice: once to check every row and to find the types, once to hand over its rows.
A file that is not good in every row raises before anything is handed over.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ontos.data.formats.contents import BadRow, Contents, Format
from ontos.data.formats.delimited import read_delimited
from ontos.data.formats.jsonlines import read_json_lines
from ontos.data.formats.kind import recognise
from ontos.data.formats.parquet import read_parquet
from ontos.data.formats.plaintext import clean_copy
from ontos.data.formats.scratch import explained, scratch
from ontos.kernel.errors import Invalid
from ontos.kernel.transfer import Upload

__all__ = ["BadRow", "Contents", "Format", "opened", "recognise"]

Reader = Callable[[Any, Path], Contents]
READERS: Mapping[Format, Reader] = MappingProxyType(
    {"csv": read_delimited, "jsonl": read_json_lines, "parquet": read_parquet}
)


@contextmanager
def opened(upload: Upload) -> Iterator[Contents]:
    """The file's rows, all of them checked; raises Invalid that says what to correct where."""
    kind = recognise(upload)
    with tempfile.TemporaryDirectory(prefix="ontos-read-") as folder:
        path = upload.path.resolve()
        if kind != "parquet":
            path = clean_copy(upload.path, Path(folder).resolve() / "text")
        with scratch(path) as engine:
            with explained(path):
                contents = READERS[kind](engine, path)
            if contents.rows == 0:
                raise Invalid("file: it has columns but no rows. Add at least one.", field="file")
            yield contents

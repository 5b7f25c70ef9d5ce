"""Text made plain: UTF-8 without a byte-order mark, lines that end in a line feed."""

import codecs
import io
from pathlib import Path
from typing import TextIO

from ontos.kernel.errors import Invalid

CHUNK = 1 << 20

# UTF-16 is what spreadsheets call "Unicode text"; its mark leaves no doubt.
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def clean_copy(source: Path, target: Path) -> Path:
    """Copy the text and count its lines on the way; raises Invalid that names byte and line."""
    with source.open("rb") as file, target.open("w", encoding="utf-8", newline="") as copy:
        head = file.read(3)
        file.seek(0)
        name = next((name for mark, name in MARKS if head.startswith(mark)), "utf-8")
        _copy(file, copy, name)
    return target


def _copy(file: io.BufferedReader, copy: TextIO, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    universal = io.IncrementalNewlineDecoder(decoder, translate=True)
    line, at = 1, 0
    while True:
        chunk = file.read(CHUNK)
        try:
            text = universal.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            pending = len(error.object) - len(chunk)
            raise _undecodable(error, line, at - pending) from error
        if "\0" in text:
            line += text[: text.index("\0")].count("\n")
            raise Invalid(
                f"file: line {line} holds a zero byte, so this is not a text file. "
                "Save it as CSV in UTF-8 encoding.",
                field="file",
            )
        copy.write(text)
        line, at = line + text.count("\n"), at + len(chunk)
        if not chunk:
            return


def _undecodable(error: UnicodeDecodeError, line: int, before: int) -> Invalid:
    """`line` and `before` are those at which the decoder's piece begins."""
    good = error.object[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    wrong = error.object[error.start]
    return Invalid(
        f"file: byte 0x{wrong:02X} at position {before + error.start + 1:,} "
        f"(line {line + good.count(10):,}) is not {error.encoding.upper()}. "
        "Save the file in UTF-8 encoding and upload it again.",
        field="file",
    )

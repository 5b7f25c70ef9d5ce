"""Files on their way in and out; each door has its own way to carry them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Upload:
    """A file that arrived whole, at `path` until the operation ends."""

    path: Path
    name: str
    content_type: str

    @property
    def size(self) -> int:
        """In bytes."""
        return self.path.stat().st_size


@dataclass(frozen=True)
class Download:
    """A stream of text chunks; `name` is the file name offered to the person."""

    name: str
    content_type: str
    chunks: Iterator[str]

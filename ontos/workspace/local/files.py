"""A folder as the org's volume."""

import os
import shutil
import uuid
from pathlib import Path
from typing import BinaryIO

from ontos.kernel.errors import NotFound
from ontos.workspace.names import relative_path, wrong_path


class LocalFiles:
    """Files below `root`; what a path names never lies outside it."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def put(self, path: str, content: BinaryIO) -> int:
        target = self._at(path)
        if target == self._root or target.is_dir():
            raise wrong_path(path, "it names a folder; add a file name")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise wrong_path(path, "a part of it is a file; choose another folder") from error
        part = target.with_name(f".{uuid.uuid4().hex}.part")
        try:
            size = _write(part, content)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return size

    def open(self, path: str) -> BinaryIO:
        try:
            return self._at(path).open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise _missing(path) from error

    def list(self, folder: str) -> list[str]:
        at = self._at(folder)
        if not at.is_dir():
            return []
        return sorted(
            found.relative_to(self._root).as_posix()
            for found in at.iterdir()
            if found.is_file() and not found.name.startswith(".")
        )

    def delete(self, path: str) -> None:
        try:
            self._at(path).unlink()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError) as error:
            raise _missing(path) from error

    def _at(self, path: str) -> Path:
        """Where the path lies; a link that leads out of the volume is refused like `..`."""
        target = (self._root / relative_path(path)).resolve()
        if not target.is_relative_to(self._root):
            raise wrong_path(path, "it leads out of the volume; give a path inside it")
        return target


def _write(part: Path, content: BinaryIO) -> int:
    with part.open("xb") as out:
        shutil.copyfileobj(content, out, 1 << 20)
        out.flush()
        os.fsync(out.fileno())
        return out.tell()


def _missing(path: str) -> NotFound:
    return NotFound(f"There is no file {path!r}. List its folder to see what is there.")

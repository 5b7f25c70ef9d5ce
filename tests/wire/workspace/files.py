"""Files of volumes, of models and of runs, kept in a folder: what a cluster would see mounted."""

import uuid
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any

from databricks.sdk.service.files import DirectoryEntry, ListDirectoryResponse

from tests.wire.workspace.catalog import Catalog
from tests.wire.workspace.http import Raw, Refusal, Request, Routes, missing

_FS = "/api/2.0/fs"
_OUTSIDE_VOLUMES = ("/Models/", "/WorkspaceInternal/")


@dataclass
class Files:
    """`root` stands for `/`; `signed` are the addresses given away for one file each."""

    root: Path
    catalog: Catalog
    signed: dict[str, str] = field(default_factory=dict)

    def routes(self) -> Routes:
        return [
            ("PUT", f"{_FS}/files{{path*}}", self._upload),
            ("GET", f"{_FS}/files{{path*}}", self._download),
            ("HEAD", f"{_FS}/files{{path*}}", self._file_metadata),
            ("DELETE", f"{_FS}/files{{path*}}", self._delete),
            ("PUT", f"{_FS}/directories{{path*}}", self._make_directory),
            ("HEAD", f"{_FS}/directories{{path*}}", self._directory_metadata),
            ("GET", f"{_FS}/directories{{path*}}", self._list),
            ("DELETE", f"{_FS}/directories{{path*}}", self._delete_directory),
            ("POST", f"{_FS}/create-download-url", self._download_url),
            ("GET", "/signed/{key}", self._signed),
        ]

    def local(self, path: str) -> Path:
        """Where a path of the workspace lies on this machine."""
        return self.root / path.lstrip("/")

    def place(self, request: Request, privilege: str, path: str | None = None) -> Path:
        """Where the path of a call lies, for whoever has the privilege on its volume."""
        path = path or request.given["path"]
        if not path.startswith(_OUTSIDE_VOLUMES):
            self._check_volume(request, privilege, path)
        return self.local(path)

    def _check_volume(self, request: Request, privilege: str, path: str) -> None:
        parts = path.strip("/").split("/")
        if len(parts) < 4 or parts[0] != "Volumes":
            raise Refusal(400, "INVALID_PARAMETER_VALUE", f"{path} is not in a volume")
        name = ".".join(parts[1:4])
        if not self.catalog.has("volume", name):
            raise missing(f"Volume '{name}' does not exist.", "NOT_FOUND")
        self.catalog.check(request.person, privilege, "volume", name)

    def _file(self, request: Request, path: str | None = None) -> Path:
        found = self.place(request, "READ_VOLUME", path)
        if not found.is_file():
            raise missing(f"The file {path or request.given['path']} does not exist.", "NOT_FOUND")
        return found

    def _upload(self, request: Request) -> Raw:
        target = self.place(request, "WRITE_VOLUME")
        if target.exists() and request.query.get("overwrite") == "false":
            raise Refusal(409, "ALREADY_EXISTS", f"{request.given['path']} exists.")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(request.content)
        return Raw(status=204)

    def _download(self, request: Request) -> Raw:
        return _sent(self._file(request), request)

    def _file_metadata(self, request: Request) -> Raw:
        return Raw(headers=_about(self._file(request)))

    def _delete(self, request: Request) -> Raw:
        self.place(request, "WRITE_VOLUME")
        self._file(request).unlink()
        return Raw(status=204)

    def _make_directory(self, request: Request) -> Raw:
        self.place(request, "WRITE_VOLUME").mkdir(parents=True, exist_ok=True)
        return Raw(status=204)

    def _directory_metadata(self, request: Request) -> Raw:
        self._directory(request)
        return Raw()

    def _directory(self, request: Request) -> Path:
        found = self.place(request, "READ_VOLUME")
        if not found.is_dir():
            raise missing(f"The directory {request.given['path']} does not exist.", "NOT_FOUND")
        return found

    def _delete_directory(self, request: Request) -> Raw:
        """Only an empty one; how the workspace refuses another is not documented."""
        self.place(request, "WRITE_VOLUME")
        folder = self._directory(request)
        if any(folder.iterdir()):
            raise Refusal(400, "BAD_REQUEST", f"{request.given['path']} is not empty.")
        folder.rmdir()
        return Raw(status=204)

    def _list(self, request: Request) -> ListDirectoryResponse:
        """In pages of two, so that whoever lists must follow them."""
        folder, at = self._directory(request), int(request.query.get("page_token") or 0)
        found = sorted(folder.iterdir())
        entries = [self._entry(each) for each in found[at : at + 2]]
        more = str(at + 2) if at + 2 < len(found) else None
        return ListDirectoryResponse(contents=entries, next_page_token=more)

    def _entry(self, path: Path) -> DirectoryEntry:
        size = path.stat().st_size if path.is_file() else None
        place = f"/{path.relative_to(self.root).as_posix()}"
        return DirectoryEntry(
            path=place, name=path.name, is_directory=path.is_dir(), file_size=size
        )

    def _download_url(self, request: Request) -> dict[str, Any]:
        path = request.query["path"]
        self._file(request, path)
        key = uuid.uuid4().hex
        self.signed[key] = path
        return {"url": f"{request.base}/signed/{key}", "headers": []}

    def _signed(self, request: Request) -> Raw:
        """As cloud storage answers: no token, only the address."""
        return _sent(self.local(self.signed[request.given["key"]]), request)


def _about(path: Path) -> dict[str, str]:
    return {
        "Content-Type": "application/octet-stream",
        "Content-Length": str(path.stat().st_size),
        "Last-Modified": formatdate(path.stat().st_mtime, usegmt=True),
    }


def _sent(path: Path, request: Request) -> Raw:
    content, status = path.read_bytes(), 200
    if start := request.headers.get("range", "").removeprefix("bytes=").rstrip("-"):
        content, status = content[int(start.split("-")[0]) :], 206
    about = _about(path) | {"Content-Length": str(len(content))}
    return Raw(content, status, about)

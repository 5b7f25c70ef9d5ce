"""A Unity Catalog volume as the org's files."""

from typing import TYPE_CHECKING, BinaryIO, cast

from ontos.kernel.errors import Invalid, NotFound
from ontos.workspace.databricks.client import Connection, told
from ontos.workspace.names import relative_path

if TYPE_CHECKING:
    from databricks.sdk.service.files import DirectoryEntry

VOLUME = "files"


class DatabricksFiles:
    """Files in `/Volumes/CATALOG/SCHEMA/files`, which is made when it is first written to."""

    def __init__(self, connection: Connection, catalog: str, schema: str) -> None:
        self._connection, self._place = connection, (catalog, schema)
        self.root = f"/Volumes/{catalog}/{schema}/{VOLUME}"

    def put(self, path: str, content: BinaryIO) -> int:
        target = self._at(path)
        if target == self.root:
            raise Invalid("The path names no file; give one such as folder/file.csv.", field="path")
        self._make_folder(target.rpartition("/")[0])
        with told(f"{path} cannot be written"):
            files = self._connection.client.files
            files.upload(target, content, overwrite=True)
            return files.get_metadata(target).content_length or 0

    def open(self, path: str) -> BinaryIO:
        with told(f"{path} cannot be read"):
            return cast(BinaryIO, self._connection.client.files.download(self._at(path)).contents)

    def list(self, folder: str) -> list[str]:
        try:
            with told(f"{folder} cannot be listed"):
                found = self._connection.client.files.list_directory_contents(self._at(folder))
                return sorted(self._name(entry) for entry in found if not entry.is_directory)
        except NotFound:
            return []

    def delete(self, path: str) -> None:
        with told(f"{path} cannot be deleted"):
            self._connection.client.files.delete(self._at(path))

    def _at(self, path: str) -> str:
        return f"{self.root}/{relative_path(path)}".rstrip("/")

    def _name(self, entry: "DirectoryEntry") -> str:
        return (entry.path or "").removeprefix(self.root + "/")

    def _make_folder(self, folder: str) -> None:
        try:
            with told(f"{folder} cannot be made"):
                self._connection.client.files.create_directory(folder)
        except NotFound:
            self._make_volume()
            with told(f"{folder} cannot be made"):
                self._connection.client.files.create_directory(folder)

    def _make_volume(self) -> None:
        from databricks.sdk.service.catalog import VolumeType

        with told(f"The volume {self.root} cannot be made"):
            self._connection.client.volumes.create(*self._place, VOLUME, VolumeType.MANAGED)

"""The model registry: MLflow on a sqlite file."""

import os
import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from ontos.kernel.errors import NotFound, Unavailable
from ontos.workspace.models import INPUTS_TAG, named_inputs, open_mlflow, quietly
from ontos.workspace.protocols import ModelVersion

_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
"""How a version is written; SQLite counts no further."""


class LocalModels:
    """Reads the registry below `home`; it is made for the first training, and empty before."""

    def __init__(self, home: Path) -> None:
        self._store, self._artifacts = home / "mlflow.db", home / "mlartifacts"

    def full_name(self, name: str) -> str:
        return name

    def names(self) -> list[str]:
        if not self._store.exists():
            return []
        found, page = [], None
        while True:
            answer = self._client.search_registered_models(max_results=1000, page_token=page)
            found += [model.name for model in answer]
            if not (page := answer.token):
                return sorted(found)

    def versions(self, name: str) -> list[ModelVersion]:
        if (model := self._model(name)) is None:
            return []
        found = self._client.search_model_versions(
            f"name = {_quoted(model.name)}", max_results=10_000, order_by=["version_number DESC"]
        )
        aliases: dict[str, list[str]] = defaultdict(list)
        for alias, version in model.aliases.items():
            aliases[str(version)].append(alias)
        return [_version(each, aliases[str(each.version)]) for each in found]

    def version(self, name: str, version: str) -> ModelVersion | None:
        if not _NUMBER.fullmatch(str(version)):
            return None
        found = self._found(name, lambda client: client.get_model_version(name, str(version)))
        return _version(found, found.aliases) if found else None

    def tracking_env(self) -> dict[str, str]:
        """Makes the registry where there is none yet, which takes seconds."""
        self._begin()
        return {
            "MLFLOW_TRACKING_URI": self._uri,
            "MLFLOW_REGISTRY_URI": self._uri,
            # Where MLflow puts the artifacts of experiments that it creates without a server.
            "_MLFLOW_SERVER_ARTIFACT_ROOT": str(self._artifacts),
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }

    def check(self) -> None:
        if not self._store.exists():
            return
        try:
            with closing(sqlite3.connect(f"{self._store.as_uri()}?mode=ro", uri=True)) as store:
                store.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.Error as error:
            raise Unavailable(
                f"The model registry {self._store} does not open: {error}. "
                "Restore it from a backup, or move it away to begin an empty one."
            ) from error

    def load(self, name: str, version: str) -> Any:
        if self.version(name, version) is None:
            raise NotFound(f"Model {name} has no version {version}.")
        place = self._client.get_model_version_download_uri(name, version)
        return open_mlflow().pyfunc.load_model(place)

    def _begin(self) -> None:
        """Make the store, whole at once: two trainings that both make it spoil their work."""
        if self._store.exists():
            return
        open_mlflow()
        with quietly():
            from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

            if not self._store.exists():
                self._store.parent.mkdir(parents=True, exist_ok=True)
                (part := self._store.with_suffix(".part")).unlink(missing_ok=True)
                with unsynced(part):
                    SqlAlchemyStore(f"sqlite:///{part}", str(self._artifacts)).engine.dispose()
                part.replace(self._store)

    def _model(self, name: str) -> Any:
        return self._found(name, lambda client: client.get_registered_model(name))

    def _found(self, name: str, read: Callable[[Any], Any]) -> Any:
        """What is read of a model; None where there is none of this name, or no such version."""
        if not name or not self._store.exists():
            return None
        client = self._client
        from mlflow.exceptions import MlflowException

        try:
            return read(client)
        except MlflowException as error:
            if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                return None
            raise Unavailable(f"The model registry failed: {error.message}") from error

    @cached_property
    def _client(self) -> Any:
        mlflow = open_mlflow()
        with quietly():
            return mlflow.MlflowClient(tracking_uri=self._uri, registry_uri=self._uri)

    @property
    def _uri(self) -> str:
        """The same however the place is spelt: MLflow opens a store for each URI, and keeps it."""
        return f"sqlite:///{self._store.resolve()}"


@contextmanager
def unsynced(path: Path) -> Iterator[None]:
    """Let SQLite write this file without waiting for the disk; at the end all of it is there.

    MLflow makes its tables in some hundred commits, which is most of the first training's time.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def relax(connection: Any, _record: Any) -> None:
        if any(row[2] == str(path) for row in connection.execute("PRAGMA database_list")):
            connection.execute("PRAGMA synchronous = OFF")

    event.listen(Engine, "connect", relax)
    try:
        yield
        with path.open("rb") as made:
            os.fsync(made.fileno())
    finally:
        event.remove(Engine, "connect", relax)


def _quoted(name: str) -> str:
    """A name in MLflow's filter language, which knows no escape but two kinds of quotes."""
    return f'"{name}"' if "'" in name else f"'{name}'"


def _version(found: Any, aliases: Iterable[str]) -> ModelVersion:
    tags = dict(found.tags)
    return ModelVersion(
        name=found.name,
        version=str(found.version),
        run_id=found.run_id,
        created_at=datetime.fromtimestamp(found.creation_timestamp / 1000, UTC).isoformat(),
        aliases=tuple(sorted(aliases)),
        tags=tags,
        inputs=named_inputs(tags.get(INPUTS_TAG)),
    )

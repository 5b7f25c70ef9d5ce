"""Registered models of Unity Catalog."""

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ontos.kernel.errors import NotFound, Unavailable
from ontos.workspace.databricks.client import Connection, told
from ontos.workspace.models import INPUTS_TAG, named_inputs, open_mlflow
from ontos.workspace.names import three_parts
from ontos.workspace.protocols import ModelVersion

if TYPE_CHECKING:
    from databricks.sdk.service.catalog import ModelVersionInfo, RegisteredModelAlias

_QUIET = {"MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}


class DatabricksModels:
    """The models of one schema, under three-level names."""

    def __init__(self, connection: Connection, catalog: str, schema: str) -> None:
        self._connection, self._catalog, self._schema = connection, catalog, schema

    def full_name(self, name: str) -> str:
        return name if three_parts(name) else f"{self._catalog}.{self._schema}.{name}"

    def names(self) -> list[str]:
        with told("The models cannot be listed"):
            found = self._connection.client.registered_models.list(
                catalog_name=self._catalog, schema_name=self._schema
            )
            return sorted(model.full_name for model in found if model.full_name)

    def versions(self, name: str) -> list[ModelVersion]:
        """Without tags and inputs, which the workspace tells for one version at a time only."""
        full_name = self.full_name(name)
        try:
            with told(f"The versions of {full_name} cannot be listed"):
                client = self._connection.client
                model = client.registered_models.get(full_name, include_aliases=True)
                found = list(client.model_versions.list(full_name))
        except NotFound:
            return []
        found.sort(key=lambda each: each.version or 0, reverse=True)
        return [as_version(full_name, each, model.aliases or []) for each in found]

    def version(self, name: str, version: str) -> ModelVersion | None:
        full_name = self.full_name(name)
        if not str(version).isdecimal():
            return None
        try:
            with told(f"Version {version} of {full_name} cannot be read"):
                answer = self._connection.client.api_client.do(
                    "GET",
                    "/api/2.0/mlflow/unity-catalog/model-versions/get",
                    query={"name": full_name, "version": str(version)},
                )
        except NotFound:
            return None
        return from_registry(answer["model_version"]) if isinstance(answer, dict) else None

    def load(self, name: str, version: str) -> Any:
        if self.version(name, version) is None:
            raise NotFound(f"Model {name} has no version {version}.")
        for variable, value in (self.tracking_env() | _QUIET).items():
            os.environ.setdefault(variable, value)
        mlflow, what = open_mlflow(), f"Version {version} of {name} cannot be loaded"
        try:
            with told(what):
                return mlflow.pyfunc.load_model(f"models:/{self.full_name(name)}/{version}")
        except mlflow.exceptions.MlflowException as error:
            raise Unavailable(f"{what}: {error.message[:500]} Try again, or train anew.") from error

    def tracking_env(self) -> dict[str, str]:
        return {
            "MLFLOW_TRACKING_URI": "databricks",
            "MLFLOW_REGISTRY_URI": "databricks-uc",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }

    def check(self) -> None:
        place = f"{self._catalog}.{self._schema}"
        try:
            with told(f"The schema {place} does not answer"):
                self._connection.client.schemas.get(place)
        except NotFound as error:
            raise Unavailable(
                f"There is no schema {place} for models. Create it, and grant the "
                "app USE SCHEMA and CREATE MODEL on it."
            ) from error


def as_version(
    full_name: str, info: "ModelVersionInfo", aliases: "list[RegisteredModelAlias]"
) -> ModelVersion:
    mine = sorted(a.alias_name for a in aliases if a.alias_name and a.version_num == info.version)
    return ModelVersion(
        full_name, str(info.version), info.run_id, moment(info.created_at), tuple(mine)
    )


def from_registry(found: dict[str, Any]) -> ModelVersion:
    """A version as MLflow's own interface of Unity Catalog tells it, tags included."""
    tags = {our_key(tag["key"]): tag.get("value", "") for tag in found.get("tags", [])}
    return ModelVersion(
        name=found["name"],
        version=str(found["version"]),
        run_id=found.get("run_id"),
        created_at=moment(found.get("creation_timestamp")),
        aliases=tuple(sorted(alias["alias"] for alias in found.get("aliases", []))),
        tags=tags,
        inputs=named_inputs(tags.get(INPUTS_TAG)),
    )


def our_key(key: str) -> str:
    """`ontos_job_id` was `ontos.job_id`: the keys of tags may hold no dots there."""
    return key.replace("ontos_", "ontos.", 1) if key.startswith("ontos_") else key


def moment(milliseconds: int | str | None) -> str:
    return datetime.fromtimestamp(int(milliseconds or 0) / 1000, UTC).isoformat()

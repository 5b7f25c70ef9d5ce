"""The model registry as seen from here: which versions there are, and which of them serve."""

import json
from typing import Any

from pydantic import BaseModel

from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound
from ontos.kernel.operation import operation
from ontos.kernel.permission import read
from ontos.warehouse import together
from ontos.workspace import ModelVersion
from ontos.workspace.traffic import answering


class Model(BaseModel):
    """`latest_version` and `accuracy` (on validation) are None for a model trained elsewhere.

    `answering` are the versions that answer, each with its endpoints.
    """

    name: str
    trained_versions: int
    latest_version: str | None = None
    accuracy: float | None = None
    training_sheet_name: str | None = None
    endpoints: list[str]
    answering: dict[str, list[str]]


class Models(BaseModel):
    items: list[Model]


class RegisteredVersion(BaseModel):
    """`inputs` are the variables that it wants; there is no job where it came from elsewhere."""

    name: str
    version: str
    created_at: str
    aliases: list[str]
    inputs: list[str]
    run_id: str | None
    job_id: str | None = None
    training_sheet_id: str | None = None
    training_sheet_name: str | None = None
    train_pairs: int | None = None
    metrics: dict[str, Any] = {}
    endpoints: list[str]


class RegisteredVersions(BaseModel):
    """Newest first."""

    items: list[RegisteredVersion]


@operation("GET /models", needs=read("deploy"))
def list_models(caller: Caller) -> Models:
    """Registered models, with the newest version that was trained here."""
    newest, served, names = together(
        lambda: _newest_jobs(caller), lambda: _serving(caller), caller.workspace.models.names
    )
    jobs = {row["uc_model_name"]: row for row in newest}
    serving: dict[str, dict[str, list[str]]] = {}
    for (model, version), where in served.items():
        serving.setdefault(model, {})[version] = where
    return Models(items=[
        _model(name, jobs.get(name, {}), serving.get(name, {}))
        for name in names
    ])  # fmt: skip


@operation("GET /models/{model_name}/versions", needs=read("deploy"))
def list_model_versions(caller: Caller, model_name: str) -> RegisteredVersions:
    """The versions of a model: how each was made, how well it does, and where it answers."""
    versions, trained, serving = together(
        lambda: registered(caller, model_name), lambda: _jobs_of(caller, model_name),
        lambda: _serving(caller),
    )  # fmt: skip
    jobs = {row["uc_model_version"]: row for row in trained}
    return RegisteredVersions(items=[
        _version(v, jobs.get(v.version, {}), serving.get((model_name, v.version), []))
        for v in versions
    ])  # fmt: skip


def registered(caller: Caller, model_name: str) -> list[ModelVersion]:
    """All versions, newest first; raises NotFound where there is no such model."""
    versions = caller.workspace.models.versions(model_name)
    if not versions:
        raise NotFound(
            f"model_name: there is no model {model_name[:120]!r}. Train one, or list models for "
            "those there are.",
            field="model_name",
        )
    return versions


def find_version(
    caller: Caller, model_name: str, version: str, field: str = "model_version"
) -> ModelVersion:
    """One version; raises NotFound, of this field, that names the versions there are."""
    if found := caller.workspace.models.version(model_name, version):
        return found
    versions = registered(caller, model_name)
    shown = ", ".join(each.version for each in versions[:20])
    raise NotFound(
        f"{field}: {model_name} has no version {version[:60]!r}. Versions: {shown}.",
        field=field,
    )


def _model(name: str, job: dict[str, Any], serving: dict[str, list[str]]) -> Model:
    return Model(
        name=name, trained_versions=job.get("trained") or 0,
        latest_version=job.get("uc_model_version"), accuracy=_metrics(job).get("val_accuracy"),
        training_sheet_name=job.get("training_sheet_name"),
        endpoints=sorted({name for names in serving.values() for name in names}),
        answering=serving,
    )  # fmt: skip


def _version(version: ModelVersion, job: dict[str, Any], endpoints: list[str]) -> RegisteredVersion:
    return RegisteredVersion(
        name=version.name, version=version.version, created_at=version.created_at,
        aliases=list(version.aliases), inputs=list(version.inputs), run_id=version.run_id,
        job_id=job.get("id"), training_sheet_id=job.get("training_sheet_id"),
        training_sheet_name=job.get("training_sheet_name"), train_pairs=job.get("train_pairs"),
        metrics=_metrics(job), endpoints=endpoints,
    )  # fmt: skip


def _metrics(job: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(job.get("metrics") or "{}"))


def _newest_jobs(caller: Caller) -> list[dict[str, Any]]:
    return caller.warehouse.rows(
        "SELECT *, count(*) OVER (PARTITION BY uc_model_name) AS trained FROM training_jobs"
        " WHERE status = 'succeeded' QUALIFY row_number() OVER"
        " (PARTITION BY uc_model_name"
        " ORDER BY length(uc_model_version) DESC, uc_model_version DESC) = 1"
    )


def _jobs_of(caller: Caller, model_name: str) -> list[dict[str, Any]]:
    return caller.warehouse.rows(
        "SELECT * FROM training_jobs WHERE uc_model_name = :name AND status = 'succeeded'",
        name=model_name,
    )


def _serving(caller: Caller) -> dict[tuple[str, str], list[str]]:
    """Endpoint names by the model and each of its versions that answers there."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in caller.warehouse.rows(
        "SELECT name, model_name, model_version, traffic FROM endpoints"
        " WHERE status <> 'deleted' AND model_version IS NOT NULL ORDER BY name"
    ):
        traffic = json.loads(row["traffic"] or "{}") or {row["model_version"]: 100}
        for version in answering(traffic):
            found.setdefault((row["model_name"], version), []).append(row["name"])
    return found

"""A trained model in MLflow: its run, its files, and last of all its registered version.

What is registered was loaded again before, and answers as it did in memory. Whatever stops a
training before its version is known to be good leaves no version.
"""

import json
import os
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from ontos.kernel.errors import Unavailable
from ontos.train.served import SOURCES, Served

INPUTS_TAG, JOB_TAG = "ontos.inputs", "ontos.job_id"
CHECKED = 20
"""Validation prompts that a stored model must answer as the fitted one did."""
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_RECORD_ENV_VARS_IN_MODEL_LOGGING": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}


class Stopped(BaseException):
    """Somebody asked the process to end. No Exception, so that nothing takes it for a fault."""


@dataclass(frozen=True)
class Record:
    """What is written down of one training; `prompts` are some of the validation side."""

    model_name: str
    experiment: str
    job_id: str
    served: Served
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    prompts: Sequence[str]
    tags: Mapping[str, str] = field(default_factory=dict)
    documents: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Published:
    run_id: str
    model_version: str


def publish(
    record: Record, folder: Path, report: Callable[[str], None], settled: Callable[[], None]
) -> Published:
    """Log, check, register, check again; `settled` is called when nothing is taken back any more.

    Raises Unavailable with MLflow's reason. `folder` is for files on the way.
    """
    report("Opening the model registry")
    mlflow = _mlflow()
    try:
        mlflow.set_experiment(record.experiment)
        with _run(mlflow, record) as run_id:
            report("Storing the model")
            uri = _log_model(mlflow, record, folder)
            _must_answer(mlflow, uri, record)
            report("Registering the model")
            return Published(run_id, _register(mlflow, uri, run_id, record, settled))
    except mlflow.exceptions.MlflowException as error:
        raise Unavailable(
            f"The model could not be stored: {error.message} Check the model "
            "registry, then train again."
        ) from error


def _mlflow() -> Any:
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    with warnings.catch_warnings():
        # MLflow's own dependencies warn while they are imported; nothing that we could change.
        warnings.simplefilter("ignore")
        import mlflow
        import mlflow.pyfunc
    return mlflow


@contextmanager
def _run(mlflow: Any, record: Record) -> Iterator[str]:
    """An MLflow run with its figures; it ends as what happened to the training."""
    tags = {JOB_TAG: record.job_id, **record.tags}
    run = mlflow.start_run(run_name=f"{record.model_name} {record.job_id}"[:250])
    status = "FAILED"
    try:
        mlflow.set_tags(tags)  # `start_run` drops them where the platform has begun the run
        mlflow.log_params(record.params)
        mlflow.log_metrics(record.metrics)
        for name, document in record.documents.items():
            mlflow.log_dict(document, name)
        yield run.info.run_id
        status = "FINISHED"
    except Stopped:
        status = "KILLED"
        raise
    finally:
        mlflow.end_run(status)


def _log_model(mlflow: Any, record: Record, folder: Path) -> str:
    from mlflow.models import ModelSignature
    from mlflow.types.schema import ColSpec, Schema

    inputs = Schema([ColSpec("string", name) for name in record.served.card.inputs])
    (data := folder / "model").mkdir()
    record.served.save(data)
    logged = mlflow.pyfunc.log_model(
        name="model",
        loader_module="ontos.train.served",
        data_path=str(data),
        code_paths=[str(_sources(folder / "code"))],
        pip_requirements=_requirements(record.served),
        signature=ModelSignature(inputs=inputs, outputs=Schema([ColSpec("string")])),
    )
    return str(logged.model_uri)


def _sources(folder: Path) -> Path:
    """A copy of those of our files that a model needs to load; see `served`."""
    package = Path(__file__).resolve().parents[1]
    for name in SOURCES:
        target = folder / package.name / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(package / name, target)
    return folder / package.name


def _requirements(served: Served) -> list[str]:
    names = ["mlflow", "numpy", "pandas", "Jinja2"]
    if served.head.kind == "embedding-logistic":
        names.append("sentence-transformers")
    return [f"{name}=={version_of(name)}" for name in names]


def _must_answer(mlflow: Any, uri: str, record: Record) -> None:
    prompts = record.prompts[:CHECKED]
    stored = mlflow.pyfunc.load_model(uri).get_raw_model().answers(prompts)
    wanted = record.served.answers(prompts)
    if [each.response for each in stored] != [each.response for each in wanted]:
        raise Unavailable(
            "The stored model answers otherwise than the trained one, so it was not "
            "kept. Check the disk of the model registry, then train again."
        )


def _register(
    mlflow: Any, uri: str, run_id: str, record: Record, settled: Callable[[], None]
) -> str:
    client, name = mlflow.MlflowClient(), record.model_name
    tags = dict(record.tags) | {
        JOB_TAG: record.job_id,
        INPUTS_TAG: json.dumps(record.served.card.inputs),
    }
    new = not _registered(client, name)
    try:
        made = mlflow.register_model(uri, name, tags=_fitting(mlflow.get_registry_uri(), tags))
        _must_answer(mlflow, f"models:/{name}/{made.version}", record)
        settled()
    except BaseException:
        _take_back(client, name, run_id, new)
        raise
    return str(made.version)


def _take_back(client: Any, name: str, run_id: str, new: bool) -> None:
    """Deletes this run's versions, and the model if it is `new` and nothing is left of it.

    To delete a model deletes all of its versions: those of another run that registers it now, too.
    """
    for version in _versions(client, name):
        if version.run_id == run_id:
            client.delete_model_version(name, version.version)
    if new and _registered(client, name) and not _versions(client, name):
        client.delete_registered_model(name)


def _versions(client: Any, name: str) -> list[Any]:
    """All of them; a page may be empty and have a next one."""
    found, token = [], None
    while True:
        page = client.search_model_versions(f"name = '{name}'", page_token=token)
        found += page
        if not (token := page.token):
            return found


def _registered(client: Any, name: str) -> bool:
    """Asked by name: Unity Catalog cannot search for models."""
    from mlflow.exceptions import MlflowException

    try:
        client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return False
    return True


def _fitting(registry: str, tags: Mapping[str, str]) -> dict[str, str]:
    """Tags as the registry takes them: Unity Catalog refuses dots in keys, and long values."""
    if not registry.startswith("databricks-uc"):
        return dict(tags)
    return {key.replace(".", "_"): value[:1000] for key, value in tags.items()}

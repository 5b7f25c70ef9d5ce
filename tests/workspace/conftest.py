"""A registry with tiny real models, made once: MLflow takes seconds to import and to set up."""

import json
import os
from pathlib import Path

import pytest

from ontos.workspace.local.models import LocalModels
from ontos.workspace.models import open_mlflow, quietly

TOYS = '''
"""Models so small that one sees what they answer."""
import json, pathlib


def _load_pyfunc(path):
    word = json.loads(pathlib.Path(path, "toy.json").read_text())
    if word == "unloadable":
        raise RuntimeError("its weights are missing")
    return Moody() if word == "moody" else Greeter(word)


class Greeter:
    def __init__(self, word):
        self.word = word

    def predict(self, table, params=None):
        rows = zip(table["message"], table["tone"], strict=True)
        return [f"{self.word}, {message}{tone}" for message, tone in rows]


class Moody:
    def predict(self, table, params=None):
        if table["tone"][0] == "rude":
            raise ValueError("not in this tone")
        return ["only one answer"]
'''


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which `greeter` has versions 1 and 2, `broken` fails in two ways, and version 2
    of `picky` wants a variable less.

    Logged as the trainer does: in an environment of `tracking_env`, with the inputs as a tag.
    """
    home, former = tmp_path_factory.mktemp("an org's home"), dict(os.environ)
    os.environ.update(LocalModels(home).tracking_env())
    try:
        open_mlflow()
        with quietly():
            _fill(tmp_path_factory.mktemp("toys"))
    finally:
        os.environ.clear()
        os.environ.update(former)
    return home


def _fill(folder: Path) -> None:
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types.schema import ColSpec, Schema

    inputs = ["message", "tone"]
    signature = ModelSignature(
        inputs=Schema([ColSpec("string", name) for name in inputs]),
        outputs=Schema([ColSpec("string")]),
    )
    (folder / "toys_served.py").write_text(TOYS)
    mlflow.set_experiment("toys")
    for name, word, wants in (
        ("greeter", "hello", inputs),
        ("greeter", "good day", inputs),
        ("broken", "moody", inputs),
        ("broken", "unloadable", inputs),
        ("picky", "well", inputs),
        ("picky", "what", inputs[:1]),
    ):
        (data := folder / word).mkdir()
        (data / "toy.json").write_text(json.dumps(word))
        with mlflow.start_run():
            logged = mlflow.pyfunc.log_model(
                name=name,
                loader_module="toys_served",
                data_path=str(data),
                signature=signature,
                code_paths=[str(folder / "toys_served.py")],
                pip_requirements=[],
            )
            tags = {"ontos.inputs": json.dumps(wants)}
            mlflow.register_model(logged.model_uri, name, tags=tags)
    mlflow.MlflowClient().set_registered_model_alias("greeter", "champion", "2")

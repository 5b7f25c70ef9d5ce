"""The Databricks half of the workbench, opened over a served workspace as the app opens it."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ontos.kernel.settings import Settings
from ontos.workspace import Person, Run, databricks_workspace
from ontos.workspace import Workspace as Half
from ontos.workspace.models import open_mlflow, quietly
from tests.wire.workspace.server import Workspace, serve

ORG, PLACE = "default", "workbench.data_default"
MLFLOW = {"MLFLOW_TRACKING_URI": "databricks", "MLFLOW_REGISTRY_URI": "databricks-uc"}
"""What the app sets by default when it first loads a model; set here so that it ends here."""

FRUIT = {
    "fruit": ("apple", "pear", "plum", "cherry", "melon", "grape"),
    "tool": ("hammer", "saw", "drill", "wrench", "pliers", "chisel"),
}
ROWS = [(f"bring {many} {word}", kind) for many in ("one", "two", "some")
        for kind, words in FRUIT.items() for word in words]  # fmt: skip
"""36 examples that the smallest classifier learns at once."""


@contextmanager
def opened(root: Path) -> Iterator[Workspace]:
    """A served workspace that the environment names, with the schema of the default org."""
    with serve(root) as workspace, pytest.MonkeyPatch.context() as environment:
        for name, value in (workspace.env() | MLFLOW).items():
            environment.setenv(name, value)
        workspace.catalog.add_schema(PLACE)
        yield workspace


def half(home: Path, person: Person | None = None, **settings: Any) -> Half:
    """The eight protocols as the app has them, or with a person's own token."""
    chosen = Settings(home=home, workspace="databricks", **settings)
    none: Any = None  # Unity Catalog is asked by REST, never through the warehouse
    return databricks_workspace(chosen, none, ORG, person or Person("ann@example.org"))


def lay_out(app: Half, run_key: str, model: str, *, flip: bool = False) -> None:
    """Inputs of a training that takes seconds. `flip` makes it learn the opposite."""
    folder, kinds = app.compute.folder(run_key), list(FRUIT)
    config = {
        "job_id": run_key, "model_name": app.models.full_name(model), "trainer": "auto", "seed": 7,
        "inputs": ["message"], "user_prompt": "Message: {{ message }}\nKind:", "label_type": "kind",
        "options": {"C": [10.0]}, "experiment": "ontos",
        "tags": {"ontos.org": ORG, "ontos.user": "ann@example.org"},
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    pairs = [
        {"pair_id": f"p{n}", "item_ref": f"i{n}", "prompt": f"Message: {text}\nKind:",
         "response": kinds[1 - kinds.index(kind)] if flip else kind,
         "side": "val" if n % 5 == 0 else "train"}
        for n, (text, kind) in enumerate(ROWS)
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(pairs), folder / "pairs.parquet")


TOY = '''
"""A model so small that one sees what it answers."""
import pathlib


def _load_pyfunc(path):
    return Greeter(pathlib.Path(path).read_text())


class Greeter:
    def __init__(self, word):
        self.word = word

    def predict(self, table, params=None):
        if self.word == "broken":
            raise ValueError("its weights are missing")
        return [f"{self.word}, {name}" for name in table["name"]]
'''


def register(workspace: Workspace, model: str, *words: str) -> str:
    """One version for each word, registered as MLflow does it; the model's full name."""
    open_mlflow()
    full_name = f"{PLACE}.{model}"
    with quietly():
        for word in words:
            _register(workspace, full_name, word)
    return full_name


def _register(workspace: Workspace, full_name: str, word: str) -> None:
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types.schema import ColSpec, Schema

    text = Schema([ColSpec("string", "name")])
    folder = workspace.root / "toys" / uuid.uuid4().hex
    folder.mkdir(parents=True)
    (folder / "wire_toy.py").write_text(TOY)
    (folder / "word").write_text(word)
    mlflow.pyfunc.save_model(
        str(folder / "model"), loader_module="wire_toy", data_path=str(folder / "word"),
        code_paths=[str(folder / "wire_toy.py")], pip_requirements=[],
        signature=ModelSignature(inputs=text, outputs=Schema([ColSpec("string")])),
    )  # fmt: skip
    client = mlflow.MlflowClient(tracking_uri="databricks", registry_uri="databricks-uc")
    if full_name not in workspace.models.kept:
        client.create_registered_model(full_name)
    client.create_model_version(
        full_name, str(folder / "model"), tags={"ontos_inputs": json.dumps(["name"])}
    )


def start(app: Half, run_key: str, model: str = "kinds", **inputs: bool) -> str:
    """The handle of a training that was submitted as the app submits it."""
    lay_out(app, run_key, model, **inputs)
    return app.compute.submit(run_key, app.models.tracking_env())


def ended(app: Half, handle: str, seconds: float = 120) -> Run:
    return until(
        lambda: app.compute.poll(handle),
        lambda run: run.status not in ("queued", "running"),
        seconds,
        pause=0.3,
    )


def until(
    read: Callable[[], Any], holds: Callable[[Any], bool], seconds: float = 20, pause: float = 0.05
) -> Any:
    end = time.monotonic() + seconds
    while not holds(seen := read()):
        assert time.monotonic() < end, f"still {seen}"
        time.sleep(pause)
    return seen

"""What every registry has in common: MLflow, and what the trainer notes on a version."""

import json
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

INPUTS_TAG = "ontos.inputs"
_opening = threading.Lock()


def open_mlflow() -> Any:
    """MLflow, imported on first use (seconds), without telemetry and import warnings."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    with quietly():
        import mlflow.pyfunc
    return mlflow


@contextmanager
def quietly() -> Iterator[None]:
    """For one thread at a time: MLflow warns of what its own dependencies deprecate."""
    with _opening, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def named_inputs(tag: str | None) -> tuple[str, ...]:
    """The variables that a version wants, from its tag; none where it was not trained here."""
    try:
        names = json.loads(tag or "[]")
    except ValueError:
        return ()
    return tuple(map(str, names)) if isinstance(names, list) else ()

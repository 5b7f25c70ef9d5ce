"""Endpoints inside this process: registered pyfunc models, loaded in the background."""

import hashlib
import json
import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ontos.kernel.errors import Conflict, NotFound, NotNow, Unavailable
from ontos.workspace.local.models import LocalModels
from ontos.workspace.predictions import plain, table
from ontos.workspace.protocols import ServingState


@dataclass(frozen=True)
class _Loaded:
    """A model in memory with the names of its variables."""

    model: Any
    inputs: tuple[str, ...]


@dataclass
class _Endpoint:
    """`loaded` answers now; `tried` is set once the answering version was loaded, or was not."""

    state: ServingState
    pending_model: str | None = None
    loaded: _Loaded | None = None
    tried: threading.Event = field(default_factory=threading.Event)


class LocalServing:
    """Endpoints of one org; their states outlive the process in `home`/serving.

    After a restart the answering version is loaded again as soon as somebody looks at the
    endpoint; a query waits for that, at most `patience` seconds.
    """

    def __init__(self, home: Path, models: LocalModels, *, patience: float = 60.0) -> None:
        self._folder, self._models, self._patience = home / "serving", models, patience
        self._endpoints: dict[str, _Endpoint] = {}
        self._lock = threading.RLock()
        self._loaders = ThreadPoolExecutor(2, thread_name_prefix="serving")

    def create(self, name: str, model_name: str, model_version: str) -> ServingState:
        self._must_exist(model_name, model_version)
        with self._lock:
            if self._find(name):
                raise Conflict(
                    f"There is an endpoint {name} already: update it, or choose another name.",
                    field="name",
                )
            state = ServingState(name, "creating", model_name, None, str(model_version))
            self._endpoints[name] = endpoint = _Endpoint(state, model_name)
            return self._begin(endpoint)

    def update(self, name: str, model_name: str, model_version: str) -> ServingState:
        self._must_exist(model_name, model_version)
        with self._lock:
            endpoint = self._get(name)
            if endpoint.state.pending_version:
                raise NotNow(
                    f"Endpoint {name} is {endpoint.state.status} (version "
                    f"{endpoint.state.pending_version}). Try again when it is ready."
                )
            endpoint.pending_model = model_name
            answers = endpoint.state.model_version is not None
            endpoint.state = replace(
                endpoint.state,
                status="updating" if answers else "creating",
                message=None,
                pending_version=str(model_version),
            )
            return self._begin(endpoint)

    def state(self, name: str) -> ServingState | None:
        with self._lock:
            endpoint = self._find(name)
            return endpoint.state if endpoint else None

    def query(self, name: str, inputs: Sequence[Mapping[str, Any]]) -> list[Any]:
        with self._lock:
            endpoint = self._get(name)
        loaded = endpoint.loaded or self._awaited(endpoint)
        return _predict(name, loaded, inputs)

    def delete(self, name: str) -> None:
        with self._lock:
            self._get(name)
            self._file(name).unlink(missing_ok=True)
            del self._endpoints[name]

    def _must_exist(self, model_name: str, model_version: str) -> None:
        if self._models.version(model_name, str(model_version)) is None:
            raise NotFound(
                f"Model {model_name} has no version {model_version}. Choose one that "
                "is registered.",
                field="model_version",
            )

    def _get(self, name: str) -> _Endpoint:
        if endpoint := self._find(name):
            return endpoint
        raise NotFound(f"There is no endpoint {name[:120]}. Create it first.")

    def _find(self, name: str) -> _Endpoint | None:
        """The endpoint, from memory or else from disk; one from disk begins to load."""
        if name not in self._endpoints:
            try:
                saved = json.loads(self._file(name).read_text("utf-8"))
            except FileNotFoundError:
                return None
            state = ServingState(**saved["state"])
            self._endpoints[name] = endpoint = _Endpoint(state, saved["pending_model"])
            self._loaders.submit(self._bring_up, endpoint)
        return self._endpoints[name]

    def _begin(self, endpoint: _Endpoint) -> ServingState:
        self._save(endpoint)
        self._loaders.submit(self._bring_up, endpoint)
        return endpoint.state

    def _bring_up(self, endpoint: _Endpoint) -> None:
        """Load what answered before a restart, then what is pending."""
        state = endpoint.state
        if state.model_version and endpoint.loaded is None:
            self._settle(endpoint, self._load(state.model_name, state.model_version))
        endpoint.tried.set()
        if state.pending_version and endpoint.pending_model:
            loaded = self._load(endpoint.pending_model, state.pending_version)
            self._settle(endpoint, loaded, pending=True)

    def _load(self, model_name: str, version: str) -> _Loaded | str:
        """The model, or why there is none."""
        try:
            known = self._models.version(model_name, version)
            return _Loaded(self._models.load(model_name, version), known.inputs if known else ())
        except Exception as error:  # a stored model may raise anything; the reason is kept
            return f"{type(error).__name__}: {error}"[:1000]

    def _settle(self, endpoint: _Endpoint, loaded: _Loaded | str, pending: bool = False) -> None:
        with self._lock:
            endpoint.state = _after(endpoint.state, endpoint.pending_model, loaded, pending)
            endpoint.pending_model = None if pending else endpoint.pending_model
            endpoint.loaded = loaded if isinstance(loaded, _Loaded) else endpoint.loaded
            if self._endpoints.get(endpoint.state.name) is not endpoint:
                return  # deleted meanwhile
            try:
                self._save(endpoint)
            except OSError as error:
                state = endpoint.state
                said = f"It is {state.status}, but that could not be written down: {error}"
                endpoint.state = replace(state, message=said)

    def _awaited(self, endpoint: _Endpoint) -> _Loaded:
        """The model of an endpoint that answered before a restart."""
        state = endpoint.state
        if state.model_version and endpoint.tried.wait(self._patience) and endpoint.loaded:
            return endpoint.loaded
        state = endpoint.state
        if state.status == "failed":
            raise NotNow(
                f"Endpoint {state.name} does not answer: {state.message} Update it to "
                "another version."
            )
        raise NotNow(
            f"Endpoint {state.name} is still loading its model. Ask again when it is ready."
        )

    def _save(self, endpoint: _Endpoint) -> None:
        """Whole or not at all: a crash leaves the former state."""
        target = self._file(endpoint.state.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".part")
        saved = {"state": asdict(endpoint.state), "pending_model": endpoint.pending_model}
        with part.open("w", encoding="utf-8") as out:
            json.dump(saved, out)
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)

    def _file(self, name: str) -> Path:
        """Readable, and unlike every other name's whatever the name holds."""
        digest = hashlib.sha256(name.encode()).hexdigest()[:16]
        return self._folder / f"{quote(name, safe='')[:60]}-{digest}.json"


def _after(
    state: ServingState, pending_model: str | None, loaded: _Loaded | str, pending: bool
) -> ServingState:
    """The state once a version was loaded, or failed to load for a reason."""
    version = state.pending_version if pending else state.model_version
    if isinstance(loaded, str):
        why = f"Version {version} could not be loaded ({loaded})."
        if not pending:  # what was asked for meanwhile is still to come
            return replace(
                state, status=state.status if state.pending_version else "failed", message=why
            )
        former = f" Version {state.model_version} still answers." if state.model_version else ""
        return replace(state, status="failed", pending_version=None, message=why + former)
    if not pending:
        return state
    return replace(
        state,
        status="ready",
        model_name=pending_model or state.model_name,
        model_version=version,
        pending_version=None,
        message=None,
    )


def _predict(name: str, loaded: _Loaded, inputs: Sequence[Mapping[str, Any]]) -> list[Any]:
    import pandas as pd

    columns = table(inputs, loaded.inputs)
    try:
        answers = loaded.model.predict(pd.DataFrame(columns))
    except Exception as error:  # a stored model may raise anything; the reason is told
        raise Unavailable(
            f"The model behind endpoint {name} failed: {type(error).__name__}: {error}"[:1000]
        ) from error
    return plain(answers, len(inputs))

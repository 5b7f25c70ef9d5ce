"""Endpoints inside this process: registered pyfunc models, loaded in the background."""

import hashlib
import json
import os
import random
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ontos.kernel.errors import Conflict, NotFound, NotNow, Unavailable
from ontos.workspace.guardrails import left_to_us
from ontos.workspace.local.models import LocalModels
from ontos.workspace.predictions import plain, table
from ontos.workspace.protocols import Answered, Guarded, Guardrails, ServingState
from ontos.workspace.traffic import answering, leading, with_former

_Key = tuple[str, str]
"""Of a model in memory: its name and version."""


@dataclass(frozen=True)
class _Loaded:
    """A model in memory with the names of its variables."""

    model: Any
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class _Wanted:
    """The split that an update is to bring."""

    model_name: str
    traffic: Mapping[str, int]


@dataclass
class _Endpoint:
    """`tried` is set once what answered before a restart was loaded again, or was not."""

    state: ServingState
    wanted: _Wanted | None = None
    loaded: dict[_Key, _Loaded] = field(default_factory=dict)
    tried: threading.Event = field(default_factory=threading.Event)

    @property
    def named(self) -> dict[_Key, int]:
        """The share of each model that is loaded, or is to be loaded again."""
        return {(self.state.model_name, v): share for v, share in self.state.traffic.items()}


class LocalServing:
    """Endpoints of one org; their states outlive the process in `home`/serving.

    After a restart the answering versions are loaded again as soon as somebody looks at the
    endpoint; a query waits for that, at most `patience` seconds. `chance` says which version of a
    split answers.
    """

    def __init__(
        self, home: Path, models: LocalModels, *, patience: float = 60.0,
        chance: random.Random | None = None,
    ) -> None:  # fmt: skip
        self._folder, self._models, self._patience = home / "serving", models, patience
        self._chance = chance or random.Random()  # noqa: S311 - traffic, not secrets
        self._endpoints: dict[str, _Endpoint] = {}
        self._lock = threading.RLock()
        self._loaders = ThreadPoolExecutor(2, thread_name_prefix="serving")

    def create(self, name: str, model_name: str, model_version: str) -> ServingState:
        version = str(model_version)
        self._must_exist(model_name, version)
        with self._lock:
            if self._find(name):
                raise Conflict(
                    f"There is an endpoint {name} already: update it, or choose another name.",
                    field="name",
                )
            state = ServingState(name, "creating", model_name, None, version)
            wanted = _Wanted(model_name, {version: 100})
            self._endpoints[name] = endpoint = _Endpoint(state, wanted)
            return self._begin(endpoint)

    def update(self, name: str, model_name: str, traffic: Mapping[str, int]) -> ServingState:
        for version in traffic:
            self._must_exist(model_name, version)
        with self._lock:
            endpoint = self._get(name)
            before = endpoint.state
            if before.moving:
                coming = f" (version {before.pending_version})" if before.pending_version else ""
                raise NotNow(
                    f"Endpoint {name} is {before.status}{coming}. Try again when it is ready."
                )
            stay = before.traffic if before.model_name == model_name else {}
            endpoint.wanted = _Wanted(model_name, with_former(traffic, stay))
            endpoint.state = replace(
                before,
                status="updating" if before.model_version else "creating",
                message=None,
                pending_version=leading({v: s for v, s in traffic.items() if v not in stay}),
            )
            return self._begin(endpoint)

    def state(self, name: str) -> ServingState | None:
        with self._lock:
            endpoint = self._find(name)
            return endpoint.state if endpoint else None

    def query(self, name: str, inputs: Sequence[Mapping[str, Any]]) -> Answered:
        with self._lock:
            endpoint = self._get(name)
        if endpoint.state.model_version:
            endpoint.tried.wait(self._patience)
        version, loaded = self._chosen(endpoint)
        return Answered(_predict(name, loaded, inputs), version)

    def guard(self, name: str, rails: Guardrails) -> Guarded:
        with self._lock:
            self._get(name)
        return left_to_us(rails, "This workbench runs without a Databricks workspace.")

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
            self._endpoints[name] = endpoint = _restored(saved)
            self._loaders.submit(self._bring_up, endpoint)
        return self._endpoints[name]

    def _begin(self, endpoint: _Endpoint) -> ServingState:
        """In the background, unless every model is in memory: then the traffic moves now."""
        self._save(endpoint)
        wanted = endpoint.wanted
        if wanted and all((wanted.model_name, v) in endpoint.loaded for v in wanted.traffic):
            self._bring_up(endpoint)
        else:
            self._loaders.submit(self._bring_up, endpoint)
        return endpoint.state

    def _bring_up(self, endpoint: _Endpoint) -> None:
        """Load what answered before a restart, then what is wanted."""
        for key in endpoint.named:
            if key not in endpoint.loaded:
                self._restore(endpoint, key, self._load(key))
        endpoint.tried.set()
        if wanted := endpoint.wanted:
            self._settle(endpoint, wanted, self._all(endpoint, wanted))

    def _load(self, key: _Key) -> _Loaded | str:
        """The model, or why there is none."""
        try:
            known = self._models.version(*key)
            return _Loaded(self._models.load(*key), known.inputs if known else ())
        except Exception as error:  # a stored model may raise anything; the reason is kept
            why = f"{type(error).__name__}: {error}"[:1000]
            return (
                f"Version {key[1]} could not be loaded ({why}). Change the endpoint to another "
                "version, or train one."
            )

    def _all(self, endpoint: _Endpoint, wanted: _Wanted) -> dict[_Key, _Loaded] | str:
        """Every wanted model that gets requests, and of the others those that can be loaded."""
        found: dict[_Key, _Loaded] = {}
        for version, share in wanted.traffic.items():
            key = (wanted.model_name, version)
            loaded = endpoint.loaded.get(key) or self._load(key)
            if isinstance(loaded, _Loaded):
                found[key] = loaded
            elif share:
                return loaded
        return found

    def _restore(self, endpoint: _Endpoint, key: _Key, loaded: _Loaded | str) -> None:
        with self._lock:
            if isinstance(loaded, _Loaded):
                endpoint.loaded[key] = loaded
            elif key in endpoint.named:
                endpoint.state = _without(endpoint.state, key[1], loaded)
                self._write_down(endpoint)

    def _settle(
        self, endpoint: _Endpoint, wanted: _Wanted, loaded: dict[_Key, _Loaded] | str
    ) -> None:
        with self._lock:
            if endpoint.wanted is not wanted:
                return  # somebody else has loaded it meanwhile
            endpoint.wanted = None
            endpoint.state = _after(endpoint.state, wanted, loaded)
            if not isinstance(loaded, str):
                endpoint.loaded = loaded
            self._write_down(endpoint)

    def _write_down(self, endpoint: _Endpoint) -> None:
        """What came of loading, unless the endpoint was deleted meanwhile."""
        if self._endpoints.get(endpoint.state.name) is not endpoint:
            return
        try:
            self._save(endpoint)
        except OSError as error:
            said = f"It is {endpoint.state.status}, but that could not be written down: {error}"
            endpoint.state = replace(endpoint.state, message=said)

    def _chosen(self, endpoint: _Endpoint) -> tuple[str, _Loaded]:
        """By chance, as the shares say."""
        with self._lock:
            state, loaded = endpoint.state, endpoint.loaded
            shares = {k: share for k, share in endpoint.named.items() if share and k in loaded}
            if shares:
                key = self._chance.choices(list(shares), list(shares.values()))[0]
                return key[1], loaded[key]
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
        wanted = asdict(endpoint.wanted) if endpoint.wanted else None
        with part.open("w", encoding="utf-8") as out:
            json.dump({"state": asdict(endpoint.state), "wanted": wanted}, out)
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)

    def _file(self, name: str) -> Path:
        """Readable, and unlike every other name's whatever the name holds."""
        digest = hashlib.sha256(name.encode()).hexdigest()[:16]
        return self._folder / f"{quote(name, safe='')[:60]}-{digest}.json"


def _restored(saved: Mapping[str, Any]) -> _Endpoint:
    """What was saved before traffic could be shared names one version, and one that comes."""
    state, wanted = ServingState(**saved["state"]), saved.get("wanted")
    if state.model_version and not state.traffic:
        state = replace(state, traffic={state.model_version: 100})
    if state.pending_version and not wanted:
        wanted = {"model_name": saved["pending_model"], "traffic": {state.pending_version: 100}}
    return _Endpoint(state, _Wanted(**wanted) if wanted else None)


def _after(
    state: ServingState, wanted: _Wanted, loaded: Mapping[_Key, _Loaded] | str
) -> ServingState:
    """The state once the wanted models were loaded, or failed to load for a reason."""
    if isinstance(loaded, str):
        former = f" Version {state.model_version} still answers." if state.model_version else ""
        return replace(state, status="failed", pending_version=None, message=loaded + former)
    model = wanted.model_name
    traffic = {v: share for v, share in wanted.traffic.items() if (model, v) in loaded}
    return ServingState(state.name, "ready", model, leading(traffic), traffic=traffic)


def _without(state: ServingState, version: str, why: str) -> ServingState:
    """The state when a version did not come back after a restart."""
    rest = {v: share for v, share in state.traffic.items() if v != version}
    if not state.traffic[version]:
        return replace(state, traffic=rest)
    failed = replace(state, status=state.status if state.moving else "failed", message=why)
    other = leading(answering(rest))
    if other is None:
        return failed
    why = f"{why} Version {other} answers everything."
    return replace(failed, model_version=other, traffic={other: 100}, message=why)


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

"""What is not SQL: nine small protocols, each with a Databricks and a local half."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol

from ontos.warehouse.protocol import Warehouse

RunStatus = Literal["queued", "running", "succeeded", "failed", "cancelled"]
ServingStatus = Literal["creating", "updating", "ready", "failed"]
Pii = Literal["NONE", "MASK", "BLOCK"]


@dataclass(frozen=True)
class Column:
    """A column of a catalog table; `type` is a Databricks SQL type in upper case."""

    name: str
    type: str
    nullable: bool = True
    comment: str | None = None


@dataclass(frozen=True)
class Table:
    """A table under its three-level name `catalog.schema.table`."""

    full_name: str
    columns: tuple[Column, ...] = ()
    comment: str | None = None


class Catalog(Protocol):
    """Tables that the person may see. `visible` schemas are decided here, never by the caller."""

    def catalogs(self) -> list[str]: ...
    def schemas(self, catalog: str) -> list[str]: ...
    def tables(self, catalog: str, schema: str) -> list[Table]: ...
    def table(self, full_name: str) -> Table | None:
        """The table with its columns; None where it is missing or not visible."""
        ...

    def inside(self, transaction: Warehouse) -> "Catalog":
        """The same catalog; where it is kept in the warehouse, it sees what `transaction` wrote."""
        ...

    def upload_schema(self) -> str:
        """The `catalog.schema` into which this org's uploads go."""
        ...


class Files(Protocol):
    """Files in volumes, by paths relative to the org's volume."""

    def put(self, path: str, content: BinaryIO) -> int:
        """Write whole or not at all; the number of bytes."""
        ...

    def open(self, path: str) -> BinaryIO: ...
    def list(self, folder: str) -> list[str]:
        """Paths of the files directly in a folder; empty where it is missing."""
        ...

    def delete(self, path: str) -> None: ...


@dataclass(frozen=True)
class ModelVersion:
    name: str
    version: str
    run_id: str | None
    created_at: str
    aliases: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    """Names of the variables that the model wants."""


class Models(Protocol):
    """The registry. Training writes it (see `ontos.train.run`); the app reads it."""

    def full_name(self, name: str) -> str:
        """How a short model name is registered: three-level in a workspace, plain on a laptop."""
        ...

    def names(self) -> list[str]: ...
    def versions(self, name: str) -> list[ModelVersion]:
        """Newest first; empty where the model is missing."""
        ...

    def version(self, name: str, version: str) -> ModelVersion | None: ...
    def load(self, name: str, version: str) -> Any:
        """The version as a pyfunc model in this process; raises NotFound."""
        ...

    def tracking_env(self) -> dict[str, str]:
        """Environment variables with which a training process reaches the same registry."""
        ...

    def check(self) -> None:
        """Raise Unavailable with the reason where the registry does not answer."""
        ...


@dataclass(frozen=True)
class ServingState:
    """`traffic` is the percent of the requests for each version that is loaded; `model_version` is
    the one with the largest share. `pending_version` is being loaded."""

    name: str
    status: ServingStatus
    model_name: str
    model_version: str | None
    pending_version: str | None = None
    message: str | None = None
    traffic: Mapping[str, int] = field(default_factory=dict)

    @property
    def moving(self) -> bool:
        """Whether an update runs: of what is loaded, or of the traffic alone."""
        return self.status in ("creating", "updating")


@dataclass(frozen=True)
class Answered:
    """One prediction per input, all of one version; None where the serving does not say which."""

    predictions: list[Any]
    model_version: str | None


@dataclass(frozen=True)
class Guardrails:
    """What an endpoint lets pass. `topics` are those allowed: all, where there are none."""

    pii: Pii = "NONE"
    safety: bool = False
    keywords: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()

    @property
    def wanted(self) -> frozenset[str]:
        """The names of those that are set."""
        return frozenset(f.name for f in fields(self) if getattr(self, f.name) != f.default)


@dataclass(frozen=True)
class Guarded:
    """`held` names the guardrails that the workspace holds from now on, `message` says why."""

    held: frozenset[str]
    message: str


class Serving(Protocol):
    """Endpoints. Create and update return at once; `state` tells when they are ready."""

    def create(self, name: str, model_name: str, model_version: str) -> ServingState: ...
    def update(self, name: str, model_name: str, traffic: Mapping[str, int]) -> ServingState:
        """Share the requests anew; the present split answers until every version is loaded.

        The version that gives way stays loaded. Raises NotNow while an update runs.
        """
        ...

    def state(self, name: str) -> ServingState | None: ...
    def query(self, name: str, inputs: Sequence[Mapping[str, Any]]) -> Answered:
        """Raises NotFound, NotNow or Invalid (missing variables)."""
        ...

    def guard(self, name: str, rails: Guardrails) -> Guarded:
        """Have the workspace hold these guardrails in place of the former ones.

        Raises Refused, and changes nothing, where only a workspace could hold one of them, and
        this one does not.
        """
        ...

    def delete(self, name: str) -> None: ...


@dataclass(frozen=True)
class Completion:
    text: str
    model: str
    prompt_tokens: int | None
    completion_tokens: int | None


class Llm(Protocol):
    @property
    def model(self) -> str | None:
        """The model that answers; None where none is configured."""
        ...

    @property
    def endpoint(self) -> str | None:
        """The workspace's serving endpoint that it is, which a warehouse may ask by itself."""
        ...

    def complete(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        max_tokens: int = 512,
        temperature: float = 0.0,
    ) -> Completion:
        """One chat completion; raises Unavailable with the reason."""
        ...


@dataclass(frozen=True)
class Run:
    """A training run as its compute sees it; `progress` is in percent.

    `result` is what the script left in result.json.
    """

    status: RunStatus
    progress: float = 0.0
    message: str | None = None
    events: tuple[Mapping[str, Any], ...] = ()
    result: Mapping[str, Any] | None = None


class Compute(Protocol):
    """Runs the project's training script (`python -m ontos.train.run FOLDER`) somewhere.

    The folder holds `config.json` and `pairs.parquet`; the script appends `events.jsonl`
    (one `{"at", "progress", "message", …}` a line) and finally writes `result.json`.
    """

    def folder(self, run_key: str) -> Path:
        """An empty local folder in which the inputs of a run are laid out before `submit`."""
        ...

    def submit(self, run_key: str, env: Mapping[str, str]) -> str:
        """Start the script over the laid-out folder; a handle that outlives this process."""
        ...

    def poll(self, handle: str) -> Run:
        """Also after a restart of the app; a run whose process vanished is failed, and says so."""
        ...

    def cancel(self, handle: str) -> None: ...


class Secrets(Protocol):
    def get(self, name: str) -> str | None: ...


@dataclass(frozen=True)
class Person:
    """Who asks. `token` is the person's own (on-behalf-of) token, never shown or logged."""

    user: str
    groups: frozenset[str] = frozenset()
    token: str | None = field(default=None, repr=False)


class People(Protocol):
    def groups(self, person: Person) -> frozenset[str] | None:
        """Names of the groups that the person is in; None where they cannot be known here."""
        ...


@dataclass(frozen=True)
class Finding:
    """One thing that the workbench needs of its workspace, and the exact way to mend it.

    `optional` is missing without harm. What `can_make` says may be made by `Setup.make`.
    """

    key: str
    title: str
    state: Literal["ready", "missing", "optional"]
    found: str
    remedy: str | None = None
    can_make: bool = False


class Setup(Protocol):
    """Whether everything is there that the workbench needs."""

    def findings(self) -> list[Finding]: ...
    def make(self, key: str) -> None:
        """Make a thing that is missing; raises NotFound for one that cannot be made from here."""
        ...


@dataclass(frozen=True)
class Workspace:
    """The nine, bound to one tenant (and, in a workspace, to the person's own rights)."""

    catalog: Catalog
    files: Files
    models: Models
    serving: Serving
    llm: Llm
    compute: Compute
    secrets: Secrets
    people: People
    setup: Setup

    def inside(self, transaction: Warehouse) -> "Workspace":
        """The same workspace; what it reads from the warehouse it reads within `transaction`."""
        return replace(self, catalog=self.catalog.inside(transaction))

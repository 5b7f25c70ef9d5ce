"""Endpoints: a name behind which one version of a model answers."""

import json
import re
import time
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, field_validator

from ontos.deploy.models import find_version
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict, NotFound, Refused, Unavailable
from ontos.kernel.fields import Input, Limit, Record, now
from ontos.kernel.jobs import enqueue, request_cancel
from ontos.kernel.lifecycle import Lifecycle
from ontos.kernel.lineage import Node, link
from ontos.kernel.operation import operation
from ontos.kernel.paging import Page, decode, page
from ontos.kernel.permission import read, write
from ontos.train.training_jobs import model_node
from ontos.workspace import ServingState

Status = Literal["creating", "updating", "ready", "failed"]
"""Of the endpoints that there are: one that is deleted is not listed."""

ENDPOINT_STATES = Lifecycle(
    "endpoint",
    {
        "creating": ("ready", "failed", "deleted"),
        "updating": ("ready", "failed", "deleted"),
        "ready": ("updating", "deleted"),
        "failed": ("updating", "deleted"),
        "deleted": ("creating",),
    },
)

SWAP_SECONDS = 15.0
"""How long a rollback waits for the former version before it goes on in the background."""


def _endpoint_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", value):
        raise ValueError(
            "cannot name an endpoint: use letters, digits, - and _, at most 63, "
            "a letter or digit first"
        )
    return value


class Endpoint(Record):
    """`model_version` answers now, `pending_version` is being loaded, `previous_version` is where
    a rollback goes. `inputs` are the variables that a query must give."""

    name: str
    model_name: str
    model_version: str | None
    pending_version: str | None
    previous_version: str | None
    status: str
    error_message: str | None
    inputs: list[str]
    training_sheet_id: str | None
    version: int
    created_by: str
    created_at: datetime
    updated_by: str
    updated_at: datetime

    @field_validator("inputs", mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value or []


class EndpointSpec(Input):
    model_config = ConfigDict(coerce_numbers_to_str=True)

    name: Annotated[str, AfterValidator(_endpoint_name)]
    model_name: str
    model_version: str


class EndpointChange(Input):
    model_config = ConfigDict(coerce_numbers_to_str=True)

    model_version: str


class Served(Record):
    """`how` is create, update or rollback."""

    model_version: str
    how: str
    user: str
    at: datetime


class ServedVersions(BaseModel):
    """Newest first."""

    items: list[Served]


@operation("POST /deployment/endpoints", needs=write("deploy"))
def create_endpoint(caller: Caller, spec: EndpointSpec) -> Endpoint:
    """Serve a version of a model under a name. It answers once it is `ready`."""
    find_version(caller, spec.model_name, spec.model_version)
    at = now()
    endpoint = Endpoint(
        name=spec.name, model_name=spec.model_name, model_version=None,
        pending_version=spec.model_version, previous_version=None, status="creating",
        error_message=None, inputs=[], training_sheet_id=_training_sheet(caller, spec),
        version=1, created_by=caller.user, created_at=at, updated_by=caller.user, updated_at=at,
    )  # fmt: skip
    _insert(caller, endpoint)
    _roll_out(caller, endpoint, "create")
    return endpoint


@operation("GET /deployment/endpoints", needs=read("deploy"))
def list_endpoints(
    caller: Caller, status: Status | None = None, limit: Limit = 100, cursor: str | None = None
) -> Page[Endpoint]:
    """Endpoints by name."""
    rows = caller.warehouse.rows(
        "SELECT * FROM endpoints WHERE status <> 'deleted'"
        " AND (:status IS NULL OR status = :status) AND (:after IS NULL OR name > :after)"
        " ORDER BY name LIMIT :limit",
        status=status, after=decode(cursor), limit=limit + 1,
    )  # fmt: skip
    return page([Endpoint(**row) for row in rows], limit, lambda endpoint: endpoint.name)


@operation("GET /deployment/endpoints/{endpoint_name}", needs=read("deploy"))
def get_endpoint(caller: Caller, endpoint_name: str) -> Endpoint:
    """One endpoint."""
    rows = caller.warehouse.rows(
        "SELECT * FROM endpoints WHERE name = :name AND status <> 'deleted'", name=endpoint_name
    )
    if not rows:
        raise no_endpoint(endpoint_name)
    return Endpoint(**rows[0])


def no_endpoint(name: str) -> NotFound:
    return NotFound(
        f"endpoint_name: there is no endpoint {name[:120]!r}. List endpoints for those there are, "
        "or create it.",
        field="endpoint_name",
    )


@operation("GET /deployment/endpoints/{endpoint_name}/versions", needs=read("deploy"))
def list_endpoint_versions(caller: Caller, endpoint_name: str) -> ServedVersions:
    """Which version answered from when."""
    rows = caller.warehouse.rows(
        "SELECT * FROM endpoint_versions WHERE endpoint_name = :name ORDER BY at DESC LIMIT 200",
        name=endpoint_name,
    )
    if not rows:
        get_endpoint(caller, endpoint_name)
    return ServedVersions(items=[Served(**row) for row in rows])


@operation("PUT /deployment/endpoints/{endpoint_name}", needs=write("deploy"))
def update_endpoint(caller: Caller, endpoint_name: str, change: EndpointChange) -> Endpoint:
    """Swap to another version; the present one answers until the other is loaded."""
    endpoint = get_endpoint(caller, endpoint_name)
    ENDPOINT_STATES.check(endpoint.status, "updating")
    find_version(caller, endpoint.model_name, change.model_version)
    if endpoint.status == "ready" and endpoint.model_version == change.model_version:
        return endpoint
    return _begin_update(caller, endpoint, change.model_version, "update")


@operation("POST /deployment/endpoints/{endpoint_name}/rollback", needs=write("deploy"))
def rollback_endpoint(caller: Caller, endpoint_name: str) -> Endpoint:
    """Go back to the version that answered before, at once where it loads quickly."""
    endpoint = get_endpoint(caller, endpoint_name)
    ENDPOINT_STATES.check(endpoint.status, "updating")
    former = endpoint.previous_version
    if former is None:
        raise Refused(f"{endpoint.name} has served no other version. Update it to one instead.")
    find_version(caller, endpoint.model_name, former)
    state = _swap(caller, endpoint, former)
    if state.pending_version:
        return _begin_update(caller, endpoint, former, "rollback")
    if state.status != "ready":
        raise Unavailable(f"{endpoint.name} was not rolled back. {state.message or ''}".strip())
    return settled(caller, endpoint, state, "rollback")


@operation("DELETE /deployment/endpoints/{endpoint_name}", needs=write("deploy"))
def delete_endpoint(caller: Caller, endpoint_name: str) -> Endpoint:
    """Stop serving under this name; what it answered stays in the metrics."""
    endpoint = get_endpoint(caller, endpoint_name)
    if caller.workspace.serving.state(endpoint.name) is not None:
        caller.workspace.serving.delete(endpoint.name)
    request_cancel(caller, ("endpoint", endpoint.name))
    return save(caller, endpoint, status="deleted", pending_version=None)


def settled(caller: Caller, endpoint: Endpoint, state: ServingState, how: str) -> Endpoint:
    """Write down how loading a version ended: it answers now, or it failed for a reason."""
    if state.status != "ready" or state.model_version is None:
        why = state.message or "The model could not be loaded."
        return save(caller, endpoint, status="failed", pending_version=None, error_message=why)
    model = find_version(caller, endpoint.model_name, state.model_version)
    former = endpoint.model_version if endpoint.model_version != model.version else None
    after = save(
        caller, endpoint, status="ready", pending_version=None, error_message=None,
        model_version=model.version, inputs=list(model.inputs),
        previous_version=former or endpoint.previous_version,
    )  # fmt: skip
    _note_served(caller, after, how)
    return after


def save(caller: Caller, before: Endpoint, **changes: Any) -> Endpoint:
    """Write what changed, unless the endpoint changed since it was read."""
    stamp = {"version": before.version + 1, "updated_by": caller.user, "updated_at": now()}
    after = before.model_copy(update=changes | stamp)
    saved = caller.warehouse.execute(
        "UPDATE endpoints SET status = :status, model_version = :model_version,"
        " pending_version = :pending_version, previous_version = :previous_version,"
        " error_message = :error_message, inputs = :inputs, version = :version,"
        " updated_by = :updated_by, updated_at = :updated_at"
        " WHERE name = :name AND version = :before",
        **after.model_dump(include=_SAVED), inputs=json.dumps(after.inputs), before=before.version,
    )  # fmt: skip
    if saved == 0:
        raise Conflict(f"{before.name} was changed by somebody else meanwhile. Load it again, then "
                       "repeat.")  # fmt: skip
    return after


_SAVED = {"status", "model_version", "pending_version", "previous_version", "error_message",
          "version", "updated_by", "updated_at", "name"}  # fmt: skip


def node(endpoint: Endpoint) -> Node:
    return Node("endpoint", endpoint.name, endpoint.name)


def _insert(caller: Caller, endpoint: Endpoint) -> None:
    """A name is taken by one endpoint at a time; that of a deleted one is free again."""
    row = endpoint.model_dump() | {"inputs": json.dumps(endpoint.inputs)}
    columns = [name for name in row if name != "name"]
    made = caller.warehouse.execute(
        "MERGE INTO endpoints AS t USING (SELECT :name AS name) AS s ON t.name = s.name"  # noqa: S608
        f" WHEN MATCHED AND t.status = 'deleted' THEN UPDATE SET {_pairs(columns)}"
        f" WHEN NOT MATCHED THEN INSERT (name, {', '.join(columns)})"
        f" VALUES (:name, {', '.join(':' + column for column in columns)})",
        **row,
    )
    if made == 0:
        raise Conflict(
            f"name: there is an endpoint {endpoint.name} already. Update it, or choose another "
            "name.",
            field="name",
        )


def _pairs(columns: list[str]) -> str:
    return ", ".join(f"{column} = :{column}" for column in columns)


def _training_sheet(caller: Caller, spec: EndpointSpec) -> str | None:
    rows = caller.warehouse.rows(
        "SELECT training_sheet_id FROM training_jobs WHERE uc_model_name = :name"
        " AND uc_model_version = :version",
        name=spec.model_name, version=spec.model_version,
    )  # fmt: skip
    return rows[0]["training_sheet_id"] if rows else None


def _begin_update(caller: Caller, endpoint: Endpoint, version: str, how: str) -> Endpoint:
    after = save(caller, endpoint, status="updating", pending_version=version, error_message=None)
    _roll_out(caller, after, how)
    return after


def _roll_out(caller: Caller, endpoint: Endpoint, how: str) -> None:
    title = f"Load {endpoint.model_name} version {endpoint.pending_version}"
    enqueue(caller, "roll_out", ("endpoint", endpoint.name), title, how=how)


def _swap(caller: Caller, endpoint: Endpoint, version: str) -> ServingState:
    """Ask for the other version and wait a while; still pending where that was not enough."""
    serving, end = caller.workspace.serving, time.monotonic() + SWAP_SECONDS
    state = serving.update(endpoint.name, endpoint.model_name, version)
    while state.pending_version and time.monotonic() < end:
        time.sleep(0.05)
        state = serving.state(endpoint.name) or state
    return state


def _note_served(caller: Caller, endpoint: Endpoint, how: str) -> None:
    caller.warehouse.execute(
        "INSERT INTO endpoint_versions (endpoint_name, model_version, how, user, at)"
        " VALUES (:name, :model_version, :how, :user, :at)",
        name=endpoint.name, model_version=endpoint.model_version, how=how, user=caller.user,
        at=now(),
    )  # fmt: skip
    model = model_node(endpoint.model_name, str(endpoint.model_version))
    link(caller, model, node(endpoint), f"{how}_endpoint")

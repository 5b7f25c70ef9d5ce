"""Endpoints: a name behind which a version of a model answers, or two that share the requests."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ontos.deploy.models import find_version
from ontos.deploy.shares import Shares
from ontos.deploy.stored import Endpoint, insert, require_changeable, require_seen, save
from ontos.deploy.updates import begin_update, change_traffic, roll_out, settled, swap
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict, Invalid, NotFound, Refused, Unavailable
from ontos.kernel.fields import Input, Limit, Record, now
from ontos.kernel.jobs import request_cancel
from ontos.kernel.operation import operation
from ontos.kernel.paging import Page, decode, page
from ontos.kernel.permission import read, write
from ontos.train.names import require_name
from ontos.workspace.traffic import leading

Status = Literal["creating", "updating", "ready", "failed"]
"""Of the endpoints that there are: one that is deleted is not listed."""
TRIES = 3
"""How often what was written about an endpoint meanwhile is read again before it is deleted."""


def _endpoint_name(value: str) -> str:
    return require_name(value, "an endpoint", 63, "-")


class EndpointSpec(Input):
    model_config = ConfigDict(coerce_numbers_to_str=True)

    name: Annotated[str, AfterValidator(_endpoint_name)]
    model_name: str
    model_version: str


class EndpointChange(Input):
    """`share` is the percent of the requests for the new version; the one that answers most of the
    rest keeps the rest. `version` refuses to overwrite somebody else's change."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    model_version: str
    share: int = Field(100, ge=1, le=100)
    version: int | None = None


class Rollback(Input):
    """`version` refuses to go back from what somebody else has changed since it was seen."""

    version: int | None = None


class Served(Record):
    """`how` is create, update, traffic or rollback."""

    model_version: str
    traffic: Shares
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
        pending_version=spec.model_version, previous_version=None, traffic={}, guardrails=None,
        status="creating", error_message=None, inputs=[],
        training_sheet_id=_training_sheet(caller, spec), version=1, created_by=caller.user,
        created_at=at, updated_by=caller.user, updated_at=at,
    )  # fmt: skip
    insert(caller, endpoint)
    roll_out(caller, endpoint, {spec.model_version: 100}, "create")
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
    """Swap to another version, or give it a share; the present one answers until it is loaded."""
    endpoint = get_endpoint(caller, endpoint_name)
    require_changeable(endpoint, change.version)
    find_version(caller, endpoint.model_name, change.model_version)
    return change_traffic(caller, endpoint, _with_share(endpoint, change), "update")


@operation("POST /deployment/endpoints/{endpoint_name}/rollback", needs=write("deploy"))
def rollback_endpoint(
    caller: Caller, endpoint_name: str, rollback: Rollback | None = None
) -> Endpoint:
    """Go back to the version that answered alone before, at once where it loads quickly."""
    endpoint = get_endpoint(caller, endpoint_name)
    require_changeable(endpoint, rollback.version if rollback else None)
    former = endpoint.previous_version
    if former is None:
        raise Refused(f"{endpoint.name} has served no other version. Update it to one instead.")
    find_version(caller, endpoint.model_name, former)
    state = swap(caller, endpoint, former)
    if state.moving:
        return begin_update(caller, endpoint, {former: 100}, "rollback")
    if state.status != "ready":
        raise Unavailable(f"{endpoint.name} was not rolled back. {state.message or ''}".strip())
    return settled(caller, endpoint, state, "rollback")


@operation("DELETE /deployment/endpoints/{endpoint_name}", needs=write("deploy"))
def delete_endpoint(
    caller: Caller, endpoint_name: str,
    version: Annotated[
        int | None, Field(description="As it was seen; refuses what was changed since.")
    ] = None,
) -> Endpoint:  # fmt: skip
    """Stop serving under this name; what it answered stays in the metrics."""
    endpoint = get_endpoint(caller, endpoint_name)
    require_seen(endpoint, version)
    if caller.workspace.serving.state(endpoint.name) is not None:
        caller.workspace.serving.delete(endpoint.name)
    request_cancel(caller, ("endpoint", endpoint.name))
    return _deleted(caller, endpoint)


def _deleted(caller: Caller, endpoint: Endpoint) -> Endpoint:
    """Its model is served no more, so that is written whatever its roll-out writes meanwhile."""
    gone: dict[str, Any] = {"pending_version": None, "traffic": {}, "guardrails": None}
    for _ in range(TRIES):
        try:
            return save(caller, endpoint, status="deleted", **gone)
        except Conflict:
            endpoint = get_endpoint(caller, endpoint.name)
    return save(caller, endpoint, status="deleted", **gone)


def _with_share(endpoint: Endpoint, change: EndpointChange) -> dict[str, int]:
    """The new version with its share, and who keeps the rest."""
    version, share = change.model_version, change.share
    if share == 100:
        return {version: 100}
    others = {v: percent for v, percent in endpoint.traffic.items() if v != version}
    keeps = leading(others)
    if keeps is None:
        raise Invalid(
            f"share: no other version is there to keep the other {100 - share} percent. Leave it "
            "out, or name another version.",
            field="share",
        )
    return {version: share, keeps: 100 - share}


def _training_sheet(caller: Caller, spec: EndpointSpec) -> str | None:
    rows = caller.warehouse.rows(
        "SELECT training_sheet_id FROM training_jobs WHERE uc_model_name = :name"
        " AND uc_model_version = :version",
        name=spec.model_name, version=spec.model_version,
    )  # fmt: skip
    return rows[0]["training_sheet_id"] if rows else None

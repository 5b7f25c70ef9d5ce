"""Model serving endpoints of the workspace."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ontos.kernel.errors import Invalid, NotFound, NotNow, OntosError, Unavailable
from ontos.workspace.databricks.client import Connection, told
from ontos.workspace.databricks.gateway import push
from ontos.workspace.predictions import plain, table
from ontos.workspace.protocols import (
    Answered,
    Guarded,
    Guardrails,
    ServingState,
    ServingStatus,
)
from ontos.workspace.traffic import leading, with_former

if TYPE_CHECKING:
    from databricks.sdk.service.serving import (
        EndpointCoreConfigOutput,
        EndpointPendingConfig,
        EndpointState,
        ServedEntityInput,
        ServedEntityOutput,
        ServingEndpointDetailed,
        TrafficConfig,
    )

LONGEST_NAME = 63
"""Characters in the name of an endpoint, over all orgs of the workspace."""

_NO_REASON = "The workspace gives no reason; see the endpoint's events and build logs there."
_VERSION = "version-"
"""A served entity's name begins with it, and ends with the version: an answer names the entity."""


class DatabricksServing:
    """Endpoints of one org. All orgs share the workspace's names, so the org comes first."""

    def __init__(self, connection: Connection, org: str) -> None:
        self._connection, self._org = connection, org

    def create(self, name: str, model_name: str, model_version: str) -> ServingState:
        from databricks.sdk.service.serving import EndpointCoreConfigInput

        full_name, version = self._named(name), str(model_version)
        self._must_exist(model_name, version)
        entities, traffic = split(model_name, {version: 100})
        config = EndpointCoreConfigInput(
            full_name, served_entities=entities, traffic_config=traffic
        )
        with told(f"The endpoint {name} cannot be created"):
            self._connection.client.serving_endpoints.create(full_name, config=config)
        return ServingState(name, "creating", model_name, None, version)

    def update(self, name: str, model_name: str, traffic: Mapping[str, int]) -> ServingState:
        before = self.state(name)
        if before is None:
            raise NotFound(f"There is no endpoint {name}. Create it first.")
        if before.moving:
            coming = f" (version {before.pending_version})" if before.pending_version else ""
            raise NotNow(f"Endpoint {name} is {before.status}{coming}. Try again when it is ready.")
        for version in traffic:
            self._must_exist(model_name, version)
        stay = self._staying(before, model_name)
        entities, shares = split(model_name, with_former(traffic, stay))
        with told(f"The endpoint {name} cannot be updated"):
            self._connection.client.serving_endpoints.update_config(
                self._named(name), served_entities=entities, traffic_config=shares
            )
        new = {version: share for version, share in traffic.items() if version not in stay}
        return replace(
            before,
            status="updating" if before.model_version else "creating",
            pending_version=leading(new),
            message=None,
        )

    def state(self, name: str) -> ServingState | None:
        try:
            with told(f"The endpoint {name} cannot be read"):
                found = self._connection.client.serving_endpoints.get(self._named(name))
        except NotFound:
            return None
        return serving_state(name, found)

    def query(self, name: str, inputs: Sequence[Mapping[str, Any]]) -> Answered:
        """In one request; the model's signature is what refuses missing variables."""
        from databricks.sdk.service.serving import DataframeSplitInput

        columns = table(inputs, ())
        rows = [list(row) for row in zip(*columns.values(), strict=True)]
        asked = DataframeSplitInput(columns=list(columns), data=rows)
        try:
            with told(f"The endpoint {name} did not answer"):
                answer = self._connection.client.serving_endpoints.query(
                    self._named(name), dataframe_split=asked
                )
        except NotFound as error:
            raise self._unready(name) from error
        if answer.predictions is None:
            raise Unavailable(
                f"The endpoint {name} answered without predictions: it does not "
                "serve a model of this workbench."
            )
        return Answered(plain(answer.predictions, len(rows)), _version(answer.served_model_name))

    def delete(self, name: str) -> None:
        with told(f"The endpoint {name} cannot be deleted"):
            self._connection.client.serving_endpoints.delete(self._named(name))

    def guard(self, name: str, rails: Guardrails) -> Guarded:
        return push(self._connection, self._named(name), name, rails)

    def _named(self, name: str) -> str:
        full_name = f"{self._org}-{name}"
        if len(full_name) > LONGEST_NAME:
            raise Invalid(
                f"The workspace takes names of {LONGEST_NAME} characters with the org's before it: "
                f"shorten {name} by {len(full_name) - LONGEST_NAME}.",
                field="name",
            )
        return full_name

    def _must_exist(self, model_name: str, version: str) -> None:
        if not self._exists(model_name, version):
            raise NotFound(
                f"Model {model_name} has no version {version}. Choose one that is registered.",
                field="model_version",
            )

    def _exists(self, model_name: str, version: str) -> bool:
        if not version.isdecimal():
            return False
        try:
            with told(f"Version {version} of {model_name} cannot be read"):
                self._connection.client.model_versions.get(model_name, int(version))
        except NotFound:
            return False
        return True

    def _staying(self, before: ServingState, model_name: str) -> dict[str, int]:
        """Shares of the versions that can stay: one deleted meanwhile would stop the update."""
        if before.model_name != model_name:
            return {}
        return {v: share for v, share in before.traffic.items() if self._exists(model_name, v)}

    def _unready(self, name: str) -> OntosError:
        """Why an endpoint has no answer, in words for whoever asked it."""
        state = self.state(name)
        if state is None:
            return NotFound(f"There is no endpoint {name}. Create it first.")
        if state.status == "failed":
            return Unavailable(
                f"Endpoint {name} does not answer: {state.message} Update it to a version that "
                "is registered."
            )
        return NotNow(f"Endpoint {name} is {state.status}. Try again when it is ready.")


def split(
    model_name: str, shares: Mapping[str, int]
) -> "tuple[list[ServedEntityInput], TrafficConfig]":
    """A configuration of versions and their percent of the traffic, which sum to 100."""
    from databricks.sdk.service.serving import Route, ServedEntityInput, TrafficConfig

    entities = [
        ServedEntityInput(
            name=f"{_VERSION}{version}",
            entity_name=model_name,
            entity_version=version,
            workload_size="Small",
            scale_to_zero_enabled=True,
        )
        for version in shares
    ]
    routes = [
        Route(served_entity_name=f"{_VERSION}{version}", traffic_percentage=percent)
        for version, percent in shares.items()
    ]
    return entities, TrafficConfig(routes=routes)


def serving_state(name: str, found: "ServingEndpointDetailed") -> ServingState:
    """Our state of an endpoint as the workspace describes it."""
    answers, comes = leading_entity(found.config), leading_entity(found.pending_config)
    latest, known = comes or answers, answers or comes
    status = serving_status(found.state, latest)
    ready = found.state is not None and _is(found.state.ready, "READY")
    traffic = shares_of(found.config) if ready else {}
    state = ServingState(
        name,
        status,
        model_name=(known.entity_name if known else None) or "",
        model_version=leading(traffic),
        message=_said(found, latest) if status == "failed" else None,
        traffic=traffic,
    )
    return replace(state, pending_version=_coming(found)) if state.moving else state


def _coming(found: "ServingEndpointDetailed") -> str | None:
    """The version that is being loaded; None where traffic moves among those that are."""
    present, wanted = shares_of(found.config), shares_of(found.pending_config)
    if not wanted:
        return leading(present)
    return leading({v: share for v, share in wanted.items() if v not in present})


def _version(entity: str | None) -> str | None:
    """The version behind the name of a served entity; None for a name that is not of ours."""
    found = re.fullmatch(rf"{_VERSION}(\d+)", entity or "")
    return found.group(1) if found else None


def serving_status(
    state: "EndpointState | None", latest: "ServedEntityOutput | None"
) -> ServingStatus:
    """An update that failed is `failed` also where the former version still answers."""
    update, ready = (state.config_update, state.ready) if state else (None, None)
    if _is(update, "UPDATE_FAILED") or _is(update, "UPDATE_CANCELED"):
        return "failed"
    if _is(update, "IN_PROGRESS"):
        return "updating" if _is(ready, "READY") else "creating"
    if _is(ready, "READY"):
        return "ready"
    return "failed" if _failed(latest) else "creating"


def _is(value: Any, *names: str) -> bool:
    return value is not None and value.value in names


def leading_entity(
    config: "EndpointCoreConfigOutput | EndpointPendingConfig | None",
) -> "ServedEntityOutput | None":
    """The served entity with the largest share of the traffic."""
    entities = (config.served_entities if config else None) or []
    first = leading(shares_of(config))
    return next((each for each in entities if each.entity_version == first), None)


def shares_of(
    config: "EndpointCoreConfigOutput | EndpointPendingConfig | None",
) -> dict[str, int]:
    """Percent of the traffic for each version that is served; one alone needs no route."""
    entities = (config.served_entities if config else None) or []
    routes = (config.traffic_config.routes if config and config.traffic_config else None) or []
    shares = {route.served_entity_name: route.traffic_percentage for route in routes}
    rest = 100 if len(entities) == 1 else 0
    return {str(each.entity_version): shares.get(each.name, rest) or 0 for each in entities}


def _said(found: "ServingEndpointDetailed", latest: "ServedEntityOutput | None") -> str:
    """What the workspace says about the entity that failed; that need not be the leading one."""
    config = found.pending_config or found.config
    entities = [
        *((config.served_entities if config else None) or ()),
        *([latest] if latest else ()),
    ]
    entities.sort(key=lambda entity: not _failed(entity))
    messages = (entity.state.deployment_state_message for entity in entities if entity.state)
    return next(filter(None, messages), _NO_REASON)


def _failed(entity: "ServedEntityOutput | None") -> bool:
    state = entity.state.deployment if entity and entity.state else None
    return _is(state, "DEPLOYMENT_FAILED", "DEPLOYMENT_ABORTED")

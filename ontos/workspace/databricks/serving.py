"""Model serving endpoints of the workspace."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ontos.kernel.errors import NotFound, NotNow, Unavailable
from ontos.workspace.databricks.client import Connection, told
from ontos.workspace.predictions import plain, table
from ontos.workspace.protocols import ServingState, ServingStatus

if TYPE_CHECKING:
    from databricks.sdk.service.serving import (
        EndpointState,
        ServedEntityInput,
        ServedEntityOutput,
        ServingEndpointDetailed,
        TrafficConfig,
    )

_COMING = ("creating", "updating")


class DatabricksServing:
    """Endpoints of one org. All orgs share the workspace's names, so the org comes first."""

    def __init__(self, connection: Connection, org: str) -> None:
        self._connection, self._org = connection, org

    def create(self, name: str, model_name: str, model_version: str) -> ServingState:
        from databricks.sdk.service.serving import EndpointCoreConfigInput

        entities, traffic = one_version(model_name, model_version)
        full_name = self._named(name)
        config = EndpointCoreConfigInput(
            full_name, served_entities=entities, traffic_config=traffic
        )
        with told(f"The endpoint {name} cannot be created"):
            self._connection.client.serving_endpoints.create(full_name, config=config)
        return ServingState(name, "creating", model_name, None, str(model_version))

    def update(self, name: str, model_name: str, model_version: str) -> ServingState:
        before = self.state(name)
        if before is None:
            raise NotFound(f"There is no endpoint {name}. Create it first.")
        if before.pending_version:
            raise NotNow(
                f"Endpoint {name} is {before.status} (version {before.pending_version}). "
                "Try again when it is ready."
            )
        entities, traffic = one_version(model_name, model_version)
        with told(f"The endpoint {name} cannot be updated"):
            self._connection.client.serving_endpoints.update_config(
                self._named(name), served_entities=entities, traffic_config=traffic
            )
        return ServingState(
            name,
            "updating" if before.model_version else "creating",
            before.model_name,
            before.model_version,
            str(model_version),
        )

    def state(self, name: str) -> ServingState | None:
        try:
            with told(f"The endpoint {name} cannot be read"):
                found = self._connection.client.serving_endpoints.get(self._named(name))
        except NotFound:
            return None
        return serving_state(name, found)

    def query(self, name: str, inputs: Sequence[Mapping[str, Any]]) -> list[Any]:
        """In one request; the model's signature is what refuses missing variables."""
        from databricks.sdk.service.serving import DataframeSplitInput

        columns = table(inputs, ())
        rows = [list(row) for row in zip(*columns.values(), strict=True)]
        asked = DataframeSplitInput(columns=list(columns), data=rows)
        with told(f"The endpoint {name} did not answer"):
            answer = self._connection.client.serving_endpoints.query(
                self._named(name), dataframe_split=asked
            )
        if answer.predictions is None:
            raise Unavailable(
                f"The endpoint {name} answered without predictions: it does not "
                "serve a model of this workbench."
            )
        return plain(answer.predictions, len(rows))

    def delete(self, name: str) -> None:
        with told(f"The endpoint {name} cannot be deleted"):
            self._connection.client.serving_endpoints.delete(self._named(name))

    def _named(self, name: str) -> str:
        return f"{self._org}-{name}"


def one_version(model_name: str, version: str) -> "tuple[list[ServedEntityInput], TrafficConfig]":
    """A configuration in which one version gets all the traffic."""
    from databricks.sdk.service.serving import Route, ServedEntityInput, TrafficConfig

    entity = ServedEntityInput(
        name=f"version-{version}",
        entity_name=model_name,
        entity_version=str(version),
        workload_size="Small",
        scale_to_zero_enabled=True,
    )
    route = Route(served_entity_name=f"version-{version}", traffic_percentage=100)
    return [entity], TrafficConfig(routes=[route])


def serving_state(name: str, found: "ServingEndpointDetailed") -> ServingState:
    """Our state of an endpoint as the workspace describes it."""
    answers = _first(found.config.served_entities if found.config else None)
    comes = _first(found.pending_config.served_entities if found.pending_config else None)
    latest, known = comes or answers, answers or comes
    status = serving_status(found.state, latest)
    ready = found.state is not None and _is(found.state.ready, "READY")
    return ServingState(
        name,
        status,
        model_name=(known.entity_name if known else None) or "",
        model_version=answers.entity_version if answers and ready else None,
        pending_version=latest.entity_version if latest and status in _COMING else None,
        message=_said(latest) if status == "failed" else None,
    )


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
    broken = latest and latest.state and latest.state.deployment
    return "failed" if _is(broken, "DEPLOYMENT_FAILED", "DEPLOYMENT_ABORTED") else "creating"


def _is(value: Any, *names: str) -> bool:
    return value is not None and value.value in names


def _first(entities: "Sequence[ServedEntityOutput] | None") -> "ServedEntityOutput | None":
    return entities[0] if entities else None


def _said(entity: "ServedEntityOutput | None") -> str:
    said = entity.state.deployment_state_message if entity and entity.state else None
    return said or "The workspace gives no reason; see the endpoint's events and build logs there."

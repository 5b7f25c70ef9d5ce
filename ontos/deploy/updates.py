"""An update of an endpoint: which split of its requests is wanted, and what became of it."""

import time
from collections.abc import Mapping
from typing import Any

from ontos.deploy.models import find_version
from ontos.deploy.stored import SEEN, Endpoint, save
from ontos.kernel import lineage
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Refused
from ontos.kernel.fields import now
from ontos.kernel.jobs import enqueue
from ontos.kernel.lineage import Edge, Node
from ontos.train.training_jobs import model_node
from ontos.workspace import ModelVersion, ServingState
from ontos.workspace.traffic import alone, answering, leading

SWAP_SECONDS = 15.0
"""How long a rollback waits for the former version before it goes on in the background."""


def change_traffic(
    caller: Caller, endpoint: Endpoint, traffic: Mapping[str, int], how: str
) -> Endpoint:
    """Begin to share the requests in this way; nothing is done where they are already."""
    if endpoint.status == "ready" and answering(endpoint.traffic) == answering(traffic):
        return endpoint
    _require_alike(caller, endpoint, answering(traffic))
    return begin_update(caller, endpoint, traffic, how)


def begin_update(
    caller: Caller, endpoint: Endpoint, traffic: Mapping[str, int], how: str
) -> Endpoint:
    coming = leading({v: share for v, share in traffic.items() if v not in endpoint.traffic})
    after = save(caller, endpoint, status="updating", pending_version=coming, error_message=None)
    roll_out(caller, after, traffic, how)
    return after


def roll_out(caller: Caller, endpoint: Endpoint, traffic: Mapping[str, int], how: str) -> None:
    version = endpoint.pending_version
    title = f"Load {endpoint.model_name} version {version}" if version else "Move the traffic"
    enqueue(caller, "roll_out", ("endpoint", endpoint.name), title, how=how, traffic=dict(traffic))


def swap(caller: Caller, endpoint: Endpoint, version: str) -> ServingState:
    """Ask for the other version and wait a while; still moving where that was not enough."""
    serving, end = caller.workspace.serving, time.monotonic() + SWAP_SECONDS
    state = serving.update(endpoint.name, endpoint.model_name, {version: 100})
    while state.moving and time.monotonic() < end:
        time.sleep(0.05)
        state = serving.state(endpoint.name) or state
    return state


def settled(caller: Caller, endpoint: Endpoint, state: ServingState, how: str) -> Endpoint:
    """Write down how loading a version ended: it answers now, or it failed for a reason."""
    if state.status != "ready" or state.model_version is None:
        why = state.message or "The model could not be loaded."
        holds = dict(state.traffic) or endpoint.traffic
        return save(
            caller, endpoint, status="failed", pending_version=None, error_message=why,
            traffic=holds,
        )  # fmt: skip
    model = find_version(caller, endpoint.model_name, state.model_version)
    serves = {"model_version": model.version, "traffic": dict(state.traffic)}
    return save(
        caller, endpoint, also=_noted(caller, endpoint.model_copy(update=serves), how),
        status="ready", pending_version=None, error_message=None, inputs=list(model.inputs),
        previous_version=_former(endpoint, state.traffic), **serves,
    )  # fmt: skip


def _require_alike(caller: Caller, endpoint: Endpoint, traffic: Mapping[str, int]) -> None:
    """Raises Refused where versions that share the requests want different variables."""
    wants: dict[tuple[str, ...], ModelVersion] = {}
    for version in traffic:
        found = find_version(caller, endpoint.model_name, version, "traffic")
        if found.inputs:
            wants[tuple(sorted(found.inputs))] = found
    if len(wants) > 1:
        told = "; ".join(f"{v.version} wants {', '.join(v.inputs)}" for v in wants.values())
        raise Refused(
            f"traffic: no request can fit both versions: {told}. Choose versions that want the "
            "same variables, or give all requests to one.",
            field="traffic",
        )


def _former(before: Endpoint, traffic: Mapping[str, int]) -> str | None:
    """Where a rollback goes: to the version that answered alone before, which is another one."""
    candidates = (alone(before.traffic), before.previous_version)
    return next((v for v in candidates if v and v != alone(traffic)), None)


def node(endpoint: Endpoint) -> Node:
    return Node("endpoint", endpoint.name, endpoint.name)


_SERVED = f"""
INSERT INTO endpoint_versions (endpoint_name, model_version, traffic, how, user, at)
SELECT :name, :model_version, :traffic, :how, :by, :served_at WHERE EXISTS ({SEEN})
  AND NOT EXISTS (SELECT 1 FROM endpoint_versions AS v
    WHERE v.endpoint_name = :name AND v.at = :served_at)
"""  # noqa: S608 - a constant


def _noted(caller: Caller, serving: Endpoint, how: str) -> list[tuple[str, Mapping[str, Any]]]:
    """What the endpoint serves from now on, for its history and for the lineage."""
    edges = [
        Edge(model_node(serving.model_name, version), node(serving), f"{how}_endpoint")
        for version in answering(serving.traffic)
    ]
    served = {"how": how, "by": caller.user, "served_at": now()}
    return [(_SERVED, served), lineage.beside(caller, edges, SEEN)]

"""The background work behind an endpoint: have a version loaded, and write down how that ended."""

import time
from collections.abc import Mapping

from ontos.deploy.endpoints import get_endpoint
from ontos.deploy.guardrails import hold
from ontos.deploy.shares import said
from ontos.deploy.stored import Endpoint, give_up, save
from ontos.deploy.updates import settled
from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound, OntosError, Unavailable
from ontos.kernel.jobs import Job, Run, job
from ontos.workspace import ServingState
from ontos.workspace.traffic import answering, leading

LONGEST_PAUSE = 5.0


def _gave_up(caller: Caller, work: Job, outcome: str, reason: str) -> None:
    """An endpoint whose roll-out was cancelled or lost is failed, and says why.

    Of one that was deleted meanwhile nothing goes on being served.
    """
    give_up(caller, work.entity_id, reason, work.created_at)
    serving = caller.workspace.serving
    if _named(caller, work.entity_id) is None and serving.state(work.entity_id) is not None:
        serving.delete(work.entity_id)


@job("roll_out", title="Load a model", resumable=True, ended=_gave_up)
def roll_out(run: Run) -> str:
    """Asks for the split that is wanted once, however often this is begun again."""
    endpoint = _present(run.caller, run.job)
    if endpoint is None or not endpoint.moving:
        return "There was nothing left to do."
    wanted = run.arguments.get("traffic") or {str(endpoint.pending_version): 100}
    endpoint, state = _ask(run.caller, endpoint, wanted)
    state = _await(run, endpoint.name, state)
    if state.status == "ready" and not _as_wanted(state, endpoint, wanted):
        # It was made anew with one version, or what ran when we came was another's update.
        state = _update(run.caller, endpoint, wanted)
        state = _await(run, endpoint.name, state)
    with run.caller.warehouse.transaction() as warehouse:
        inside = run.caller.inside(warehouse)
        after = settled(inside, endpoint, state, str(run.arguments["how"]))
    if after.status == "failed":
        raise Unavailable(after.error_message or "The model could not be loaded.")
    return f"{after.name}: {said(after.traffic)}."


def _ask(
    caller: Caller, endpoint: Endpoint, wanted: Mapping[str, int]
) -> tuple[Endpoint, ServingState]:
    """The state after asking for the split; a former process may have asked already."""
    state = caller.workspace.serving.state(endpoint.name)
    if state is None:
        return _create(caller, endpoint, str(leading(wanted)))
    if state.moving or (state.status == "ready" and _as_wanted(state, endpoint, wanted)):
        return endpoint, state
    return endpoint, _update(caller, endpoint, wanted)


def _update(caller: Caller, endpoint: Endpoint, wanted: Mapping[str, int]) -> ServingState:
    return caller.workspace.serving.update(endpoint.name, endpoint.model_name, wanted)


def _as_wanted(state: ServingState, endpoint: Endpoint, wanted: Mapping[str, int]) -> bool:
    """Versions of another model are counted from 1 as well."""
    same = state.model_name == endpoint.model_name
    return same and answering(state.traffic) == answering(wanted)


def _create(caller: Caller, endpoint: Endpoint, version: str) -> tuple[Endpoint, ServingState]:
    """One that somebody deleted in the workspace takes its guardrails up again, or is not made."""
    serving = caller.workspace.serving
    state = serving.create(endpoint.name, endpoint.model_name, version)
    if endpoint.guardrails is None:
        return endpoint, state
    try:
        rails = hold(caller, endpoint.name, endpoint.guardrails)
    except OntosError:
        serving.delete(endpoint.name)
        raise
    return save(caller, endpoint, guardrails=rails), state


def _await(run: Run, name: str, state: ServingState) -> ServingState:
    pause = 0.05
    while state.moving:
        coming = state.pending_version
        run.report(50.0, f"Loading version {coming}" if coming else "Moving the traffic")
        time.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 1.2)
        found = run.caller.workspace.serving.state(name)
        if found is None:
            raise NotFound(f"{name} was deleted while its model was loaded.")
        state = found
    return state


def _present(caller: Caller, work: Job) -> Endpoint | None:
    """The endpoint that the work was begun for; not one made since under the same name."""
    found = _named(caller, work.entity_id)
    return found if found and found.created_at <= work.created_at else None


def _named(caller: Caller, name: str) -> Endpoint | None:
    try:
        return get_endpoint(caller, name)
    except NotFound:
        return None

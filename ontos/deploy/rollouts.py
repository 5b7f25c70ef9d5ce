"""The background work behind an endpoint: have a version loaded, and write down how that ended."""

import time

from ontos.deploy.endpoints import Endpoint, get_endpoint, save, settled
from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound, Unavailable
from ontos.kernel.jobs import Job, Run, job
from ontos.workspace import ServingState

LONGEST_PAUSE = 5.0


def _gave_up(caller: Caller, work: Job, outcome: str, reason: str) -> None:
    """An endpoint whose roll-out was cancelled or lost is failed, and says why."""
    endpoint = _present(caller, work.entity_id)
    if endpoint and endpoint.status in ("creating", "updating"):
        save(caller, endpoint, status="failed", pending_version=None, error_message=reason)


@job("roll_out", title="Load a model", resumable=True, ended=_gave_up)
def roll_out(run: Run) -> str:
    """Asks for the pending version once, however often this is begun again."""
    endpoint = _present(run.caller, run.entity_id)
    if endpoint is None or endpoint.pending_version is None:
        return "There was nothing left to do."
    state = _await(run, endpoint.name, _ask(run.caller, endpoint))
    with run.caller.warehouse.transaction() as warehouse:
        inside = run.caller.inside(warehouse)
        after = settled(inside, endpoint, state, str(run.arguments["how"]))
    if after.status == "failed":
        raise Unavailable(after.error_message or "The model could not be loaded.")
    return f"{after.name} answers with version {after.model_version}."


def _ask(caller: Caller, endpoint: Endpoint) -> ServingState:
    """The state after asking for the pending version; a former process may have asked already."""
    serving, wanted = caller.workspace.serving, str(endpoint.pending_version)
    state = serving.state(endpoint.name)
    if state is None:
        return serving.create(endpoint.name, endpoint.model_name, wanted)
    if state.pending_version or (state.status == "ready" and state.model_version == wanted):
        return state
    return serving.update(endpoint.name, endpoint.model_name, wanted)


def _await(run: Run, name: str, state: ServingState) -> ServingState:
    pause = 0.05
    while state.pending_version:
        run.report(50.0, f"Loading version {state.pending_version}")
        time.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 1.2)
        found = run.caller.workspace.serving.state(name)
        if found is None:
            raise NotFound(f"{name} was deleted while its model was loaded.")
        state = found
    return state


def _present(caller: Caller, name: str) -> Endpoint | None:
    try:
        return get_endpoint(caller, name)
    except NotFound:
        return None

"""Questions to an endpoint. Each leaves a row of metrics, also when it is refused or fails."""

import math
import time
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from ontos.deploy.endpoints import get_endpoint
from ontos.deploy.pace import PACE
from ontos.deploy.rails import Rails, TooOften, admitted, released
from ontos.deploy.stored import Endpoint
from ontos.kernel.caller import Caller
from ontos.kernel.errors import OntosError
from ontos.kernel.fields import Input, new_id, now
from ontos.kernel.operation import operation
from ontos.kernel.permission import read
from ontos.workspace.traffic import alone

LONGEST_VALUE = 100_000


def _value(given: Any) -> Any:
    """Said here in one sentence; pydantic would complain of each type in turn."""
    if given is not None and not isinstance(given, str | bool | int | float):
        raise ValueError("must be text, a number, true, false or null. Send one of these")
    if isinstance(given, str) and len(given) > LONGEST_VALUE:
        raise ValueError(f"has {len(given):,} characters: use at most {LONGEST_VALUE:,}")
    return given


Value = Annotated[str | bool | int | float | None, BeforeValidator(_value)]


class Query(Input):
    """One object for each question: a value for each of the model's variables."""

    inputs: list[dict[str, Value]] = Field(min_length=1, max_length=1_000)


class QueryAnswer(BaseModel):
    """`predictions` in the order of the inputs, all of one version: None where the serving does
    not say which. `request_id` names the request in feedback."""

    predictions: list[Any]
    model_version: str | None
    request_id: str
    latency_ms: float


@operation("POST /deployment/endpoints/{endpoint_name}/query", needs=read("deploy"),
           effect="write", journaled=False)  # fmt: skip
def query_endpoint(caller: Caller, endpoint_name: str, query: Query) -> QueryAnswer:
    """Ask the model behind an endpoint."""
    endpoint = get_endpoint(caller, endpoint_name)
    asked = _Asked(endpoint, len(query.inputs))
    try:
        predictions = _answered(caller, asked, query.inputs)
    except OntosError as error:
        asked.end(error)
        # Written once the refusal has undone the operation; else it would be undone with it.
        error.aftermath = asked.note
        raise
    asked.end()
    asked.note(caller)
    return QueryAnswer(
        predictions=predictions, model_version=asked.version, request_id=asked.id,
        latency_ms=asked.latency,
    )  # fmt: skip


@dataclass
class _Asked:
    """One request, from when it came; `version` is the one that answered, as far as is known."""

    endpoint: Endpoint
    inputs: int
    version: str | None = None
    id: str = field(default_factory=new_id)
    began: float = field(default_factory=time.perf_counter)
    latency: float = 0.0
    error: OntosError | None = None

    def end(self, error: OntosError | None = None) -> None:
        self.latency, self.error = round((time.perf_counter() - self.began) * 1000, 3), error

    def note(self, caller: Caller) -> None:
        error = self.error
        caller.warehouse.execute(
            "INSERT INTO endpoint_metrics (id, endpoint_name, model_version, at, latency_ms,"
            " status_code, inputs, error_message, source, user) VALUES (:id, :name, :version,"
            " :at, :latency, :status, :inputs, :error, 'query', :user)",
            id=self.id, name=self.endpoint.name, version=self.version, at=now(),
            latency=self.latency, status=error.status if error else 200, inputs=self.inputs,
            error=error.detail[:2000] if error else None, user=caller.user,
        )  # fmt: skip


def _answered(caller: Caller, asked: _Asked, inputs: list[dict[str, Value]]) -> list[Any]:
    """Past the guardrails that the workbench holds, to the model, and back past them."""
    endpoint = asked.endpoint
    rails = (endpoint.guardrails or Rails()).ours
    _require_pace(caller, endpoint, rails.calls_per_minute)
    sent = admitted(rails, inputs)
    asked.version = alone(endpoint.traffic)
    answer = caller.workspace.serving.query(endpoint.name, sent)
    asked.version = answer.model_version or asked.version
    return released(rails, answer.predictions)


def _require_pace(caller: Caller, endpoint: Endpoint, most: int | None) -> None:
    who = (caller.settings.home, caller.tenant, endpoint.name, endpoint.created_at, caller.user)
    if most and (wait := math.ceil(PACE.take(who, most))):
        raise TooOften(
            f"{endpoint.name} takes {most} calls a minute from each user. Ask again in {wait} s.",
            guardrail="calls_per_minute", retry_after_seconds=wait,
        )  # fmt: skip

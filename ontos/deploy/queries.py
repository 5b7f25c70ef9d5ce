"""Questions to an endpoint. Each leaves a row of metrics, also when it is refused or fails."""

import time
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from ontos.deploy.endpoints import Endpoint, get_endpoint
from ontos.kernel.caller import Caller
from ontos.kernel.errors import OntosError
from ontos.kernel.fields import Input, new_id, now
from ontos.kernel.operation import operation
from ontos.kernel.permission import read

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
    """`predictions` in the order of the inputs. `request_id` names the request in feedback."""

    predictions: list[Any]
    model_version: str | None
    request_id: str
    latency_ms: float


@operation("POST /deployment/endpoints/{endpoint_name}/query", needs=read("deploy"),
           effect="write", journaled=False)  # fmt: skip
def query_endpoint(caller: Caller, endpoint_name: str, query: Query) -> QueryAnswer:
    """Ask the model behind an endpoint."""
    endpoint = get_endpoint(caller, endpoint_name)
    request_id, began = new_id(), time.perf_counter()
    serving = caller.workspace.serving
    count = len(query.inputs)
    try:
        predictions = serving.query(endpoint.name, query.inputs)
    except OntosError as error:
        # Written once the refusal has undone the operation; else it would be undone with it.
        latency, refusal = _milliseconds(began), error
        error.aftermath = lambda outside: _note(
            outside, endpoint, request_id, latency, count, refusal
        )
        raise
    latency = _milliseconds(began)
    _note(caller, endpoint, request_id, latency, count)
    return QueryAnswer(
        predictions=predictions, model_version=endpoint.model_version, request_id=request_id,
        latency_ms=latency,
    )  # fmt: skip


def _milliseconds(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 3)


def _note(
    caller: Caller, endpoint: Endpoint, request_id: str, latency: float, inputs: int,
    error: OntosError | None = None,
) -> None:  # fmt: skip
    caller.warehouse.execute(
        "INSERT INTO endpoint_metrics (id, endpoint_name, model_version, at, latency_ms,"
        " status_code, inputs, error_message, source, user) VALUES (:id, :name, :model_version,"
        " :at, :latency, :status, :inputs, :error, 'query', :user)",
        id=request_id, name=endpoint.name, model_version=endpoint.model_version, at=now(),
        latency=latency, status=error.status if error else 200, inputs=inputs,
        error=error.detail[:2000] if error else None, user=caller.user,
    )  # fmt: skip

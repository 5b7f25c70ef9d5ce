"""Metrics of requests that were answered elsewhere: sent in one by one or in batches."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import pyarrow as pa
from pydantic import AfterValidator, BaseModel, Field

from ontos.kernel.caller import Caller
from ontos.kernel.errors import Invalid
from ontos.kernel.fields import Input, Moment, new_id, now
from ontos.kernel.operation import operation
from ontos.kernel.permission import write
from ontos.kernel.records import add_row

LARGEST_BATCH = 50_000
AHEAD = timedelta(seconds=60)
"""How far a sender's clock may run before ours."""

_ROW = pa.schema([
    ("id", pa.string()), ("endpoint_name", pa.string()), ("model_version", pa.string()),
    ("at", pa.timestamp("us", "UTC")), ("latency_ms", pa.float64()), ("status_code", pa.int32()),
    ("inputs", pa.int64()), ("error_message", pa.string()), ("source", pa.string()),
    ("user", pa.string()),
])  # fmt: skip


def _not_future(at: datetime) -> datetime:
    if at > now() + AHEAD:
        raise ValueError(
            f"{at.isoformat()} lies in the future: send the time of the request, in UTC or with "
            "its offset, or leave it out for now"
        )
    return at


class Metric(Input):
    """One answered request. `at` is now where it is left out; without an offset it is UTC."""

    endpoint_name: str = Field(max_length=200)
    latency_ms: float = Field(ge=0, allow_inf_nan=False, description="Milliseconds.")
    status_code: int = Field(ge=100, le=599, description="As HTTP counts: errors from 400 on.")
    at: Annotated[Moment, AfterValidator(_not_future)] | None = None
    model_version: str | None = Field(None, max_length=100)
    error_message: str | None = Field(None, max_length=2_000)
    inputs: int | None = Field(None, ge=0, description="How many inputs the request held.")


class MetricBatch(Input):
    metrics: list[Metric] = Field(min_length=1, max_length=LARGEST_BATCH)


class Ingested(BaseModel):
    """How many rows were written."""

    ingested: int


@operation("POST /monitoring/metrics/ingest", needs=write("monitor"))
def ingest_metric(caller: Caller, metric: Metric) -> Ingested:
    """Count one request that was answered elsewhere."""
    (row,) = _rows(caller, [metric])
    known = "SELECT 1 FROM endpoints WHERE name = :endpoint_name AND status <> 'deleted'"
    if not add_row(caller, "endpoint_metrics", row, given=known).done:
        _require_known(caller, [metric.endpoint_name], "endpoint_name")
    return Ingested(ingested=1)


@operation("POST /monitoring/metrics/ingest/batch", needs=write("monitor"))
def ingest_metrics(caller: Caller, batch: MetricBatch) -> Ingested:
    """Count many requests that were answered elsewhere: all of them, or none."""
    names = [metric.endpoint_name for metric in batch.metrics]
    _require_known(caller, names, "metrics.{}.endpoint_name")
    rows = pa.Table.from_pylist(_rows(caller, batch.metrics), schema=_ROW)
    return Ingested(ingested=caller.warehouse.append("endpoint_metrics", rows))


def _require_known(caller: Caller, names: list[str], field: str) -> None:
    known = caller.warehouse.rows("SELECT name FROM endpoints WHERE status <> 'deleted'")
    unknown = set(names) - {row["name"] for row in known}
    if unknown:
        at = next(n for n, name in enumerate(names) if name in unknown)
        place = field.format(at)
        raise Invalid(
            f"{place}: there is no endpoint {names[at]!r}. List endpoints for those there are; "
            "nothing was ingested.",
            field=place, unknown=sorted(unknown)[:20],
        )  # fmt: skip


def _rows(caller: Caller, metrics: list[Metric]) -> list[dict[str, Any]]:
    arrived = now()
    return [
        metric.model_dump() | {"id": new_id(), "at": metric.at or arrived, "source": "ingest",
                               "user": caller.user}
        for metric in metrics
    ]  # fmt: skip

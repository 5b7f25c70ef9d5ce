"""How endpoints answer: requests, errors and latency over a window of time."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, Field

from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound
from ontos.kernel.fields import Limit, Record, now
from ontos.kernel.operation import operation
from ontos.kernel.permission import read
from ontos.warehouse import Row, Value, together

DAY = 1_440
Minutes = Annotated[int, Field(ge=1, le=366 * DAY, description="The window: that long until now.")]

_FIGURES = (
    "count(*) AS request_count, count_if(status_code >= 400) AS error_count,"
    " percentile_approx(latency_ms, 0.5) AS p50, percentile_approx(latency_ms, 0.95) AS p95,"
    " percentile_approx(latency_ms, 0.99) AS p99, avg(latency_ms) AS mean, max(latency_ms) AS max"
)


class Latency(BaseModel):
    """Milliseconds; None where nothing was asked."""

    p50: float | None
    p95: float | None
    p99: float | None
    mean: float | None
    max: float | None


class Figures(BaseModel):
    """An error is a status from 400 on; `error_rate` is None where nothing was asked."""

    request_count: int
    error_count: int
    error_rate: float | None
    latency_ms: Latency


class Performance(Figures):
    """Of one endpoint, from `since` to `until`."""

    endpoint_name: str
    since: datetime
    until: datetime


class Overview(BaseModel):
    items: list[Performance]


class Point(Figures):
    """One bucket of a series; `at` is its begin."""

    at: datetime


class Series(BaseModel):
    """Buckets of equal width, in order, also those in which nothing was asked."""

    endpoint_name: str
    bucket_seconds: int
    points: list[Point]


class FailedRequest(Record):
    id: str
    at: datetime
    model_version: str | None
    status_code: int
    latency_ms: float
    error_message: str | None
    source: str
    user: str


class FailedRequests(BaseModel):
    """Newest first."""

    items: list[FailedRequest]


@operation("GET /monitoring/performance", needs=read("monitor"))
def list_performance(caller: Caller, minutes: Minutes = DAY) -> Overview:
    """All endpoints at a glance."""
    until = now()
    since = until - timedelta(minutes=minutes)
    rows = caller.warehouse.rows(
        "SELECT e.name AS endpoint_name, m.* FROM endpoints AS e LEFT JOIN"  # noqa: S608
        f" (SELECT endpoint_name AS asked, {_FIGURES} FROM endpoint_metrics"
        " WHERE at >= :since AND at <= :until GROUP BY endpoint_name) AS m ON m.asked = e.name"
        " WHERE e.status <> 'deleted' ORDER BY e.name",
        since=since, until=until,
    )  # fmt: skip
    return Overview(items=[
        Performance(endpoint_name=row["endpoint_name"], since=since, until=until, **_figures(row))
        for row in rows
    ])  # fmt: skip


def look_up_most_asked(caller: Caller) -> str | None:
    """The name of the endpoint that was asked most within the last day; asks for no permission,
    so for nobody's eyes."""
    rows = caller.warehouse.rows(
        "SELECT e.name FROM endpoints AS e"
        " LEFT JOIN endpoint_metrics AS m ON m.endpoint_name = e.name AND m.at >= :since"
        " WHERE e.status <> 'deleted' GROUP BY e.name ORDER BY count(m.id) DESC, e.name LIMIT 1",
        since=now() - timedelta(minutes=DAY),
    )
    return str(rows[0]["name"]) if rows else None


@operation("GET /monitoring/performance/{endpoint_name}", needs=read("monitor"))
def get_performance(caller: Caller, endpoint_name: str, minutes: Minutes = DAY) -> Performance:
    """Requests, errors and latency of one endpoint."""
    until = now()
    since = until - timedelta(minutes=minutes)
    row = caller.warehouse.rows(
        "SELECT (SELECT count(*) FROM endpoints WHERE name = :name) AS known, m.* FROM"  # noqa: S608
        f" (SELECT {_FIGURES} FROM endpoint_metrics"
        " WHERE endpoint_name = :name AND at >= :since AND at <= :until) AS m",
        name=endpoint_name, since=since, until=until,
    )[0]  # fmt: skip
    _require(row["known"], endpoint_name)
    return Performance(endpoint_name=endpoint_name, since=since, until=until, **_figures(row))


@operation("GET /monitoring/performance/{endpoint_name}/series", needs=read("monitor"))
def get_performance_series(
    caller: Caller, endpoint_name: str, minutes: Minutes = DAY,
    buckets: Annotated[int, Field(ge=2, le=500)] = 48,
) -> Series:  # fmt: skip
    """Requests, errors and latency of one endpoint over time, in buckets of a second or more."""
    until = now().replace(microsecond=0) + timedelta(seconds=1)
    seconds = max(1, math.ceil(minutes * 60 / buckets))
    count = math.ceil(minutes * 60 / seconds)
    since = until - timedelta(seconds=count * seconds)
    rows = _rows_of_known(
        caller, endpoint_name,
        "SELECT floor(timestampdiff(SECOND, :since, at) / :seconds) AS bucket,"  # noqa: S608
        f" {_FIGURES} FROM endpoint_metrics"
        " WHERE endpoint_name = :name AND at >= :since AND at < :until GROUP BY bucket",
        since=since, until=until, seconds=seconds,
    )  # fmt: skip
    found = {int(row["bucket"]): row for row in rows}
    points = [
        Point(at=since + timedelta(seconds=n * seconds), **_figures(found.get(n, {})))
        for n in range(count)
    ]
    return Series(endpoint_name=endpoint_name, bucket_seconds=seconds, points=points)


@operation("GET /monitoring/performance/{endpoint_name}/errors", needs=read("monitor"))
def list_failed_requests(
    caller: Caller, endpoint_name: str, minutes: Minutes = DAY, limit: Limit = 50
) -> FailedRequests:
    """The latest requests that ended with an error, and why."""
    rows = _rows_of_known(
        caller, endpoint_name,
        "SELECT * FROM endpoint_metrics WHERE endpoint_name = :name AND at >= :since"
        " AND status_code >= 400 ORDER BY at DESC, id DESC LIMIT :limit",
        since=now() - timedelta(minutes=minutes), limit=limit,
    )  # fmt: skip
    return FailedRequests(items=[FailedRequest(**row) for row in rows])


def _rows_of_known(caller: Caller, name: str, sql: str, **values: Value) -> list[Row]:
    """Of the endpoint `:name`; raises NotFound where there never was one."""
    known = "SELECT count(*) AS n FROM endpoints WHERE name = :name"
    rows: list[Row]
    counted: list[Row]
    counted, rows = together(
        lambda: caller.warehouse.rows(known, name=name),
        lambda: caller.warehouse.rows(sql, name=name, **values),
    )
    _require(counted[0]["n"], name)
    return rows


def _require(known: int, name: str) -> None:
    if not known:
        raise NotFound(
            f"endpoint_name: there is no endpoint {name[:120]!r}. List endpoints for those there "
            "are.",
            field="endpoint_name",
        )


def _figures(row: Mapping[str, Any]) -> dict[str, Any]:
    requests, errors = row.get("request_count") or 0, row.get("error_count") or 0
    return {
        "request_count": requests,
        "error_count": errors,
        "error_rate": errors / requests if requests else None,
        "latency_ms": Latency(**{key: row.get(key) for key in Latency.model_fields}),
    }

"""Endpoints as rows, and metrics of them at chosen times."""

from collections.abc import Sequence
from datetime import timedelta

import pyarrow as pa

from ontos.kernel.caller import Caller
from ontos.kernel.fields import now
from ontos.monitor.metrics import MetricBatch, ingest_metrics


def endpoint(caller: Caller, name: str, status: str = "ready") -> None:
    """Only its row: nothing answers behind it."""
    stamp = {"created_by": "me", "created_at": now(), "updated_by": "me", "updated_at": now()}
    row = {"name": name, "model_name": "kinds", "model_version": "1", "status": status}
    caller.warehouse.append("endpoints", pa.Table.from_pylist([row | stamp | {"version": 1}]))


def answered(
    caller: Caller, name: str, latencies: Sequence[float], *, status: int = 200, ago: float = 1
) -> None:
    """Requests of so many milliseconds, so many minutes ago."""
    at = now() - timedelta(minutes=ago)
    ingest_metrics(caller, MetricBatch(metrics=[
        {"endpoint_name": name, "latency_ms": each, "status_code": status, "at": at,
         "error_message": None if status < 400 else "it broke"}
        for each in latencies
    ]))  # fmt: skip

import pyarrow as pa
import pytest

from ontos.kernel.errors import Denied, Invalid
from ontos.kernel.fields import now
from ontos.monitor.metrics import Metric, MetricBatch, ingest_metric, ingest_metrics
from tests.monitor.made import endpoint


def stored(caller):
    return caller.warehouse.rows("SELECT * FROM endpoint_metrics ORDER BY latency_ms")


def test_one_metric_is_counted(caller):
    endpoint(caller, "far")
    metric = Metric(endpoint_name="far", latency_ms=12.5, status_code=200, model_version="3")
    assert ingest_metric(caller, metric).ingested == 1
    row = stored(caller)[0]
    assert (row["latency_ms"], row["status_code"], row["model_version"]) == (12.5, 200, "3")
    assert row["source"] == "ingest" and row["at"] <= now()


def test_a_batch_is_one_journal_row(caller):
    endpoint(caller, "far")
    batch = [{"endpoint_name": "far", "latency_ms": n, "status_code": 200} for n in range(10_000)]
    assert ingest_metrics(caller, MetricBatch(metrics=batch)).ingested == 10_000
    rows = stored(caller)
    assert len(rows) == len({row["id"] for row in rows}) == 10_000
    journal = caller.warehouse.rows("SELECT * FROM journal WHERE operation = 'ingest_metrics'")
    assert [entry["outcome"] for entry in journal] == ["done"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("latency_ms", -0.1), ("latency_ms", "nan"), ("latency_ms", "inf"), ("status_code", 99),
        ("status_code", 600), ("at", "9999-01-01T00:00:00+00:00"), ("at", "yesterday"),
        ("endpoint_name", "no-such"), ("endpoint_name", "x" * 10_000), ("colour", "red"),
    ],
)  # fmt: skip
def test_a_wrong_metric_is_named_by_place_and_nothing_is_ingested(caller, field, value):
    endpoint(caller, "far")
    good = {"endpoint_name": "far", "latency_ms": 1, "status_code": 200}
    with pytest.raises(Invalid) as wrong:
        ingest_metrics(caller, {"metrics": [good, good, good | {field: value}]})
    assert str(wrong.value.field).endswith(f"metrics.2.{field}")
    assert stored(caller) == []


def test_times_are_kept_in_utc(caller):
    endpoint(caller, "far")
    for at in ("2026-01-01T12:00:00", "2026-01-01T13:00:00+01:00"):
        ingest_metric(
            caller, {"endpoint_name": "far", "latency_ms": 1, "status_code": 200, "at": at}
        )
    assert [row["at"].isoformat() for row in stored(caller)] == ["2026-01-01T12:00:00+00:00"] * 2


def test_a_deleted_endpoint_is_unknown(caller):
    endpoint(caller, "gone", status="deleted")
    with pytest.raises(Invalid, match="no endpoint 'gone'"):
        ingest_metric(caller, Metric(endpoint_name="gone", latency_ms=1, status_code=200))


def test_an_empty_batch_is_refused(caller):
    with pytest.raises(Invalid):
        ingest_metrics(caller, {"metrics": []})


def test_who_may_only_read_cannot_ingest(caller, as_role):
    endpoint(caller, "far")
    with pytest.raises(Denied):
        ingest_metric(
            as_role("data_consumer"), Metric(endpoint_name="far", latency_ms=1, status_code=200)
        )


def test_rows_match_the_table(caller):
    """The batch is appended by column name: every one must be there."""
    from ontos.monitor.metrics import _ROW

    table = caller.warehouse.arrow("SELECT * FROM endpoint_metrics")
    assert isinstance(table, pa.Table) and set(_ROW.names) == set(table.schema.names)

import pytest

from ontos.kernel.errors import Invalid, NotFound
from ontos.monitor.performance import (
    get_performance,
    get_performance_series,
    list_failed_requests,
    list_performance,
)
from tests.monitor.made import answered, endpoint


def test_figures_are_those_of_the_requests(caller):
    endpoint(caller, "near")
    answered(caller, "near", range(1, 91))
    answered(caller, "near", range(91, 101), status=500)
    seen = get_performance(caller, "near")
    assert (seen.request_count, seen.error_count, seen.error_rate) == (100, 10, 0.1)
    latency = seen.latency_ms
    assert latency.p50 == pytest.approx(50, abs=1) and latency.p95 == pytest.approx(95, abs=1)
    assert latency.p99 == pytest.approx(99, abs=1)
    assert (latency.mean, latency.max) == (50.5, 100)


def test_nothing_asked_is_not_zero(caller):
    endpoint(caller, "quiet")
    seen = get_performance(caller, "quiet")
    assert (seen.request_count, seen.error_count, seen.error_rate) == (0, 0, None)
    assert set(seen.latency_ms.model_dump().values()) == {None}


def test_only_the_window_counts(caller):
    endpoint(caller, "near")
    answered(caller, "near", [5.0], ago=10)
    answered(caller, "near", [50.0], ago=100)
    assert get_performance(caller, "near", minutes=60).request_count == 1
    assert get_performance(caller, "near", minutes=120).request_count == 2


def test_an_unknown_endpoint_is_named(caller):
    for read in (get_performance, get_performance_series, list_failed_requests):
        with pytest.raises(NotFound, match="endpoint_name"):
            read(caller, "no-such")


@pytest.mark.parametrize("minutes", [0, -5, 10**9])
def test_a_window_has_bounds(caller, minutes):
    with pytest.raises(Invalid) as wrong:
        get_performance(caller, "near", minutes=minutes)
    assert wrong.value.field == "minutes"


def test_a_series_covers_the_window_with_its_gaps(caller):
    endpoint(caller, "near")
    answered(caller, "near", [10.0, 30.0], ago=2)
    answered(caller, "near", [99.0], status=503, ago=55)
    answered(caller, "near", [1.0], ago=70)
    series = get_performance_series(caller, "near", minutes=60, buckets=6)
    assert series.bucket_seconds == 600 and len(series.points) == 6
    assert [p.request_count for p in series.points] == [1, 0, 0, 0, 0, 2]
    assert [p.error_count for p in series.points] == [1, 0, 0, 0, 0, 0]
    assert series.points[1].latency_ms.p95 is None
    assert series.points[-1].latency_ms.mean == 20
    assert [p.at for p in series.points] == sorted(p.at for p in series.points)


def test_a_series_adds_up_to_the_whole(caller):
    endpoint(caller, "near")
    for ago in (0.01, 3, 7, 29):
        answered(caller, "near", [1.0, 2.0], ago=ago)
    series = get_performance_series(caller, "near", minutes=30, buckets=7)
    whole = get_performance(caller, "near", minutes=30)
    assert sum(p.request_count for p in series.points) == whole.request_count == 8


def test_the_overview_shows_all_but_deleted_endpoints(caller):
    endpoint(caller, "near")
    endpoint(caller, "quiet")
    endpoint(caller, "gone", status="deleted")
    answered(caller, "near", [7.0])
    items = list_performance(caller).items
    assert [(i.endpoint_name, i.request_count) for i in items] == [("near", 1), ("quiet", 0)]
    assert items[1].error_rate is None


def test_failed_requests_say_why(caller):
    endpoint(caller, "near")
    answered(caller, "near", [1.0])
    answered(caller, "near", [2.0], status=422, ago=3)
    answered(caller, "near", [3.0], status=500, ago=2)
    failed = list_failed_requests(caller, "near").items
    assert [f.status_code for f in failed] == [500, 422]
    assert failed[0].error_message == "it broke" and failed[0].source == "ingest"

import pytest

from ontos.monitor.performance import get_performance
from tests.monitor.made import answered, endpoint
from tests.pages.opened import figure, opened, press, sound, texts


@pytest.mark.parametrize(
    ("view", "says"),
    [("performance", "Nothing to watch yet"), ("ingest", "No endpoint to count for")],
)
def test_an_empty_view_says_what_to_do(bench, view, says):
    page = opened(bench, "monitor", view=view)
    assert says in texts(page)
    assert any(button.proto.type == "primary" for button in page.button)


def test_nothing_asked_shows_dashes_not_zeros(bench, caller):
    endpoint(caller, "quiet")
    page = opened(bench, "monitor", view="performance")
    assert figure(page, "Requests") == "0"
    assert figure(page, "Error rate") == figure(page, "95 % within") == "\N{EN DASH}"
    assert "Nobody asked it" in texts(page)


def test_figures_and_errors_are_shown(bench, caller):
    endpoint(caller, "near")
    endpoint(caller, "other")
    answered(caller, "near", range(1, 10))
    answered(caller, "near", [100.0], status=503)
    page = opened(bench, "monitor", view="performance", endpoint="near")
    assert figure(page, "Requests") == "10" and figure(page, "Error rate") == "10.0%"
    failed, overview = page.dataframe
    assert failed.value["status_code"].tolist() == [503]
    assert failed.value["source"].tolist() == ["another system"]
    assert "95 % within" in overview.value
    assert overview.value["Endpoint"].tolist() == ["near", "other"]


def test_the_window_decides_what_counts(bench, caller):
    endpoint(caller, "near")
    answered(caller, "near", [1.0], ago=3)
    answered(caller, "near", [2.0], ago=300)
    page = opened(bench, "monitor", view="performance")
    assert figure(page, "Requests") == "2"
    page = sound(page.segmented_control(key="window").set_value("Last hour").run())
    assert figure(page, "Requests") == "1"


def test_how_to_send_metrics(bench, caller):
    endpoint(caller, "far")
    page = opened(bench, "monitor", view="ingest")
    assert "/monitoring/metrics/ingest" in page.code[0].value
    assert '"endpoint_name": "far"' in page.code[1].value


def test_one_request_is_counted_by_hand(bench, caller):
    endpoint(caller, "far")
    page = opened(bench, "monitor", view="ingest")
    page.number_input(key="ingest-status").set_value(500)
    sound(press(page, "Send"))
    assert get_performance(caller, "far").error_count == 1

import json
from datetime import datetime

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
    endpoint(caller, "silent")
    page = opened(bench, "monitor", view="performance")
    assert figure(page, "Requests") == "0"
    assert figure(page, "Error rate") == figure(page, "95 % within") == "\N{EN DASH}"
    assert "Nobody asked it" in texts(page)
    assert page.dataframe[0].proto.placeholder == "\N{EN DASH}"


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


def chart(page, at):
    """A chart as Plotly is told of it: the requests first, then the latency."""
    return json.loads(page.get("plotly_chart")[at].proto.spec)


def test_the_newest_bucket_is_whole_and_few_requests_are_whole_numbers(bench, caller):
    endpoint(caller, "near")
    answered(caller, "near", [3.0])
    page = opened(bench, "monitor", view="performance", endpoint="near")
    for drawn in (chart(page, 0), chart(page, 1)):
        begin, end = map(datetime.fromisoformat, drawn["layout"]["xaxis"]["range"])
        at = [datetime.fromisoformat(moment) for moment in drawn["data"][0]["x"]]
        assert begin == at[0] - (at[1] - at[0]) / 2 and end == at[-1] + (at[1] - at[0])
    axis = chart(page, 0)["layout"]["yaxis"]
    assert (axis["dtick"], axis["tickformat"]) == (1, ",d")


def test_many_requests_have_round_ticks(bench, caller):
    endpoint(caller, "near")
    answered(caller, "near", range(1, 40))
    page = opened(bench, "monitor", view="performance", endpoint="near")
    assert "dtick" not in chart(page, 0)["layout"]["yaxis"]


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


def test_it_opens_on_the_endpoint_that_is_asked_not_on_the_first_by_name(bench, caller):
    endpoint(caller, "a-first-try", "failed")
    endpoint(caller, "near")
    answered(caller, "near", [3.0])
    page = opened(bench, "monitor", view="performance")
    assert page.selectbox(key="pick-endpoint").value == "near" and figure(page, "Requests") == "1"


def test_metrics_are_sent_for_an_endpoint_that_answers_unless_another_is_chosen(bench, caller):
    endpoint(caller, "a-first-try", "failed")
    endpoint(caller, "near")
    page = opened(bench, "monitor", view="ingest")
    assert page.selectbox(key="pick-endpoint").value == "near"
    page = page.selectbox(key="pick-endpoint").select("a-first-try").run()
    assert page.selectbox(key="pick-endpoint").value == "a-first-try"

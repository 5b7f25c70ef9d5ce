"""Gaps and feedback as the pages show them, over the session's trained model."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from ontos.improve.feedback import FeedbackSpec, create_feedback
from ontos.improve.gaps import Gap, list_gaps
from tests.improve.conftest import ENDPOINT, FEW, retrained, scarce, served
from tests.monitor.made import endpoint
from tests.pages.opened import opened, press, sound, texts
from tests.train.made import Trained
from tests.trained import trained

__all__ = ["retrained", "scarce", "served", "trained"]


def rate(made: Trained, **given: Any) -> None:
    spec = {"endpoint_name": ENDPOINT, "input": {"text": "a *plum*"}, "output": "_tool_"} | given
    create_feedback(made.caller, FeedbackSpec(**spec))


def at_gaps(made: Trained, **params: str) -> AppTest:
    """Of this endpoint: the workbench is shared, and others may have theirs in it."""
    return opened(made.bench, "improve", view="gaps", endpoint=ENDPOINT, **params)


@pytest.fixture
def looked(served: Trained) -> Iterator[Trained]:
    """Gaps were looked for by click."""
    sound(press(at_gaps(served), "Look for gaps"))
    yield served


def drawn(page: AppTest) -> str:
    """The bars of all charts."""
    return "".join(h.proto.body for h in page.get("html") if 'class="bars"' in h.proto.body)


def gaps(made: Trained) -> dict[str, str]:
    return {gap.id: gap.status for gap in list_gaps(made.caller, ENDPOINT).items}


def test_each_gap_has_a_bar_and_its_evidence_in_words(looked: Trained) -> None:
    page = at_gaps(looked)
    bars = drawn(page)
    found = list_gaps(looked.caller, ENDPOINT).items
    assert found and all(f"{gap.affected} of {gap.total}" in bars for gap in found)
    assert page.dataframe[0].value.columns.tolist()
    assert not page.get("plotly_chart")


def test_each_kind_has_bars_of_its_own_the_worst_first(looked: Trained) -> None:
    """A share of one rating is not to be read beside a share of thirty pairs."""
    rate(looked, rating="down", output="tool")
    page = sound(press(at_gaps(looked), "Look for gaps"))
    titles = re.findall("<caption>(.*?):", drawn(page))
    assert sorted(titles) == ["Users say it is wrong", "Wrong in a segment", "Wrong on a label"]
    for chart in drawn(page).split("<table")[1:]:
        shares = [int(share) for share in re.findall(r"(\d+)%</td>", chart)]
        assert shares == sorted(shares, reverse=True)
    bars = re.findall(r'<th scope="row">(.*?)</th>', drawn(page))
    options = page.selectbox(key="pick-gap").options
    assert [option.partition(": ")[2].partition(" (")[0] for option in options] == bars


def test_few_examples_are_said_as_examples_not_as_errors(scarce: Trained) -> None:
    label, left = FEW
    page = sound(press(at_gaps(scarce), "Look for gaps"))
    assert "half of the labels have 18 or more" in drawn(page) and f"{left} examples" in drawn(page)
    assert f"{9 - left} of 9" not in drawn(page)
    titles = page.selectbox(key="pick-gap").options
    assert f"Few examples of a label: {label} ({left} examples, open)" in titles


def test_a_retraining_that_ended_says_so_and_leads_on(served: Trained, retrained: Gap) -> None:
    page = at_gaps(served, gap=retrained.id)
    assert "retrained as v2" in texts(page) and "made v2" in texts(page)
    assert any("retrained as v2)" in o for o in page.selectbox(key="pick-gap").options)
    assert {"Compare v1 with v2", "Deploy v2"} <= {button.label for button in page.button}
    page = press(page, "Compare v1 with v2")
    assert page.selectbox(key="compare-From-kinds").value == "1"
    assert page.selectbox(key="compare-To-kinds").value == "2"
    page = press(at_gaps(served, gap=retrained.id), "Deploy v2")
    assert page.selectbox(key="update-version").value == "2"


@pytest.mark.parametrize(
    ("status", "badge", "says"),
    [("running", "retraining", "see how far it is"),
     ("failed", "retraining failed", "ended without a model")],
)  # fmt: skip
def test_a_retraining_without_a_model_says_where_it_is(
    served: Trained, retrained: Gap, status: str, badge: str, says: str
) -> None:
    change = "UPDATE training_jobs SET status = :to WHERE id = :id"
    served.caller.warehouse.execute(change, to=status, id=served.second.id)
    try:
        page = at_gaps(served, gap=retrained.id)
    finally:
        served.caller.warehouse.execute(change, to="succeeded", id=served.second.id)
    assert f"badge[{badge}]" in texts(page) and says in texts(page)
    assert "Deploy v2" not in {button.label for button in page.button}


def test_closing_asks_first_and_leaves_nothing_that_would_be_refused(looked: Trained) -> None:
    one = next(iter(gaps(looked)))
    page = at_gaps(looked, gap=one)
    assert gaps(looked)[one] == "open"
    page = sound(press(page, "Close the gap"))
    assert gaps(looked)[one] == "closed"
    page = at_gaps(looked, gap=one)
    offered = {button.label for button in page.button}
    assert "It is closed" in texts(page)
    assert not offered & {"Close the gap", "Start the training job", "Make the task"}


def test_open_gaps_come_before_closed_ones(looked: Trained) -> None:
    first = at_gaps(looked).selectbox(key="pick-gap").options[0]
    sound(press(at_gaps(looked), "Close the gap"))
    options = at_gaps(looked).selectbox(key="pick-gap").options
    assert options[-1] == first.replace("open)", "closed)")


def test_a_kind_of_rating_that_nobody_gave_is_not_no_feedback(served: Trained) -> None:
    rate(served, rating="down", correction="fruit")
    page = opened(served.bench, "improve", view="feedback")
    page = sound(page.segmented_control(key="feedback-rating").set_value("Thumbs up").run())
    assert "No rating is of this kind" in texts(page) and "No feedback yet" not in texts(page)


def test_what_people_wrote_is_not_markup(served: Trained) -> None:
    rate(served, rating="down", correction="**fruit**", comment="![x](http://x.example/x.png)")
    said = texts(opened(served.bench, "improve", view="feedback"))
    assert r"\*plum\*" in said and r"\_tool\_" in said and r"\!\[x\]" in said


def test_a_link_to_what_is_gone_says_that_another_is_shown(looked: Trained) -> None:
    said = texts(at_gaps(looked, gap="0" * 32))
    assert "What the address names is not here" in said
    one = next(iter(gaps(looked)))
    assert "not here" not in texts(at_gaps(looked, gap=one))


def test_the_endpoint_shown_for_one_that_is_gone_has_its_gaps(looked: Trained) -> None:
    page = opened(looked.bench, "improve", view="gaps", endpoint="gone")
    shown = str(page.selectbox(key="pick-endpoint").value)
    known = list_gaps(looked.caller, shown).items
    assert ("No gap is known" in texts(page)) == (not known)
    assert not known or len(page.selectbox(key="pick-gap").options) == len(known)


def test_an_endpoint_that_never_answered_has_no_version_to_look_at(served: Trained) -> None:
    change = "UPDATE endpoints SET model_version = :version WHERE name = :name"
    served.caller.warehouse.execute(change, version=None, name=ENDPOINT)
    try:
        page = at_gaps(served)
    finally:
        served.caller.warehouse.execute(change, version="1", name=ENDPOINT)
    assert "no version answers yet" in texts(page) and "Nothing to look into yet" in texts(page)
    assert next(b for b in page.button if b.label == "Look for gaps").disabled


def test_a_pair_made_of_feedback_is_found_among_the_others(served: Trained) -> None:
    rate(served, rating="down", correction="fruit", input={"message": "one kiwi"})
    page = press(opened(served.bench, "improve", view="feedback", sheet=served.sheet.id),
                 "Make a pair of it")  # fmt: skip
    assert f"sheet={served.sheet.id}&source=feedback" in texts(page)


def test_gaps_open_on_an_endpoint_that_has_some_and_on_its_worst(looked: Trained) -> None:
    """A first try that failed stands before it by name, and another has changed since."""
    endpoint(looked.caller, "a-first-try", "failed")
    endpoint(looked.caller, "newest")
    known = {gap.id: gap for gap in list_gaps(looked.caller, ENDPOINT).items}
    try:
        page = opened(looked.bench, "improve", view="gaps")
        looked.caller.warehouse.execute("DELETE FROM gaps")
        without = opened(looked.bench, "improve", view="gaps")
    finally:
        looked.caller.warehouse.execute(
            "DELETE FROM endpoints WHERE name IN ('a-first-try', 'newest')"
        )
    assert page.selectbox(key="pick-endpoint").value == ENDPOINT
    worst = known[page.selectbox(key="pick-gap").value]
    assert worst.affected == max(gap.affected for gap in known.values())
    assert without.selectbox(key="pick-endpoint").value == "newest"

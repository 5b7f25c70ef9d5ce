"""Gaps and feedback as the pages show them, over the session's trained model."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from ontos.improve.feedback import FeedbackSpec, create_feedback
from ontos.improve.gaps import list_gaps
from tests.improve.conftest import ENDPOINT, served
from tests.pages.opened import opened, press, sound, texts
from tests.train.made import Trained
from tests.trained import trained

__all__ = ["served", "trained"]


def rate(made: Trained, **given: str | None) -> None:
    spec = {"endpoint_name": ENDPOINT, "input": {"text": "a *plum*"}, "output": "_tool_"} | given
    create_feedback(made.caller, FeedbackSpec(**spec))  # type: ignore[arg-type]


def at_gaps(made: Trained, **params: str) -> AppTest:
    """Of this endpoint: the workbench is shared, and others may have theirs in it."""
    return opened(made.bench, "improve", view="gaps", endpoint=ENDPOINT, **params)


@pytest.fixture
def looked(served: Trained) -> Iterator[Trained]:
    """Gaps were looked for by click."""
    sound(press(at_gaps(served), "Look for gaps"))
    yield served


def gaps(made: Trained) -> dict[str, str]:
    return {gap.id: gap.status for gap in list_gaps(made.caller, ENDPOINT).items}


def test_each_gap_has_a_bar_and_its_evidence_in_words(looked: Trained) -> None:
    page = at_gaps(looked)
    bars = next(h.proto.body for h in page.get("html") if "bars" in h.proto.body)
    found = list_gaps(looked.caller, ENDPOINT).items
    assert found and all(f"{gap.affected} of {gap.total}" in bars for gap in found)
    assert page.dataframe[0].value.columns.tolist()
    assert not page.get("plotly_chart")


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

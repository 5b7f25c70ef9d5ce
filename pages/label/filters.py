"""Which pairs the grid shows: kept in the address, so that a link or a refresh shows the same."""

from collections.abc import Mapping
from typing import Any, get_args

import streamlit as st

from ontos.label.labels import LabelDistribution
from ontos.label.pairs import PairFilter, ReviewStatus

STATUSES: tuple[str, ...] = get_args(ReviewStatus)
SOURCES = {
    "existing_column": "Response column", "canonical": "Earlier label", "generated": "Generated",
    "human": "Written by a person", "feedback": "Feedback", "none": "No response",
}  # fmt: skip
TITLES = {"status": {s: s.capitalize() for s in STATUSES}, "source": SOURCES}
FIELDS = {"status": "review_status", "label": "label", "source": "source", "q": "search"}
"""Parameters of the address, and the fields of the filter that they set."""

LONGEST = 200
"""Characters of a response that is offered to be chosen."""


def asked_filter() -> PairFilter:
    """What the widgets ask for, or the address on first opening; nonsense is left out."""
    _as_titled()
    given = {field: _asked(key) for key, field in FIELDS.items()}
    given["review_status"] = _one_of(given["review_status"], TITLES["status"])
    given["source"] = _one_of(given["source"], TITLES["source"])
    return PairFilter.model_validate(given)


def _as_titled() -> None:
    """`?status=flagged` is understood too: the widget knows its options by their titles alone."""
    for key, titles in TITLES.items():
        if (given := st.query_params.get(key)) in titles:
            st.session_state[key] = given


def _one_of(given: Any, titles: Mapping[str, str]) -> str | None:
    """What the widget holds; in the address Streamlit writes it as it is titled."""
    by_title = {title: key for key, title in titles.items()}
    return given if given in titles else by_title.get(given)


def draw_filters(labels: LabelDistribution) -> None:
    """The most frequent short responses can be chosen; any other can be written."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            "Status", STATUSES, key="status", format_func=str.capitalize, on_change=first_page,
            bind="query-params", width="content",
        )  # fmt: skip
        st.text_input(
            "Search", key="q", placeholder="Words in prompt or response", on_change=first_page,
            bind="query-params", icon=":material/search:", width=200,
        )  # fmt: skip
        short = [c.label for c in labels.top if len(c.label) <= LONGEST]
        options = _with_current("label", short)
        st.selectbox(
            "Response", options, index=None, key="label",
            placeholder="Any", on_change=first_page, bind="query-params", accept_new_options=True,
            width=150,
        )  # fmt: skip
        st.selectbox(
            "Source", list(SOURCES), index=None, key="source", format_func=SOURCES.__getitem__,
            placeholder="Any", on_change=first_page, bind="query-params", width=140,
        )  # fmt: skip


def first_page() -> None:
    """Another filter begins at its first page."""
    st.session_state["p"] = 1


def _asked(key: str) -> Any:
    value = st.session_state[key] if key in st.session_state else st.query_params.get(key)
    return value or None


def _with_current(key: str, options: list[str]) -> list[str]:
    current = _asked(key)
    return options if current is None or current in options else [current, *options]

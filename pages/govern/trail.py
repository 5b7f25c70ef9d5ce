"""Which entries of the audit trail are shown: kept in the address, for links and refreshes."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, get_args

import streamlit as st

from ontos.kernel.journal import Outcome
from pages.clock import begin_of

OUTCOMES: tuple[str, ...] = get_args(Outcome)
CHOICES = {
    "user": "User", "operation": "Operation", "entity_type": "Kind of thing", "outcome": "Outcome",
}  # fmt: skip
DAYS = {"since": "From", "until": "To"}
KEYS = (*CHOICES, *DAYS, "entity_id")
"""Of the widgets, and parameters of the address: as `list_audit` calls them."""
KEPT = "audit-asked"


def asked_filter() -> dict[str, Any]:
    """Arguments of `list_audit`: what the widgets hold, or the address on first opening.

    Opened again without any, it is what was asked for when another view was opened.
    """
    state = st.session_state
    fresh = not any(key in state or key in st.query_params for key in KEYS)
    for key, value in (state.get(KEPT, {}) if fresh else {}).items():
        state[key] = value
    held = {key: _held(key) for key in KEYS}
    return held | {"since": _begin(held["since"]), "until": _begin(held["until"], after=1)}


def draw_filters(facets: Mapping[str, list[str]]) -> None:
    grid = st.grid(4, min_column_width=150)
    for key, title in CHOICES.items():
        options = list(OUTCOMES) if key == "outcome" else facets[key]
        grid.selectbox(title, _with_current(key, options), index=None, key=key, placeholder="All",
                       bind="query-params")  # fmt: skip
    for key, title in DAYS.items():
        grid.date_input(title, None, key=key, bind="query-params", format="YYYY-MM-DD",
                        help="Days of your own clock, this one included.")  # fmt: skip
    grid.text_input("Id of the thing", key="entity_id", bind="query-params")
    st.session_state[KEPT] = {key: st.session_state[key] for key in KEYS if st.session_state[key]}


def clear_filters() -> None:
    for key in KEYS:
        st.session_state[key] = "" if key == "entity_id" else None


def _held(key: str) -> Any:
    value = st.session_state[key] if key in st.session_state else st.query_params.get(key)
    if key in DAYS and isinstance(value, str):
        return _day(value)
    return None if key == "outcome" and value not in OUTCOMES else value or None


def _day(text: str) -> date | None:
    """Nonsense in the address is left out."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _begin(day: date | None, after: int = 0) -> datetime | None:
    return None if day is None else begin_of(day + timedelta(days=after))


def _with_current(key: str, options: list[str]) -> list[str]:
    current = _held(key)
    return options if current is None or current in options else [current, *options]

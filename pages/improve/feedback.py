"""Ratings and corrections of answers, and the way from one to a pair that waits for review."""

import streamlit as st

from ontos.generate.training_sheets import TrainingSheet, list_training_sheets
from ontos.improve.feedback import Feedback, ToTraining, list_feedback, use_feedback
from ontos.kernel.caller import Caller
from pages.clock import when
from pages.data.words import escaped
from pages.frame import attempt, empty, link, loaded, pick

FILTERS = {"All": None, "Thumbs up": "up", "Thumbs down": "down"}


def draw(caller: Caller) -> None:
    rating = FILTERS[st.session_state.get("feedback-rating") or "All"]
    cursor = st.session_state.get("feedback-cursor")
    found, sheets = loaded(
        lambda: list_feedback(caller, rating=rating, cursor=cursor, limit=50),
        lambda: list_training_sheets(caller, status="ready"),
    )
    st.segmented_control("Rating", list(FILTERS), default="All", key="feedback-rating",
                         required=True, label_visibility="collapsed", on_change=_from)  # fmt: skip
    if not found.items and (rating or cursor):
        st.caption("No rating is of this kind." if rating else "There are no older ratings.")
    elif not found.items:
        empty(
            "No feedback yet",
            "Ask a model in the playground and rate its answer, or send ratings to "
            "`POST /api/v1/feedback` from where the model is used.",
            "Open the playground",
            ("deploy", "playground"),
        )
        return
    sheet = pick("Pairs made of feedback go to", sheets.items, "sheet", title=lambda s: s.name)
    for given in found.items:
        _row(caller, given, sheet)
    _pages(found.next_cursor)


def _pages(following: str | None) -> None:
    with st.container(horizontal=True):
        if st.session_state.get("feedback-cursor"):
            st.button("Newest", on_click=_from, icon=":material/first_page:")
        if following:
            st.button("Older", on_click=_from, args=(following,))


def _from(cursor: str | None = None) -> None:
    st.session_state["feedback-cursor"] = cursor


def _row(caller: Caller, given: Feedback, sheet: TrainingSheet | None) -> None:
    icon = ":green[:material/thumb_up:]" if given.rating == "up" else ":red[:material/thumb_down:]"
    with st.container(border=True):
        asked = escaped(" · ".join(str(value) for value in given.input.values()))
        st.markdown(f"{icon} **{escaped(given.output)}**  \n{asked}")
        if given.correction:
            st.markdown(f":material/edit: should be **{escaped(given.correction)}**")
        if given.comment:
            st.markdown(f":material/chat: {escaped(given.comment)}")
        version = f"version {given.model_version}"
        st.caption(escaped(
            f"{given.endpoint_name} {version} · {given.created_by} · {when(given.created_at)}"
        ))  # fmt: skip
        _use(caller, given, sheet)


def _use(caller: Caller, given: Feedback, sheet: TrainingSheet | None) -> None:
    if given.pair_id:
        address = link("label", "review", sheet=given.training_sheet_id, source="feedback")
        st.markdown(f":green-badge[made into a pair] [Review it]({address})")
        return
    if given.rating == "down" and not given.correction:
        st.caption("A thumbs-down without a correction does not say what is right: it is not used.")
        return
    if sheet and st.button("Make a pair of it", key=f"use-{given.id}", icon=":material/add:"):
        made = attempt(
            use_feedback, caller, given.id, ToTraining(training_sheet_id=sheet.id),
            done="Made a pair that waits for review",
        )  # fmt: skip
        if made:
            st.rerun()

"""Gaps of an endpoint, each with its evidence, and what can be done about it."""

from collections.abc import Mapping

import plotly.graph_objects as go_
import streamlit as st

from ontos.deploy.endpoints import Endpoint, list_endpoints
from ontos.improve.gaps import (
    Analysis,
    Gap,
    RetrainOfGap,
    TaskOfGap,
    analyze_gaps,
    close_gap,
    create_gap_task,
    get_evidence,
    list_gaps,
    retrain_gap,
)
from ontos.kernel.caller import Caller
from pages.frame import attempt, empty, go, loaded, mark, param, pick
from pages.tables import rows_of
from pages.words import many

KINDS: Mapping[str, str] = {
    "label_errors": "Wrong on a label",
    "segment_errors": "Wrong in a segment",
    "negative_feedback": "Users say it is wrong",
    "low_coverage": "Few examples of a label",
}


def draw(caller: Caller) -> None:
    wanted = param("endpoint")
    endpoints, gaps = loaded(
        lambda: list_endpoints(caller), lambda: list_gaps(caller, endpoint_name=wanted, limit=200)
    )
    if not endpoints.items:
        empty(
            "No endpoint yet",
            "Gaps are looked for in what a deployed model answers. Deploy one first.",
            "Deploy a model",
            ("deploy", "endpoints"),
        )
        return
    endpoint = pick(
        "Endpoint", endpoints.items, "endpoint", title=lambda e: e.name, identity=lambda e: e.name
    )
    if endpoint is None:
        return
    _analyse(caller, endpoint)
    shown = [g for g in gaps.items if g.endpoint_name == endpoint.name]
    if not shown:
        empty(
            "No gap is known",
            "Press “Look for gaps”: it reads the last evaluation, the ratings and "
            "the approved labels of this endpoint's version.",
        )
        return
    _chart([g for g in shown if g.status != "closed"])
    chosen = pick("Gap", shown, "gap", title=_title)
    if chosen:
        _detail(caller, chosen)


def _title(gap: Gap) -> str:
    kind = KINDS.get(gap.kind, gap.kind)
    return f"{kind}: {gap.label} ({gap.affected} of {gap.total}, {gap.status})"


def _analyse(caller: Caller, endpoint: Endpoint) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if st.button("Look for gaps", type="primary", icon=":material/search:"):
            with st.spinner("Reading evaluations, ratings and labels"):
                found = attempt(analyze_gaps, caller, Analysis(endpoint_name=endpoint.name))
            if found is not None:
                st.session_state["looked-at"] = (endpoint.name, found.looked_at, len(found.items))
                st.rerun()
        st.caption(f"{endpoint.model_name} version {endpoint.model_version}")
    name, looked, count = st.session_state.get("looked-at", (None, {}, 0))
    if name == endpoint.name:
        with st.expander(f"{many(count, 'gap')} found. What was looked at"):
            for kind, what in looked.items():
                st.markdown(f"- **{KINDS.get(kind, kind)}**: {what}")


def _chart(gaps: list[Gap]) -> None:
    top = sorted(gaps, key=lambda g: g.affected)[-15:]
    if not top:
        return
    names = [f"{g.label}  ·  {KINDS.get(g.kind, g.kind).lower()}" for g in top]
    figure = go_.Figure(
        go_.Bar(
            x=[g.severity for g in top], y=names, orientation="h", marker_color="#b45309",
            text=[f"{g.affected} of {g.total}" for g in top], textposition="auto",
            hovertemplate="%{y}<br>%{x:.0%}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(
        height=60 + 26 * len(top),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis={"tickformat": ".0%", "range": [0, 1], "title": "share affected"},
        yaxis={"automargin": True},
    )
    st.plotly_chart(figure, key="gaps-chart")


def _detail(caller: Caller, gap: Gap) -> None:
    evidence = loaded(lambda: get_evidence(caller, gap.id))
    with st.container(border=True):
        st.markdown(f"{mark(gap.status)} {gap.evidence_summary}")
        st.dataframe(rows_of(evidence.rows), hide_index=True)
        with st.expander("The query behind it"):
            st.code(evidence.query, language="sql")
            st.json(evidence.values, expanded=False)
        _actions(caller, gap)


def _actions(caller: Caller, gap: Gap) -> None:
    with st.container(horizontal=True):
        with st.popover("Make a task", icon=":material/assignment_add:"):
            _task(caller, gap)
        with st.popover("Retrain", icon=":material/model_training:"):
            _retrain(caller, gap)
        if gap.status != "closed" and st.button("Close", icon=":material/done:"):
            attempt(close_gap, caller, gap.id, done="Gap closed")
            st.rerun()


def _task(caller: Caller, gap: Gap) -> None:
    with st.form(f"task-{gap.id}", border=False):
        title = st.text_input("Title", value=f"More examples: {gap.label}"[:200])
        count = st.number_input("Pairs wanted", min_value=1, value=20)
        instructions = st.text_area("Instructions", value=gap.evidence_summary)
        if st.form_submit_button("Make the task", type="primary"):
            task = {"title": title, "instructions": instructions, "target_record_count": int(count)}
            made = attempt(
                lambda: create_gap_task(caller, gap.id, TaskOfGap(**task)),
                done="Task made; labelers see it under Label",
            )
            if made:
                go("label", "tasks")


def _retrain(caller: Caller, gap: Gap) -> None:
    st.write(
        "Trains the same model again, with the same settings, on all pairs of its training sheet "
        "that are approved now. The result is a new version; nothing is deployed by itself."
    )
    if st.button("Start the training job", type="primary", key=f"retrain-{gap.id}"):
        job = attempt(retrain_gap, caller, gap.id, RetrainOfGap(), done="Training started")
        if job:
            go("train", "jobs", job=job.id)

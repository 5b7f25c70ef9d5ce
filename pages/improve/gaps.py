"""Gaps of an endpoint, each with its evidence, and what can be done about it."""

import streamlit as st

from ontos.deploy.endpoints import Endpoint, list_endpoints
from ontos.improve.evidence import Evidence, get_evidence, get_worst_evidence
from ontos.improve.gaps import (
    Analysis,
    ShownGap,
    TaskOfGap,
    analyze_gaps,
    close_gap,
    create_gap_task,
    list_gaps,
)
from ontos.kernel.caller import Caller
from ontos.kernel.errors import OntosError
from pages.clock import moment
from pages.data.words import escaped
from pages.deploy.choice import choose_endpoint
from pages.frame import attempt, empty, go, last_pick, loaded, or_reason, param, pick, show
from pages.improve.figures import KINDS, badge, charts, figure, grouped, state
from pages.improve.retraining import draw_retrain, draw_retraining
from pages.tables import rows_of
from pages.words import many

COLUMNS = {
    "prompt": "Prompt", "expected": "Should be", "predicted": "Was answered as",
    "response": "Response", "review_status": "Status", "output": "Answer",
    "correction": "Should be", "comment": "Comment", "input": "Asked", "segment": "Segment",
    "item_ref": "Item", "created_by": "Who",
}  # fmt: skip
"""Columns of evidence, and what a person calls them."""


def draw(caller: Caller) -> None:
    wanted = param("endpoint") or last_pick("endpoint")
    asked = st.session_state.get("pick-gap") or param("gap")
    endpoints, gaps, near = loaded(
        lambda: list_endpoints(caller),
        lambda: list_gaps(caller, endpoint_name=wanted, limit=200),
        or_reason(lambda: _likely(caller, wanted, asked)),
    )
    if not endpoints.items:
        empty(
            "No endpoint yet",
            "Gaps are looked for in what a deployed model answers. Deploy one first.",
            "Deploy a model",
            ("deploy", "endpoints"),
        )
        return
    endpoint = choose_endpoint(endpoints.items, first=_where(gaps.items, near))
    if endpoint is None:
        return
    _analyse(caller, endpoint)
    if wanted not in (None, endpoint.name):
        gaps = loaded(lambda: list_gaps(caller, endpoint_name=endpoint.name, limit=200))
    shown = [g for g in gaps.items if g.endpoint_name == endpoint.name]
    if not shown:
        _none(endpoint)
        return
    left = grouped(g for g in shown if g.status != "closed")
    charts(left)
    _begin_with(near)
    closed = grouped(g for g in shown if g.status == "closed")
    chosen = pick("Gap", [*left, *closed], "gap", title=_title)
    if chosen:
        _detail(caller, endpoint, chosen, _evidence(caller, chosen, near, asked))


def _where(gaps: list[ShownGap], near: Evidence | OntosError | None) -> str | None:
    """The endpoint of the gap that was read: who comes for the open gaps is to see one."""
    at = near.gap_id if isinstance(near, Evidence) else None
    return next((gap.endpoint_name for gap in gaps if gap.id == at), None)


def _begin_with(near: Evidence | OntosError | None) -> None:
    """Where no gap was chosen: the one that was read, which affects most."""
    if isinstance(near, Evidence) and not param("gap"):
        st.session_state.setdefault("pick-gap", near.gap_id)


def _likely(caller: Caller, endpoint: str | None, gap_id: str | None) -> Evidence | None:
    """Evidence of the gap that will be shown; read beside the list."""
    return get_evidence(caller, gap_id) if gap_id else get_worst_evidence(caller, endpoint)


def _evidence(
    caller: Caller, gap: ShownGap, near: Evidence | OntosError | None, asked: str | None
) -> Evidence:
    """What was read beside the list, if that is the gap; a refusal is not asked for again."""
    if isinstance(near, OntosError) and asked == gap.id:
        show(near)
        st.stop()
    if isinstance(near, Evidence) and near.gap_id == gap.id:
        return near
    read: Evidence = loaded(lambda: get_evidence(caller, gap.id))
    return read


def _none(endpoint: Endpoint) -> None:
    """Looking and finding nothing is not the same as not having looked."""
    if not endpoint.model_version:
        empty(
            "Nothing to look into yet", "No version of this endpoint has answered.",
            "Open the endpoint", ("deploy", "endpoints"), endpoint=endpoint.name,
        )  # fmt: skip
        return
    if st.session_state.get("looked-at", (None,))[0] == endpoint.name:
        empty("No gap was found", "What was looked at, and what could not be, is said above.")
        return
    empty(
        "No gap is known",
        "Press “Look for gaps”: it reads the last evaluation, the ratings and "
        "the approved labels of this endpoint's version.",
    )


def _title(gap: ShownGap) -> str:
    return f"{KINDS.get(gap.kind, gap.kind)}: {gap.label} ({figure(gap)}, {state(gap)})"


def _analyse(caller: Caller, endpoint: Endpoint) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if st.button("Look for gaps", type="primary", icon=":material/search:",
                     disabled=not endpoint.model_version):  # fmt: skip
            with st.spinner("Reading evaluations, ratings and labels"):
                found = attempt(analyze_gaps, caller, Analysis(endpoint_name=endpoint.name))
            if found is not None:
                st.session_state["looked-at"] = (endpoint.name, found.looked_at, len(found.items))
                st.rerun()
        version = endpoint.model_version
        answers = f"version {version}" if version else "no version answers yet"
        st.caption(escaped(f"{endpoint.model_name}, {answers}"))
    name, looked, count = st.session_state.get("looked-at", (None, {}, 0))
    if name == endpoint.name:
        with st.expander(f"{many(count, 'gap')} found. What was looked at"):
            for kind, what in looked.items():
                st.markdown(f"- **{KINDS.get(kind, kind)}**: {what}")


def _detail(caller: Caller, endpoint: Endpoint, gap: ShownGap, evidence: Evidence) -> None:
    with st.container(border=True):
        st.markdown(f"{badge(gap)} {escaped(gap.evidence_summary)}")
        draw_retraining(gap, endpoint)
        _rows(evidence)
        with st.expander("The query behind it"):
            st.code(evidence.query, language="sql")
            st.json(evidence.values, expanded=False)
        _actions(caller, gap)


def _rows(evidence: Evidence) -> None:
    """What was asked and answered stands first; the columns that say which, after it."""
    found = list(evidence.rows[0]) if evidence.rows else []
    if not found:
        st.caption("No row shows it any more: look for gaps again.")
        return
    st.dataframe(
        rows_of(evidence.rows), hide_index=True,
        column_order=sorted(found, key=lambda n: list(COLUMNS).index(n) if n in COLUMNS else 99),
        column_config={n: title for n, title in COLUMNS.items() if n in found}
        | {"created_at": moment("When")},
    )  # fmt: skip


def _actions(caller: Caller, gap: ShownGap) -> None:
    if gap.status == "closed":
        again = "another version has it" if gap.closed_by else "it is found again"
        st.caption(f"It is closed. It opens again when {again}.")
        return
    with st.container(horizontal=True):
        with st.popover("Make a task", icon=":material/assignment_add:"):
            _task(caller, gap)
        with st.popover("Retrain", icon=":material/model_training:"):
            draw_retrain(caller, gap)
        with st.popover("Close", icon=":material/done:", type="tertiary"):
            st.write("Nothing more is to be done about it in this version.")
            sure = st.button("Close the gap", type="primary", key=f"close-{gap.id}-{gap.version}")
    if sure and attempt(close_gap, caller, gap.id, done="Gap closed"):
        st.rerun()


def _task(caller: Caller, gap: ShownGap) -> None:
    with st.form(f"task-{gap.id}-{gap.version}", border=False):
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

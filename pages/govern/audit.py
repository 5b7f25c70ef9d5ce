"""The audit trail with filters; each entry opens to its arguments and its event."""

import json
from collections.abc import Mapping

import streamlit as st

from ontos.govern.audit import audit_facets, list_audit
from ontos.govern.lineage import list_lineage_entities
from ontos.kernel.caller import Caller
from ontos.kernel.journal import Entry
from pages.clock import moment, when
from pages.frame import empty, loaded, mark, pretty
from pages.tables import rows_of
from pages.things import open_thing

SHOWN = 100
Titles = Mapping[tuple[str, str], str]
"""Names of things by kind and id."""


def draw(caller: Caller) -> None:
    state = st.session_state
    chosen = {
        "user": state.get("audit-user"), "operation": state.get("audit-operation"),
        "outcome": state.get("audit-outcome"), "entity_type": state.get("audit-entity_type"),
        "entity_id": state.get("audit-entity_id") or None,
    }  # fmt: skip
    st.caption(_whose(caller))
    facets, known, found = loaded(
        lambda: audit_facets(caller),
        lambda: list_lineage_entities(caller),
        lambda: list_audit(caller, **chosen, limit=SHOWN, cursor=state.get("audit-cursor")),
    )
    _filters(facets)
    if not found.items:
        empty(
            "No entry matches", "Every write, and every refusal, is recorded here. Clear a filter."
        )
        return
    picked = _grid(found.items, {(k.entity_type, k.entity_id): k.title for k in known})
    _pages(found.next_cursor)
    if picked is not None:
        _entry(found.items[picked])


def _whose(caller: Caller) -> str:
    if caller.project:
        return f"The trail of the project {caller.project}. Every project keeps its own."
    return (
        "The trail of the org's common project: what was done in it, and what was done to the "
        "org, its members and projects. Every other project keeps its own."
    )


def _filters(facets: dict[str, list[str]]) -> None:
    grid = st.grid(5, min_column_width=140)
    for key, title in (
        ("user", "User"), ("operation", "Operation"), ("entity_type", "Kind of thing"),
    ):  # fmt: skip
        grid.selectbox(title, facets[key], index=None, key=f"audit-{key}", placeholder="All",
                       on_change=_first_page)  # fmt: skip
    grid.selectbox("Outcome", ["done", "refused", "failed"], index=None, key="audit-outcome",
                   placeholder="All", on_change=_first_page)  # fmt: skip
    grid.text_input("Id of the thing", key="audit-entity_id", on_change=_first_page)


def _first_page() -> None:
    st.session_state["audit-cursor"] = None


def _grid(entries: list[Entry], titles: Titles) -> int | None:
    rows = [
        {"When": e.at, "User": e.user, "Operation": e.operation, "Outcome": e.outcome,
         "On": _thing(e, titles), "Door": e.door,
         "Reason": e.reason or ""}
        for e in entries
    ]  # fmt: skip
    event = st.dataframe(
        rows_of(rows), hide_index=True, height=420, on_select="rerun", selection_mode="single-row",
        key="audit-grid",
        column_config={"When": moment("When"), "On": st.column_config.TextColumn(width="medium")},
    )  # fmt: skip
    picked = event.selection.rows
    return picked[0] if picked else None


def _thing(entry: Entry, titles: Titles) -> str:
    """By its name where lineage knows one, else by its id."""
    if not entry.entity_type:
        return ""
    named = titles.get((entry.entity_type, entry.entity_id or ""), entry.entity_id or "")
    return f"{entry.entity_type.replace('_', ' ')}: {named}" if named else entry.entity_type


def _pages(following: str | None) -> None:
    with st.container(horizontal=True):
        if st.session_state.get("audit-cursor"):
            st.button("Newest", on_click=_first_page, icon=":material/first_page:")
        if following:
            st.button(
                "Older",
                icon=":material/chevron_right:",
                icon_position="right",
                on_click=lambda: st.session_state.update({"audit-cursor": following}),
            )


def _entry(entry: Entry) -> None:
    with st.container(border=True):
        st.markdown(
            f"**{entry.operation}** {mark(entry.outcome)} by {entry.user}, via {entry.door}"
        )
        if entry.reason:
            st.write(entry.reason)
        st.caption(
            f"{when(entry.at, '%Y-%m-%d %H:%M:%S')} · correlation {entry.correlation_id}"
            + (f" · {entry.duration_ms:.0f} ms" if entry.duration_ms is not None else "")
        )
        if entry.entity_id:
            st.caption(f"{(entry.entity_type or '').replace('_', ' ')} `{entry.entity_id}`")
        open_thing("Open it", entry.entity_type, entry.entity_id)
        if entry.detail:
            st.code(_detail(entry.detail), language="json")


def _detail(text: str) -> str:
    try:
        return pretty(json.loads(text))
    except ValueError:
        return text + " …"  # cut at the journal's limit

"""The audit trail with filters; each entry opens to its arguments and its event."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from ontos.govern.audit import audit_facets, list_audit
from ontos.govern.lineage import list_lineage_entities
from ontos.kernel.caller import Caller
from ontos.kernel.journal import Entry
from pages.clock import moment, when
from pages.data.words import escaped
from pages.frame import empty, loaded, mark, pretty
from pages.govern.trail import asked_filter, clear_filters, draw_filters
from pages.tables import rows_of
from pages.things import open_thing

SHOWN = 100
CURSOR = "audit-cursor"
NAMING = ("create_", "update_", "upload_")
"""What operations that name the thing they are about begin with."""
LONG = 24
"""An id of so many characters is none that a person gave."""
Titles = Mapping[tuple[str, str], str]
"""Names of things by kind and id."""


def draw(caller: Caller) -> None:
    chosen = asked_filter()
    cursor = _cursor(chosen)  # here: the threads of the reads know nothing of the session
    st.caption(_whose(caller))
    facets, known, found = loaded(
        lambda: audit_facets(caller),
        lambda: list_lineage_entities(caller),
        lambda: list_audit(caller, **chosen, limit=SHOWN, cursor=cursor),
    )
    if not facets["operation"]:
        empty("Nothing recorded yet", "Every write, and every refusal, is recorded here: who did "
              "it, when, and on what.")  # fmt: skip
        return
    draw_filters(facets)
    if asked_filter() != chosen:  # the address had changed what the filters held before
        st.rerun()
    if not found.items:
        _none()
        return
    names = named_in(found.items) | {(k.entity_type, k.entity_id): k.title for k in known}
    picked = _grid(found.items, names)
    _pages(chosen, found.next_cursor)
    if picked is not None:
        _entry(found.items[picked])


def _none() -> None:
    with st.container(border=True):
        st.subheader("No entry matches", anchor=False)
        st.write("Nothing that was recorded fits all of these filters.")
        st.button("Clear the filters", on_click=clear_filters, icon=":material/filter_alt_off:")


def _cursor(chosen: Mapping[str, Any]) -> str | None:
    """Where the page begins, if it was turned under these filters: others begin at the newest."""
    under, cursor = st.session_state.get(CURSOR, (None, None))
    return cursor if under == chosen else None


def _whose(caller: Caller) -> str:
    if caller.project:
        return f"The trail of the project {caller.project}. Every project keeps its own."
    return (
        "The trail of the org's common project: what was done in it, and what was done to the "
        "org, its members and projects. Every other project keeps its own."
    )


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


def named_in(entries: Sequence[Entry]) -> Titles:
    """Names that the entries give themselves: the arguments of what made or changed a thing.

    The title of a task for a gap is not the gap's: the operation has to end in what it is about.
    """
    return {
        _key(entry): name
        for entry in reversed(entries)
        if entry.entity_id and _names(entry) and (name := _given_name(entry))
    }


def _names(entry: Entry) -> bool:
    """A file is named as the source that it becomes."""
    about = {"upload_file": "source"}.get(entry.operation) or entry.operation.partition("_")[2]
    return entry.operation.startswith(NAMING) and about == _key(entry)[0]


def _given_name(entry: Entry) -> str | None:
    return _argument(entry, "name", "title")


def _argument(entry: Entry, *names: str) -> str | None:
    """The first of these that was given, by itself or within the one that holds the rest."""
    try:
        given = json.loads(entry.detail or "")
    except ValueError:
        return None
    if not isinstance(given, dict):
        return None
    specs = [*(value for value in given.values() if isinstance(value, dict)), given]
    found = (spec.get(name) for spec in specs for name in names)
    return next((value for value in found if isinstance(value, str) and value), None)


def _asked_for(entry: Entry) -> str | None:
    """What there is no thing of: a role is somebody's, and what was refused has its name alone."""
    role = _argument(entry, "role")
    of = _argument(entry, "principal", "endpoint_name", "name", "title", "model_name")
    return f"{of}: {role.replace('_', ' ')}" if of and role else of


def _key(entry: Entry) -> tuple[str, str]:
    """A `new_token` is the token that it made."""
    return (entry.entity_type or "").removeprefix("new_"), entry.entity_id or ""


def _thing(entry: Entry, titles: Titles) -> str:
    """By its name where one is known; else by the end of its id, which tells it from others."""
    kind, key = _key(entry)
    if not key:
        return _asked_for(entry) or kind.replace("_", " ")
    short = f"…{key[-6:]}" if len(key) >= LONG else key
    return f"{kind.replace('_', ' ')}: {titles.get((kind, key), short)}"


def _pages(chosen: Mapping[str, Any], following: str | None) -> None:
    with st.container(horizontal=True):
        if _cursor(chosen):
            st.button("Newest", on_click=_turn, args=(chosen, None), icon=":material/first_page:")
        if following:
            st.button("Older", on_click=_turn, args=(chosen, following),
                      icon=":material/chevron_right:", icon_position="right")  # fmt: skip


def _turn(chosen: Mapping[str, Any], cursor: str | None) -> None:
    st.session_state[CURSOR] = (chosen, cursor)


def _entry(entry: Entry) -> None:
    with st.container(border=True):
        st.markdown(
            f"**{escaped(entry.operation)}** {mark(entry.outcome)} by {escaped(entry.user)}, "
            f"via {entry.door}"
        )
        if entry.reason:
            st.text(entry.reason)
        st.caption(
            f"{when(entry.at, '%Y-%m-%d %H:%M:%S')} · correlation {entry.correlation_id}"
            + (f" · {entry.duration_ms:.0f} ms" if entry.duration_ms is not None else "")
        )
        if entry.entity_id:
            kind, key = _key(entry)
            st.caption(f"{kind.replace('_', ' ')} `{key}`")
            open_thing("Open it", kind, key)
        if entry.detail:
            st.code(_detail(entry.detail), language="json")


def _detail(text: str) -> str:
    try:
        return pretty(json.loads(text))
    except ValueError:
        return text + " …"  # cut at the journal's limit

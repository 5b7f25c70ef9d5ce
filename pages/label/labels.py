"""Canonical labels: find one, and read how it came to be."""

import streamlit as st

from ontos.kernel.caller import Caller
from ontos.label.labels import CanonicalLabel, LabelVersion, label_history, list_labels
from pages.clock import when
from pages.data.words import escaped
from pages.frame import empty, loaded, mark
from pages.label.long import cut, draw_text
from pages.tables import rows_of

ROWS = 50


def draw(caller: Caller) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            "Search", key="labels-q", placeholder="Words in a label, or an item",
            icon=":material/search:", width=320,
        )  # fmt: skip
        kind = st.text_input("Label type", key="labels-type", placeholder="Any", width=180)
    cursors = _cursors(f"{search}\n{kind}")
    page = loaded(
        lambda: list_labels(
            caller, search=search or None, label_type=kind or None, limit=ROWS, cursor=cursors[-1]
        )
    )
    if not page.items:
        _nothing(bool(search or kind))
        return
    chosen = _table(page.items)
    _turn(cursors, page.next_cursor)
    if chosen:
        _history(caller, chosen)
    else:
        st.caption("Select a row to read its history.")


def _nothing(filtered: bool) -> None:
    if filtered:
        st.info("No label matches. Look for other words.", icon=":material/search_off:")
        return
    empty(
        "No labels yet",
        "What you approve or edit becomes the label of its item, and is used again when a sheet is "
        "assembled the next time.",
        "Review pairs", ("label", "review"),
    )  # fmt: skip


def _cursors(asked: str) -> list[str | None]:
    """Where the pages up to this one began; another search begins anew."""
    if st.session_state.get("labels-asked") != asked:
        st.session_state["labels-asked"] = asked
        st.session_state["labels-cursors"] = [None]
    cursors: list[str | None] = st.session_state["labels-cursors"]
    return cursors


def _table(labels: list[CanonicalLabel]) -> CanonicalLabel | None:
    column = st.column_config
    event = st.dataframe(
        rows_of([{**label.model_dump(), "response": cut(label.response)} for label in labels]),
        hide_index=True, on_select="rerun", selection_mode="single-row", key="labels-table",
        column_order=["response", "item_ref", "label_type", "version", "updated_by", "updated_at"],
        column_config={
            "response": column.TextColumn("Label", width="medium"),
            "item_ref": column.TextColumn("Item"),
            "label_type": column.TextColumn("Type"),
            "version": column.NumberColumn("Version", width="small"),
            "updated_by": column.TextColumn("Decided by"),
            "updated_at": column.DatetimeColumn("Decided", format="distance"),
        },
    )  # fmt: skip
    rows = event["selection"]["rows"]
    return labels[rows[0]] if rows and rows[0] < len(labels) else None


def _turn(cursors: list[str | None], following: str | None) -> None:
    with st.container(horizontal=True):
        if st.button("Previous", key="labels-previous", disabled=len(cursors) == 1):
            cursors.pop()
            st.rerun()
        if st.button("Next", key="labels-next", disabled=following is None):
            cursors.append(following)
            st.rerun()


def _history(caller: Caller, label: CanonicalLabel) -> None:
    versions: list[LabelVersion] = loaded(lambda: label_history(caller, label.id))
    st.subheader(f"History of {escaped(label.item_ref)}", anchor=False)
    for version in versions:
        _version(version)


def _version(version: LabelVersion) -> None:
    state = mark("approved") if version.standing else ""
    if version.change == "withdrawn":
        state = mark("rejected").replace("rejected", "withdrawn")
    with st.container(border=True):
        st.markdown(
            f"**Version {version.version}** {state}  \n"
            f":gray[{escaped(version.changed_by)}, {when(version.changed_at)}]"
        )
        draw_text(version.response)
        if version.reason:
            st.caption(escaped(f"Why: {version.reason}"))

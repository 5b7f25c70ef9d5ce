"""Sheets: the list, one of them, or the form for a new one, by the page's address."""

import streamlit as st

from ontos.data.catalog import Preview
from ontos.data.sheets import (
    Sheet,
    Status,
    archive_sheet,
    get_sheet,
    list_sheets,
    preview_sheet,
    publish_sheet,
)
from ontos.kernel.caller import Caller
from ontos.kernel.errors import OntosError
from pages.clock import when
from pages.data.new_sheet import draw_new
from pages.data.preview import ROWS, draw_preview, first_row
from pages.data.sheet_edit import draw_edit
from pages.data.words import escaped, short
from pages.frame import attempt, empty, go, loaded, mark, or_reason, param
from pages.listing import SHOWN, Listing
from pages.words import many

STATES: dict[str, Status | None] = {
    "All": None, "Drafts": "draft", "Published": "published", "Archived": "archived",
}  # fmt: skip
SHEETS = Listing("sheets", "sheet", STATES)


def draw(caller: Caller) -> None:
    if param("new"):
        draw_new(caller)
    elif sheet_id := param("sheet"):
        _draw_one(caller, sheet_id)
    else:
        _draw_list(caller)


def _draw_list(caller: Caller) -> None:
    found = SHEETS.read(
        lambda state, cursor: list_sheets(caller, status=state, limit=SHOWN, cursor=cursor)
    )
    if found is None:
        _nothing_yet()
        return
    SHEETS.head("New sheet", "data", "sheets", new=1)
    for sheet in found.items:
        _row(sheet)
    SHEETS.tail(found)


def _nothing_yet() -> None:
    empty(
        "No sheets yet",
        "A sheet says what the rows of a table are and what each column holds. Bring in a table "
        "first: a CSV, Parquet or JSON lines file.",
        "Upload a file", ("data", "upload"),
    )  # fmt: skip
    if st.button("Use a table that is here already", icon=":material/table:"):
        go("data", "sheets", new=1)


def _row(sheet: Sheet) -> None:
    about = [
        many(sheet.item_count, "item") if sheet.item_count is not None else "not counted yet",
        many(len(sheet.columns), "column"),
        short(sheet.source_table),
        f"changed {when(sheet.updated_at)} by {sheet.updated_by}",
    ]
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{escaped(sheet.name)}** {mark(sheet.status)}  \n"
            f":gray[:small[{escaped(' · '.join(about))}]]",
            width="stretch",
        )
        if st.button("Open", key=f"open-{sheet.id}"):
            go("data", "sheets", sheet=sheet.id)


def _draw_one(caller: Caller, sheet_id: str) -> None:
    if st.button("All sheets", icon=":material/arrow_back:", type="tertiary"):
        go("data", "sheets")
    offset = first_row(sheet_id)
    sheet, page = loaded(
        lambda: get_sheet(caller, sheet_id),
        # A sheet whose table is gone can still be looked at and archived.
        or_reason(lambda: preview_sheet(caller, sheet_id, limit=ROWS, offset=offset)),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"{escaped(sheet.name)} {mark(sheet.status)}", anchor=False, width="stretch")
        pressed = _buttons(sheet)
    if pressed:
        _act(caller, sheet, pressed)
    _facts(sheet)
    rows, columns = st.tabs(["Rows", "Name and columns"])
    with rows:
        _draw_rows(sheet, page)
    with columns:
        draw_edit(caller, sheet)


def _draw_rows(sheet: Sheet, page: Preview | OntosError) -> None:
    if isinstance(page, OntosError):
        st.warning(escaped(page.detail), icon=":material/warning:")
        return
    pictures = [c.name for c in sheet.columns if c.modality == "image"]
    # The reference repeats the column that names rows, or is a hash, which tells nobody anything.
    draw_preview(page, sheet.id, pictures, hidden=["item_ref"], first=sheet.item_id_column)


def _facts(sheet: Sheet) -> None:
    named = f"the column {sheet.item_id_column}" if sheet.item_id_column else "their content"
    counted = many(sheet.item_count, "item") if sheet.item_count is not None else "Items"
    st.caption(escaped(f"{sheet.source_table} · {counted} named by {named}"))
    if sheet.description:
        st.text(sheet.description)


def _buttons(sheet: Sheet) -> str | None:
    """What was pressed; the answer needs more room than stands beside the name."""
    if sheet.status == "draft" and st.button(
        "Publish", type="primary", icon=":material/publish:",
        help="Counts the items, checks that each has its own name, and opens the sheet for work.",
    ):  # fmt: skip
        return "publish"
    if sheet.status == "published" and st.button(
        "Make pairs of it", type="primary", icon=":material/arrow_forward:"
    ):
        go("generate", "assemble", sheet=sheet.id)
    if sheet.status == "archived":
        return None
    with st.popover("Archive", icon=":material/archive:"):
        st.write("The sheet stays readable, but no new pairs are made of it. This is final.")
        return "archive" if st.button("Archive the sheet", type="primary") else None


def _act(caller: Caller, sheet: Sheet, pressed: str) -> None:
    with st.spinner("Checking the items"):
        if pressed == "publish":
            done = attempt(publish_sheet, caller, sheet.id, done=_published)
        else:
            done = attempt(archive_sheet, caller, sheet.id, done="Archived")
    if done is not None:
        st.rerun()


def _published(sheet: Sheet) -> str:
    return f"Published with {many(sheet.item_count, 'item')}"

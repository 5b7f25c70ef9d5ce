"""Upload a file as a table: what was found in it, or the rows that stand in the way."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import streamlit as st

from ontos.data.catalog import Preview, preview_table
from ontos.data.sources import (
    Source,
    delete_source,
    get_source,
    list_sources,
    upload_file,
)
from ontos.kernel.caller import Caller
from ontos.kernel.errors import OntosError
from ontos.kernel.paging import Page
from ontos.kernel.transfer import Upload
from pages.clock import when
from pages.data.columns import pictures, types
from pages.data.preview import ROWS, draw_preview, first_row
from pages.data.words import escaped, short, size
from pages.frame import attempt, go, loaded, or_reason, param, show
from pages.words import many

ENDINGS = ["csv", "tsv", "txt", "parquet", "jsonl", "ndjson", "json"]
SHOWN = 25


def draw(caller: Caller) -> None:
    if source_id := param("source"):
        _draw_one(caller, source_id)
        return
    cursor = st.session_state.get("sources-cursor")
    found = loaded(lambda: list_sources(caller, limit=SHOWN, cursor=cursor))
    _form(caller)
    if found.items:
        _draw_list(caller, found)


def _form(caller: Caller) -> None:
    with st.container(border=True):
        file = st.file_uploader(
            "A CSV, Parquet or JSON lines file", type=ENDINGS, key="upload-file",
            max_upload_size=caller.settings.max_upload_mb,
        )  # fmt: skip
        if file is None:
            st.caption(
                "CSV: the first line names the columns; comma, semicolon, tab or bar between "
                "values; UTF-8. JSON lines: one object a line. A file is loaded whole, or not. "
                f"The most is {caller.settings.max_upload_mb:,} MB."
            )
            return
        name = st.text_input(
            "Name of the table", Path(file.name).stem, key=f"upload-name-{file.file_id}",
            help="Letters, digits and underscores; anything else becomes an underscore.",
        )  # fmt: skip
        if st.button("Load as a table", type="primary", icon=":material/upload:"):
            _load(caller, file, name)


def _load(caller: Caller, file: Any, name: str) -> None:
    with tempfile.TemporaryDirectory(prefix="ontos-upload-") as folder:
        path = Path(folder) / "body"
        with path.open("wb") as body:
            shutil.copyfileobj(file, body)
        file.seek(0)
        try:
            with st.spinner("Reading every row"):
                source = upload_file(caller, Upload(path, file.name, file.type or ""), name)
        except OntosError as error:
            _refused(error)
            return
    st.toast(f"Loaded {many(source.rows, 'row')}", icon=":material/check_circle:")
    go("data", "upload", source=source.id, table=source.table)


def _refused(error: OntosError) -> None:
    show(error)
    if rows := error.more.get("rows"):
        st.dataframe(
            rows, hide_index=True, column_order=["line", "problem", "text"],
            column_config={
                "line": st.column_config.NumberColumn("Line", width="small"),
                "problem": st.column_config.TextColumn("What is wrong", width="medium"),
                "text": st.column_config.TextColumn("What stands there", width="large"),
            },
        )  # fmt: skip


def _draw_list(caller: Caller, found: Page[Source]) -> None:
    st.subheader("Uploaded before", anchor=False)
    for source in found.items:
        _row(caller, source)
    if found.next_cursor:
        st.button("Older uploads", on_click=lambda: st.session_state.update(
            {"sources-cursor": found.next_cursor}))  # fmt: skip


def _row(caller: Caller, source: Source) -> None:
    about = [
        many(source.rows, "row"),
        many(len(source.columns), "column"),
        f"{source.file_name}, {size(source.size_bytes)}",
        f"{when(source.created_at)} by {source.created_by}",
    ]
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{escaped(short(source.table))}**  \n:gray[:small[{escaped(' · '.join(about))}]]",
            width="stretch",
        )
        if st.button("Open", key=f"open-{source.id}"):
            go("data", "upload", source=source.id, table=source.table)
        sure = _asked_to_delete(source)
    if sure:
        _delete(caller, source)


def _asked_to_delete(source: Source) -> bool:
    with st.popover("Delete", icon=":material/delete:", type="tertiary"):
        st.write("The table and its rows go. Pairs that were made of them stay.")
        return st.button("Delete the table", key=f"delete-{source.id}", type="primary")


def _delete(caller: Caller, source: Source) -> None:
    if attempt(delete_source, caller, source.id, done="Deleted") is not None:
        go("data", "upload")


def _draw_one(caller: Caller, source_id: str) -> None:
    if st.button("All uploads", icon=":material/arrow_back:", type="tertiary"):
        go("data", "upload")
    table, offset = param("table"), first_row(source_id)
    source, page = loaded(
        lambda: get_source(caller, source_id),
        # A source whose table is gone can still be looked at and deleted.
        or_reason(lambda: _rows(caller, source_id, table, offset)),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(escaped(short(source.table)), anchor=False, width="stretch")
        if st.button("Make a sheet of it", type="primary", icon=":material/arrow_forward:"):
            go("data", "sheets", new=1, table=source.table)
        sure = _asked_to_delete(source)
    if sure:
        _delete(caller, source)
    st.caption(escaped(
        f"{source.table} · {many(source.rows, 'row')} from {source.file_name},"
        f" {size(source.size_bytes)}"
    ))  # fmt: skip
    st.markdown(types(source.columns))
    if isinstance(page, OntosError):
        st.warning(escaped(page.detail), icon=":material/warning:")
    else:
        draw_preview(page, source.id, pictures(source.columns))


def _rows(caller: Caller, source_id: str, table: str | None, offset: int) -> Preview:
    known = table or get_source(caller, source_id).table
    return preview_table(caller, known, limit=ROWS, offset=offset)

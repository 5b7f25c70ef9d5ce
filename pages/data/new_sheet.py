"""The form for a new sheet: a table, what names its rows, what its columns hold."""

import streamlit as st

from ontos.data.catalog import CatalogTable, Preview
from ontos.data.sheets import SheetColumn, SheetSpec, create_sheet, guess_modality
from ontos.data.sources import Source, list_sources
from ontos.kernel.caller import Caller
from ontos.kernel.errors import OntosError
from pages.data.columns import draw_columns
from pages.data.preview import draw_preview, first_row, look_into
from pages.data.words import short
from pages.frame import attempt, go, loaded, or_reason, param, show

BY_CONTENT = "No column: rows are named by their content"
ID_NAMES = ("id", "item_id", "ref", "key", "uuid")


def draw_new(caller: Caller) -> None:
    if st.button("All sheets", icon=":material/arrow_back:", type="tertiary"):
        go("data", "sheets")
    st.subheader("New sheet", anchor=False)
    known = st.session_state.get("new-table", param("table"))
    offset = first_row(known) if known else 0
    sources, chosen = loaded(
        lambda: list_sources(caller, limit=200).items,
        or_reason(lambda: look_into(caller, known, offset) if known else None),
    )
    _choose_table(sources, known)
    if isinstance(chosen, OntosError):
        show(chosen)
    elif chosen is not None:
        _describe(caller, *chosen)


def _choose_table(sources: list[Source], known: str | None) -> None:
    rows = {source.table: source.rows for source in sources}
    options = list(dict.fromkeys([*rows, *([known] if known else [])]))
    st.selectbox(
        "Table", options, index=options.index(known) if known else None, key="new-table",
        accept_new_options=True, placeholder="Choose an upload, or type catalog.schema.table",
        format_func=lambda t: f"{short(t)} ({rows[t]:,} rows)" if t in rows else t,
        help="Uploaded tables come first. Any other table can be found under Catalog.",
    )  # fmt: skip


def _describe(caller: Caller, table: CatalogTable, page: Preview) -> None:
    names = [column.name for column in table.columns]
    grid = st.grid(2, min_column_width=340, gap="large")
    with grid.cell():
        name = st.text_input("Name", short(table.full_name), key=f"new-name-{table.full_name}")
        about = st.text_area("Description", key=f"new-about-{table.full_name}", height=104)
        named = st.selectbox(
            "What names each row", [BY_CONTENT, *names], index=_likely_id(names),
            key=f"new-id-{table.full_name}",
            help="Labels stay with a row under this name: choose values that never change.",
        )  # fmt: skip
    with grid.cell():
        st.markdown("What the columns hold")
        columns = [
            SheetColumn(name=c.name, type=c.type, modality=guess_modality(c.name, c.type))
            for c in table.columns
        ]
        modalities = draw_columns(columns, f"new-columns-{table.full_name}")
    if st.button("Make the sheet", type="primary", icon=":material/check:", key="once-sheet"):
        made = attempt(
            lambda: create_sheet(caller, SheetSpec(
                name=name, source_table=table.full_name, description=about or None,
                item_id_column=None if named == BY_CONTENT else named, modalities=modalities,
            )),
            done="Made a draft. Look at it, then publish it",
        )  # fmt: skip
        if made:
            go("data", "sheets", sheet=made.id)
    st.markdown("Rows of the table")
    draw_preview(page, table.full_name, [n for n, kind in modalities.items() if kind == "image"])


def _likely_id(names: list[str]) -> int:
    """The place in the choice of a column that is called as ids are; 0 for none."""
    exactly = (at for at, name in enumerate(names, 1) if name.lower() in ID_NAMES)
    first = 1 if names and names[0].lower().endswith("_id") else 0
    return next(exactly, first)

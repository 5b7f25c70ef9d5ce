"""Browse: schemas, their tables, and a look into one."""

from typing import cast

import streamlit as st

from ontos.data.catalog import (
    CatalogSchema,
    CatalogTable,
    Preview,
    list_schemas,
    list_tables,
)
from ontos.kernel.caller import Caller
from ontos.kernel.errors import OntosError
from pages.data.columns import pictures
from pages.data.preview import draw_preview, first_row, look_into
from pages.data.words import escaped, short
from pages.frame import empty, go, loaded, or_reason, param, show


def draw(caller: Caller) -> None:
    uploads = caller.workspace.catalog.upload_schema()
    linked = param("table")
    schema = st.session_state.get("catalog-schema") or (_schema_of(linked) if linked else uploads)
    name = _chosen_table(schema, linked)
    offset = first_row(name) if name else 0
    schemas, tables, opened = loaded(
        lambda: list_schemas(caller),
        # A schema or a table that is gone must not keep anybody from choosing another.
        or_reason(lambda: list_tables(caller, *_parts(schema))),
        or_reason(lambda: look_into(caller, name, offset) if name else None),
    )
    left, right = st.columns(2)
    with left:
        _choose_schema(schemas, schema)
    if isinstance(tables, OntosError):
        show(tables)
        return
    with right:
        _choose_table(tables, schema, name)
    if isinstance(opened, OntosError):
        show(opened)
    elif opened is not None:
        _draw_table(*opened)
    elif not tables:
        empty("No tables in this schema", "Upload a file, and its table appears here.",
              "Upload a file", ("data", "upload"))  # fmt: skip
    else:
        st.caption("Choose a table to look into it, or to make a sheet of it.")


def _schema_of(table: str) -> str:
    return table.rsplit(".", 1)[0]


def _chosen_table(schema: str, linked: str | None) -> str | None:
    if f"table-{schema}" in st.session_state:
        return cast("str | None", st.session_state[f"table-{schema}"])
    return linked if linked and _schema_of(linked) == schema else None


def _parts(schema: str) -> tuple[str, str]:
    catalog, _, name = schema.partition(".")
    return catalog, name


def _choose_schema(schemas: list[CatalogSchema], chosen: str) -> None:
    titles = {
        f"{s.catalog}.{s.name}": f"{s.catalog}.{s.name}" + (" (uploads)" if s.uploads else "")
        for s in schemas
    }
    options = list(titles) if chosen in titles else [chosen, *titles]
    st.selectbox(
        "Schema", options, index=options.index(chosen), key="catalog-schema",
        format_func=lambda name: titles.get(name, name),
    )  # fmt: skip


def _choose_table(tables: list[CatalogTable], schema: str, chosen: str | None) -> None:
    names = [table.full_name for table in tables]
    options = names if chosen is None or chosen in names else [chosen, *names]
    st.selectbox(
        "Table", options, index=options.index(chosen) if chosen else None, key=f"table-{schema}",
        format_func=short, placeholder="Choose a table" if names else "There are none",
    )  # fmt: skip


def _draw_table(table: CatalogTable, page: Preview) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(escaped(short(table.full_name)), anchor=False, width="stretch")
        if st.button("Make a sheet of it", type="primary", icon=":material/arrow_forward:"):
            go("data", "sheets", new=1, table=table.full_name)
    if table.comment:
        st.text(table.comment)
    rows, columns = st.tabs(["Rows", "Columns"])
    with rows:
        draw_preview(page, table.full_name, pictures(table.columns))
    with columns:
        shown = ["Column", "Type", *(["Comment"] if any(c.comment for c in table.columns) else [])]
        st.dataframe(
            [{"Column": c.name, "Type": c.type, "Comment": c.comment} for c in table.columns],
            column_order=shown, hide_index=True,
        )  # fmt: skip

"""A page of a table's rows, with the way to the rows before and after."""

from collections.abc import Collection
from typing import Any

import streamlit as st

from ontos.data.catalog import CatalogTable, Preview, get_table, preview_table
from ontos.kernel.caller import Caller
from ontos.warehouse import together

ROWS = 20
PICTURE_HEIGHT = 72
TALL = 640
"""Pixels of a row that shows pictures, and of a grid of them."""


LookedInto = tuple[CatalogTable, Preview]


def look_into(caller: Caller, name: str, offset: int) -> LookedInto:
    """A table with a page of its rows."""
    table, page = together(
        lambda: get_table(caller, name),
        lambda: preview_table(caller, name, limit=ROWS, offset=offset),
    )
    return table, page


def first_row(key: str) -> int:
    """How many rows to skip before the page that the person has leafed to."""
    return int(st.session_state.get(f"offset-{key}", 0))


def draw_preview(
    page: Preview, key: str, pictures: Collection[str] = (), hidden: Collection[str] = (),
    first: str | None = None,
) -> None:  # fmt: skip
    """The rows; `pictures` names the columns of addresses of pictures, `first` what names rows."""
    if not page.rows:
        st.caption("There are no rows here.")
    else:
        # Pictures come early, so that a narrow screen shows them.
        order = sorted(
            (name for name in page.columns if name not in hidden),
            key=lambda n: (n != first, n not in pictures),
        )
        tall = {"row_height": PICTURE_HEIGHT, "height": TALL}
        shown: dict[str, Any] = tall if pictures else {}
        st.dataframe(
            [{name: _cell(row.get(name)) for name in page.columns} for row in page.rows],
            column_order=order, column_config=_columns(pictures, first), hide_index=True,
            placeholder="", **shown,
        )  # fmt: skip
    _leaf(page, key)


def _columns(pictures: Collection[str], first: str | None) -> dict[str, Any]:
    config: dict[str, Any] = {name: st.column_config.ImageColumn() for name in pictures}
    return config | ({first: st.column_config.Column(pinned=True)} if first else {})


def _cell(value: Any) -> Any:
    """Lists and objects as text: a grid column has one type."""
    return str(value) if isinstance(value, list | dict) else value


def _leaf(page: Preview, key: str) -> None:
    if page.offset == 0 and not page.more:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Previous", key=f"before-{key}", icon=":material/chevron_left:",
            disabled=page.offset == 0, on_click=_move, args=(key, page.offset - ROWS),
        )  # fmt: skip
        st.button(
            "Next", key=f"after-{key}", icon=":material/chevron_right:", icon_position="right",
            disabled=not page.more, on_click=_move, args=(key, page.offset + ROWS),
        )  # fmt: skip
        if page.rows:
            st.caption(f"Rows {page.offset + 1:,} to {page.offset + len(page.rows):,}")


def _move(key: str, offset: int) -> None:
    st.session_state[f"offset-{key}"] = max(offset, 0)

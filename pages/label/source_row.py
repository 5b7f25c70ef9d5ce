"""The row that a pair was made of: its pictures, then its fields."""

from typing import Any

import streamlit as st

from ontos.label.pairs import PairInContext
from pages.data.words import escaped
from pages.label.long import draw_text


def source_row(shown: PairInContext) -> None:
    if shown.source is None:
        st.caption(f":material/info: {escaped(shown.source_problem or '')}")
        return
    images = {c.name for c in shown.source_columns if c.modality == "image"}
    for name in sorted(images):
        if address := shown.source.get(name):
            _image(name, str(address))
    rest = {k: v for k, v in shown.source.items() if k not in images and k != "item_ref"}
    with st.expander("Source row", expanded=len(rest) <= 6):
        for name, value in rest.items():
            with st.container(horizontal=True, gap="small"):
                st.text(name, width=130)
                with st.container(width="stretch"):
                    draw_text(_plain(value))


def _image(name: str, address: str) -> None:
    """The browser fetches it, so that this app asks no address that a row names."""
    if not address.startswith(("https://", "http://", "data:image/")):
        st.caption(escaped(f"{name}: {address[:200]}"))
        return
    st.image(address, caption=name, width=420)


def _plain(value: Any) -> str:
    return "(empty)" if value in (None, "") else str(value)

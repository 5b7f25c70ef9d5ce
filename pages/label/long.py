"""Texts of any length on a page: a browser freezes over megabytes in the cells of a grid."""

import streamlit as st

MOST = 2_000
"""Characters of a text that a cell holds; also those that are drawn without a frame to scroll."""
HEIGHT = 360


def cut(text: str) -> str:
    """The beginning of a text that is too long for a cell; any other as it is."""
    return text if len(text) <= MOST else text[: MOST - 1] + "…"


def draw_text(text: str) -> None:
    """All of it; what is long scrolls in its own frame."""
    with st.container(height=HEIGHT if len(text) > MOST else "content", border=False):
        st.text(text)

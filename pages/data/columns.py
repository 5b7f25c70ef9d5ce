"""The grid in which a person says what each column holds."""

from collections.abc import Sequence
from typing import cast

import streamlit as st

from ontos.data.catalog import CatalogColumn
from ontos.data.sheets import Modality, SheetColumn, guess_modality
from ontos.data.sources import SourceColumn
from pages.data.words import escaped

MODALITIES: dict[Modality, str] = {
    "text": "what is read", "image": "addresses of pictures", "label": "the known answer",
    "metadata": "everything else",
}  # fmt: skip

HELP = "; ".join(f"{name}: {meaning}" for name, meaning in MODALITIES.items())


SHOWN = 30

Found = SourceColumn | CatalogColumn


def pictures(columns: Sequence[Found]) -> list[str]:
    """The columns that seem to hold addresses of pictures."""
    return [c.name for c in columns if guess_modality(c.name, c.type) == "image"]


def types(columns: Sequence[Found]) -> str:
    """The columns with their types on one line of Markdown."""
    shown = " · ".join(f"{escaped(c.name)} :gray-badge[{c.type}]" for c in columns[:SHOWN])
    more = len(columns) - SHOWN
    return shown + (f" · and {more} more" if more > 0 else "")


def draw_columns(
    columns: Sequence[SheetColumn], key: str, fixed: bool = False
) -> dict[str, Modality]:
    """The modality of each column, as it stands in the grid now."""
    edited = st.data_editor(
        [{"Column": c.name, "Type": c.type, "Holds": c.modality} for c in columns],
        key=key, hide_index=True, num_rows="fixed",
        disabled=True if fixed else ["Column", "Type"],
        column_config={
            "Holds": st.column_config.SelectboxColumn(
                options=list(MODALITIES), required=True, help=HELP
            ),
        },
    )  # fmt: skip
    return {str(row["Column"]): cast(Modality, row["Holds"]) for row in edited}

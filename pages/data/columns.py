"""The grid in which a person says what each column holds."""

from collections.abc import Sequence

import streamlit as st

from ontos.data.sheets import Modality, SheetColumn

MODALITIES: dict[Modality, str] = {
    "text": "what is read", "image": "addresses of pictures", "label": "the known answer",
    "metadata": "everything else",
}  # fmt: skip

HELP = "; ".join(f"{name}: {meaning}" for name, meaning in MODALITIES.items())


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
    return {row["Column"]: row["Holds"] for row in edited}

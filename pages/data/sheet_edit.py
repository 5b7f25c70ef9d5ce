"""What can be changed of a sheet: its name, its description, what its columns hold."""

import streamlit as st

from ontos.data.sheets import Sheet, SheetChange, update_sheet
from ontos.kernel.caller import Caller
from pages.data.columns import draw_columns
from pages.frame import attempt


def draw_edit(caller: Caller, sheet: Sheet) -> None:
    """The form; what is typed stays when the change is refused."""
    mine = f"{sheet.id}-{sheet.version}"
    if sheet.status == "archived":
        draw_columns(sheet.columns, f"columns-{mine}", fixed=True)
        return
    with st.form(f"edit-{mine}", border=False):
        name = st.text_input("Name", sheet.name, key=f"name-{mine}")
        description = st.text_area("Description", sheet.description or "", key=f"about-{mine}")
        modalities = draw_columns(sheet.columns, f"columns-{mine}")
        if not st.form_submit_button("Save", icon=":material/save:"):
            return
    saved = attempt(
        lambda: update_sheet(caller, sheet.id, SheetChange(
            name=name, description=description, modalities=modalities, version=sheet.version,
        )),
        done="Saved",
    )  # fmt: skip
    if saved:
        st.rerun()

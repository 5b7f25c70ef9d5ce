"""The live preview: what the prompts that are being written make of a real item."""

from collections.abc import Sequence

import streamlit as st

from ontos.data.catalog import Preview
from ontos.data.sheets import Sheet
from ontos.generate.previews import PromptSpec, check_template
from ontos.generate.rendering import compile_prompt, render
from ontos.kernel.caller import Caller
from ontos.kernel.errors import OntosError
from pages.data.words import escaped
from pages.frame import param
from pages.generate.columns import suggested

ITEMS = 20
"""Items of the sheet that can be leafed through; they are read once."""


def draw_sample(
    caller: Caller, system: str | None, user: str, sheets: Sequence[Sheet],
    items: Preview | OntosError | None,
) -> None:  # fmt: skip
    """Placeholders as they are found, and the prompt of one item of a sheet."""
    found = _placeholders(caller, system, user)
    if found is None:
        return
    names = " ".join(f":blue-badge[{name}]" for name in found) or ":gray[none yet]"
    st.markdown(f"Placeholders: {names}")
    if not found:
        st.caption("Without a placeholder every item gets the same prompt. Write `{{ text }}`.")
    sheet = _choose_sheet(sheets)
    if isinstance(items, OntosError):
        st.warning(escaped(items.detail), icon=":material/warning:")
    elif sheet is not None and items is not None and items.rows:
        mapping = _mapping(found, sheet)
        if len(mapping) < len(found):
            st.caption("Choose a column for each placeholder to see the prompt.")
        else:
            _show(user, system, mapping, items)


def _placeholders(caller: Caller, system: str | None, user: str) -> list[str] | None:
    """What the prompts want; None, and the reason in the page, where they are not right yet."""
    if not user.strip():
        st.info("What the model will be asked appears here as you write.",
                icon=":material/visibility:")  # fmt: skip
        return None
    try:
        spec = PromptSpec(system_prompt=system, user_prompt=user)
        return check_template(caller, spec).placeholders
    except OntosError as error:
        st.warning(escaped(error.detail), icon=":material/edit_note:")
        return None


def _choose_sheet(sheets: Sequence[Sheet]) -> Sheet | None:
    if not sheets:
        st.caption("Publish a sheet to see the prompt of a real item here.")
        return None
    by_id, wanted = {sheet.id: sheet for sheet in sheets}, param("sheet")
    ids = list(by_id)
    chosen = st.selectbox(
        "Try it on", ids, index=ids.index(wanted) if wanted in by_id else None,
        format_func=lambda i: by_id[i].name, key=f"sample-{wanted}", placeholder="Choose a sheet",
    )  # fmt: skip
    if chosen and chosen != wanted:
        st.query_params["sheet"] = chosen
        st.rerun()
    return by_id.get(chosen) if chosen else None


def _mapping(found: list[str], sheet: Sheet) -> dict[str, str]:
    """Columns of equal names; for the others one can be chosen, to look at."""
    guessed = suggested(found, sheet)
    columns = [column.name for column in sheet.columns]
    equal = {name.lower() for name in columns}
    mapping = dict(guessed)
    with st.container(horizontal=True):
        for name in (n for n in found if n.lower() not in equal):
            at = columns.index(guessed[name]) if name in guessed else None
            chosen = st.selectbox(f"{name} is", columns, at, key=f"sample-{sheet.id}-{name}",
                                  placeholder="Choose a column")  # fmt: skip
            mapping |= {name: chosen} if chosen else {}
    return mapping


def _show(user: str, system: str | None, mapping: dict[str, str], items: Preview) -> None:
    at = st.number_input("Item", 1, len(items.rows), key="sample-item", width=140)
    row = items.rows[int(at) - 1]
    try:
        prompt = render(compile_prompt(user), {name: row[c] for name, c in mapping.items()})
    except OntosError as error:
        st.warning(escaped(error.detail), icon=":material/warning:")
        return
    if system:
        st.caption("System")
        st.code(system, language=None, wrap_lines=True)
    st.caption(escaped(f"User · item {row['item_ref']}"))
    st.code(prompt, language=None, wrap_lines=True)

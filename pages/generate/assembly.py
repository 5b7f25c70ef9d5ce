"""Assemble: which sheet goes through which template, column by column."""

from collections.abc import Sequence
from typing import TypeVar

import streamlit as st

from ontos.data.sheets import Sheet, list_sheets
from ontos.generate.assembly import AssembleSpec, assemble_sheet
from ontos.generate.coverage import Coverage, get_coverage
from ontos.generate.previews import PreviewSpec, PromptPreview, preview_template
from ontos.generate.templates import Template, list_templates
from ontos.kernel.caller import Caller
from ontos.kernel.errors import OntosError
from pages.data.words import escaped
from pages.frame import attempt, empty, go, loaded, or_reason, param
from pages.generate.columns import suggested

R = TypeVar("R", Sheet, Template)

NO_RESPONSE = "None: the responses are written later"


def draw(caller: Caller) -> None:
    sheet_id, template_id = param("sheet"), param("template")
    sheets, templates, cover = loaded(
        lambda: list_sheets(caller, status="published", limit=1000),
        lambda: list_templates(caller, status="published", limit=1000),
        or_reason(lambda: _cover(caller, sheet_id, template_id)),
    )
    if not (sheets.items and templates.items):
        _nothing_to_assemble(bool(sheets.items))
        return
    grid = st.grid(2, min_column_width=300)
    with grid.cell():
        sheet = _choose("Sheet", sheets.items, "sheet", "Choose a sheet")
    with grid.cell():
        template = _choose("Template", templates.items, "template", "Choose a template")
    if sheet is None or template is None:
        st.caption("Choose what goes through what. Only what is published can be chosen.")
        return
    _meter(cover)
    _form(caller, sheet, template)


def _nothing_to_assemble(has_sheets: bool) -> None:
    if has_sheets:
        empty("No published template", "Write the question that is put to the model, then publish "
              "it.", "Open the templates", ("generate", "templates"))  # fmt: skip
    else:
        empty("No published sheet", "A sheet says which items there are. Make one of a table, then "
              "publish it.", "Open the sheets", ("data", "sheets"))  # fmt: skip


def _cover(caller: Caller, sheet_id: str | None, template_id: str | None) -> Coverage | None:
    return get_coverage(caller, sheet_id, template_id) if sheet_id and template_id else None


def _choose(label: str, items: Sequence[R], key: str, hint: str) -> R | None:
    """Nothing is chosen until the person or the address does."""
    by_id, wanted = {item.id: item for item in items}, param(key)
    ids = list(by_id)
    chosen = st.selectbox(
        label, ids, index=ids.index(wanted) if wanted in by_id else None, placeholder=hint,
        format_func=lambda i: _title(by_id[i]), key=f"assemble-{key}-{wanted}",
    )  # fmt: skip
    if wanted and wanted not in by_id:
        st.caption(
            f":material/link_off: The {key} that the address names is not published, or gone."
        )
    if chosen and chosen != wanted:
        st.query_params[key] = chosen
        st.rerun()
    return by_id.get(chosen) if chosen else None


def _title(item: Sheet | Template) -> str:
    if isinstance(item, Sheet):
        return f"{item.name} · {item.item_count or 0:,} items"
    return f"{item.name} · revision {item.revision} · {item.label_type}"


def _meter(cover: Coverage | OntosError | None) -> None:
    """How many items arrive with an answer that people gave before."""
    if isinstance(cover, OntosError):
        st.warning(escaped(cover.detail), icon=":material/warning:")
    elif cover is not None and cover.percent is not None:
        st.progress(
            cover.percent / 100,
            text=f"**{cover.covered:,} of {cover.items:,} items** ({cover.percent:g} %) have an "
            f"approved {cover.label_type} already; {cover.uncovered:,} have none.",
        )  # fmt: skip
        if cover.by_label:
            with st.expander("Approved answers so far", icon=":material/bar_chart:"):
                st.dataframe(
                    [{"Answer": c.label, "Items": c.items} for c in cover.by_label],
                    hide_index=True, column_config={"Items": st.column_config.ProgressColumn(
                        format="%d", min_value=0, max_value=cover.by_label[0].items)},
                )  # fmt: skip


@st.fragment
def _form(caller: Caller, sheet: Sheet, template: Template) -> None:
    columns = [column.name for column in sheet.columns]
    guessed = suggested(template.placeholders, sheet)
    key = f"{sheet.id}-{template.id}"
    grid = st.grid(2, min_column_width=300)
    mapping = {}
    for name in template.placeholders:
        at = columns.index(guessed[name]) if name in guessed else None
        mapping[name] = grid.selectbox(
            f"`{name}` is the column", columns, index=at, key=f"map-{key}-{name}",
            placeholder="Choose a column",
        )  # fmt: skip
    labels = [c.name for c in sheet.columns if c.modality == "label"]
    response = grid.selectbox(
        "Responses are in the column", [NO_RESPONSE, *columns], key=f"response-{key}",
        index=1 + columns.index(labels[0]) if labels else 0,
        help="Taken where no approved answer is known yet. They wait for review.",
    )  # fmt: skip
    answer = None if response == NO_RESPONSE else response
    name = grid.text_input("Name", f"{sheet.name} · {template.name}"[:200], key=f"name-{key}")
    given = {placeholder: column for placeholder, column in mapping.items() if column}
    if answer and answer in given.values():
        st.warning(f"The prompt shows the column {escaped(answer)}, which is also the response: a "
                   "model would only learn to repeat it.", icon=":material/warning:")  # fmt: skip
    _first_prompt(caller, sheet, template, given)
    if st.button("Assemble", type="primary", icon=":material/play_arrow:", key="once-assemble"):
        _assemble(caller, sheet, template, name, given, answer)


def _first_prompt(
    caller: Caller, sheet: Sheet, template: Template, mapping: dict[str, str]
) -> None:
    if not st.toggle("Show the first prompt", disabled=len(mapping) < len(template.placeholders)):
        return
    shown: PromptPreview = loaded(
        lambda: preview_template(
            caller, template.id, PreviewSpec(sheet_id=sheet.id, column_mapping=mapping)
        )
    )
    st.caption(escaped(f"Item {shown.item_ref}"))
    st.code(shown.user_prompt, language=None, wrap_lines=True)


def _assemble(
    caller: Caller, sheet: Sheet, template: Template, name: str, mapping: dict[str, str],
    answer: str | None,
) -> None:  # fmt: skip
    made = attempt(
        lambda: assemble_sheet(
            caller, sheet.id,
            AssembleSpec(name=name, template_id=template.id, column_mapping=mapping,
                         response_column=answer),
        )
    )  # fmt: skip
    if made:
        go("generate", "training-sheets", training_sheet=made.id)

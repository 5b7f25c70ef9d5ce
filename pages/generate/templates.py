"""Templates: the list, or one of them with what it makes of a real item, by the page's address."""

import streamlit as st

from ontos.data.sheets import list_sheets, preview_sheet
from ontos.generate.templates import Template, get_template, list_templates
from ontos.kernel.caller import Caller
from pages.clock import when
from pages.data.words import escaped
from pages.frame import empty, go, loaded, mark, or_reason, param
from pages.generate.editor import draw_editor, forget_edit
from pages.generate.sample import ITEMS
from pages.listing import SHOWN, Listing

STATES = {"All": None, "Drafts": "draft", "Published": "published", "Archived": "archived"}
TEMPLATES = Listing("templates", "template", STATES)


def draw(caller: Caller) -> None:
    if template_id := param("template"):
        _draw_one(caller, None if template_id == "new" else template_id)
    else:
        _draw_list(caller)


def _draw_list(caller: Caller) -> None:
    found = TEMPLATES.read(
        lambda state, cursor: list_templates(caller, status=state, limit=SHOWN, cursor=cursor)
    )
    if found is None:
        empty(
            "No templates yet",
            "A template is the question that is put to a model, with placeholders for what differs "
            "from item to item: `Message: {{ text }}`.",
            "Write a template", ("generate", "templates"), template="new",
        )  # fmt: skip
        return
    TEMPLATES.head("New template", "generate", "templates", template="new")
    for template in found.items:
        _row(template)
    TEMPLATES.tail(found)


def _row(template: Template) -> None:
    wants = ", ".join(template.placeholders) or "no placeholder"
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{escaped(template.name)}** {mark(template.status)}  \n"
            f":gray[:small[revision {template.revision} · answers {escaped(template.label_type)} · "
            f"{escaped(wants)} · changed {when(template.updated_at)} by "
            f"{escaped(template.updated_by)}]]",
            width="stretch",
        )
        if st.button("Open", key=f"open-{template.id}", on_click=forget_edit):
            go("generate", "templates", template=template.id)


def _draw_one(caller: Caller, template_id: str | None) -> None:
    if st.button(
        "All templates", key="leave-template", icon=":material/arrow_back:", type="tertiary"
    ):
        go("generate", "templates")
    sheet_id = param("sheet")
    template, sheets, items = loaded(
        lambda: get_template(caller, template_id) if template_id else None,
        lambda: list_sheets(caller, status="published"),
        # A sheet whose table is gone must not keep anybody from editing.
        or_reason(lambda: preview_sheet(caller, sheet_id, limit=ITEMS) if sheet_id else None),
    )
    draw_editor(caller, template, sheets.items, items)

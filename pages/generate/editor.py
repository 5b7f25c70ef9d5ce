"""One template: its prompts, the live preview beside them, and what can be done with it."""

from collections.abc import Sequence

import streamlit as st

from ontos.data.catalog import Preview
from ontos.data.sheets import Sheet
from ontos.generate.templates import (
    Template,
    TemplateChange,
    TemplateSpec,
    archive_template,
    create_template,
    publish_template,
    revise_template,
    update_template,
)
from ontos.kernel.caller import Caller
from ontos.kernel.errors import OntosError
from pages.clock import when
from pages.data.words import escaped
from pages.frame import attempt, go, mark, param
from pages.generate.sample import draw_sample
from pages.guard import guard_text

Typed = dict[str, str | None]
FIELDS = "template-fields"
"""The key of what holds the fields that are written in."""


def draw_editor(
    caller: Caller, template: Template | None, sheets: Sequence[Sheet],
    items: Preview | OntosError | None,
) -> None:  # fmt: skip
    """A new template where `template` is None."""
    _title(template)
    _edit(caller, _begun(template) if template else None, sheets, items)


def forget_edit() -> None:
    """Begin anew with what is saved when a template is opened next."""
    st.session_state.pop("editing-template", None)


def _begun(template: Template) -> Template:
    """The template as it was when the person began to edit: what is typed belongs to that."""
    begun: Template = st.session_state.setdefault("editing-template", template)
    if begun.id != template.id:
        begun = st.session_state["editing-template"] = template
    if begun.version != template.version:
        st.warning(
            f"{escaped(template.updated_by)} changed this template after you opened it. What you "
            "typed is still here, but cannot be saved over it.", icon=":material/group:",
        )  # fmt: skip
        st.button("Load the newer version", icon=":material/refresh:", on_click=forget_edit)
    return begun


def _title(template: Template | None) -> None:
    if template is None:
        st.subheader("New template", anchor=False)
        return
    st.subheader(f"{escaped(template.name)} {mark(template.status)}", anchor=False)
    st.caption(
        f"Revision {template.revision} · changed {when(template.updated_at)} by "
        f"{escaped(template.updated_by)}"
    )


@st.fragment
def _edit(
    caller: Caller, template: Template | None, sheets: Sequence[Sheet],
    items: Preview | OntosError | None,
) -> None:  # fmt: skip
    """Typing redraws this part alone."""
    grid = st.grid(2, min_column_width=340, gap="medium")
    with grid.cell():
        fixed = template is not None and template.status != "draft"
        with st.container(key=FIELDS):
            typed = _fixed(template) if template and fixed else _prompts(template)
        if not fixed:
            guard_text(_changed(template, typed), FIELDS)
        _actions(caller, template, typed, sheets)
    with grid.cell(), st.container(border=True):
        draw_sample(caller, typed["system_prompt"], typed["user_prompt"] or "", sheets, items)


def _prompts(template: Template | None) -> Typed:
    """The fields; their keys change with the saved version, so what is typed survives a refusal."""
    key = f"{template.id}-{template.version}" if template else "new"
    saved = template.model_dump() if template else {}
    with st.container(horizontal=True):
        name = st.text_input("Name", saved.get("name", ""), key=f"name-{key}",
                             placeholder="Sort messages")  # fmt: skip
        label = st.text_input(
            "Label type", saved.get("label_type", ""), key=f"label-{key}", placeholder="intent",
            help="What kind of answer it asks for. Approved answers are kept for each item and "
            "label type, and are used again by every template of the same type.",
        )  # fmt: skip
    system = st.text_area(
        "System prompt", saved.get("system_prompt") or "", key=f"system-{key}", height=96,
        placeholder="Optional. One text for all items: who the model is and how it "
        "answers.",
    )  # fmt: skip
    user = st.text_area(
        "User prompt", saved.get("user_prompt", ""), key=f"user-{key}", height=240,
        placeholder="Message: {{ text }}\nIntent:",
        help="Jinja2. A placeholder is a name in double braces: {{ text }}. Filters such as "
        "upper, trim or default('none') may follow it after a bar.",
    )  # fmt: skip
    return {"name": name, "label_type": label, "system_prompt": (system.strip() and system) or None,
            "user_prompt": user}  # fmt: skip


def _changed(template: Template | None, typed: Typed) -> bool:
    """Whether something was written that is not saved."""
    saved = template.model_dump(include=set(typed)) if template else {}
    return any((value or "") != (saved.get(name) or "") for name, value in typed.items())


def _fixed(template: Template) -> Typed:
    """What is published is read, not edited."""
    st.markdown(f"Answers **{escaped(template.label_type)}**")
    if template.system_prompt:
        st.caption("System prompt")
        st.code(template.system_prompt, language=None, wrap_lines=True)
    st.caption("User prompt")
    st.code(template.user_prompt, language="jinja2", wrap_lines=True)
    return template.model_dump(include={"name", "label_type", "system_prompt", "user_prompt"})


def _actions(
    caller: Caller, template: Template | None, typed: Typed, sheets: Sequence[Sheet]
) -> None:
    with st.container(horizontal=True):
        if template is None:
            if st.button(
                "Save as draft", type="primary", icon=":material/save:", key="once-template"
            ):
                _open(attempt(lambda: create_template(caller, TemplateSpec(**typed)),
                              done="Saved as a draft"))  # fmt: skip
            return
        if template.status == "draft":
            _draft(caller, template, typed)
        if template.status == "published" and st.button(
            "Assemble pairs with it", type="primary", icon=":material/arrow_forward:"
        ):
            go("generate", "assemble", template=template.id, sheet=_tried_on(sheets))
        if template.status != "draft" and st.button("New revision", icon=":material/edit:"):
            _open(attempt(revise_template, caller, template.id, done="Made a draft of it"))
        if template.status != "archived":
            _archive(caller, template)


def _tried_on(sheets: Sequence[Sheet]) -> str | None:
    """The sheet that the prompt was tried on; where nothing was chosen, the only one there is."""
    return param("sheet") or (sheets[0].id if len(sheets) == 1 else None)


def _draft(caller: Caller, template: Template, typed: Typed) -> None:
    changed = any(getattr(template, name) != value for name, value in typed.items())
    if st.button("Save", icon=":material/save:", disabled=not changed):
        _open(_save(caller, template, typed))
    with st.popover("Publish", icon=":material/publish:", type="primary"):
        st.write("A published template never changes, so that its pairs can be trusted. "
                 "A new revision can be made of it at any time.")  # fmt: skip
        sure = st.button("Publish the template", key="publish", type="primary")
    if sure:
        saved = _save(caller, template, typed) if changed else template
        if saved:
            _open(attempt(publish_template, caller, template.id, done="Published"))
    if changed:
        st.caption(":orange[:material/circle:] Not saved yet")


def _save(caller: Caller, template: Template, typed: Typed) -> Template | None:
    return attempt(
        lambda: update_template(
            caller, template.id, TemplateChange(**typed, version=template.version)
        ),
        done="Saved",
    )


def _archive(caller: Caller, template: Template) -> None:
    with st.popover("Archive", icon=":material/archive:"):
        st.write("What was assembled with it stays; nothing more is. This is final.")
        sure = st.button("Archive the template", key="archive", type="primary")
    if sure:
        _open(attempt(archive_template, caller, template.id, done="Archived"))


def _open(template: Template | None) -> None:
    """Show what came of it; after a refusal everything stays as it was typed."""
    if template is not None:
        forget_edit()
        st.query_params["template"] = template.id
        st.rerun()

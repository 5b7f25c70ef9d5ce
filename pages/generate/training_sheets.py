"""Training sheets: the list, or one of them with its work and its pairs, by the page's address."""

import streamlit as st

from ontos.generate.generation import get_generation_model, list_generation_errors
from ontos.generate.training_sheets import (
    TrainingSheet,
    archive_training_sheet,
    get_training_sheet,
    get_training_sheet_job,
    list_training_sheets,
)
from ontos.kernel.caller import Caller
from pages.clock import when
from pages.data.words import escaped
from pages.frame import attempt, empty, go, loaded, mark, param
from pages.generate.bars import draw_bar
from pages.generate.work import active, draw_generation, draw_work
from pages.listing import SHOWN, Listing
from pages.words import many

SHEETS = Listing("training-sheets", "training sheet")


def draw(caller: Caller) -> None:
    if key := param("training_sheet"):
        _draw_one(caller, key)
    else:
        _draw_list(caller)


def _draw_list(caller: Caller) -> None:
    found = SHEETS.read(
        lambda _state, cursor: list_training_sheets(caller, limit=SHOWN, cursor=cursor)
    )
    if found is None:
        empty(
            "No training sheets yet",
            "Put a published sheet through a published template: each item becomes a pair of "
            "prompt and response, ready for review.",
            "Assemble one", ("generate", "assemble"),
        )  # fmt: skip
        return
    SHEETS.head("Assemble another", "generate", "assemble")
    for sheet in found.items:
        _row(sheet)
    SHEETS.tail(found)


def _row(sheet: TrainingSheet) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"**{escaped(sheet.name)}** {mark(sheet.status)}  \n"
                f":gray[:small[{many(sheet.total_items, 'pair')} · {escaped(sheet.sheet_name)}"
                f" through {escaped(sheet.template_name)} · {when(sheet.created_at)} by "
                f"{escaped(sheet.created_by)}]]",
                width="stretch",
            )
            if st.button("Open", key=f"open-{sheet.id}"):
                go("generate", "training-sheets", training_sheet=sheet.id)
        draw_bar(sheet)


def _draw_one(caller: Caller, key: str) -> None:
    if st.button("All training sheets", icon=":material/arrow_back:", type="tertiary"):
        go("generate", "training-sheets")
    sheet, work, model, errors = loaded(
        lambda: get_training_sheet(caller, key),
        lambda: get_training_sheet_job(caller, key),
        lambda: get_generation_model(caller),
        lambda: list_generation_errors(caller, key),
    )
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.subheader(f"{escaped(sheet.name)} {mark(sheet.status)}", anchor=False, width="stretch")
        _actions(caller, sheet)
    st.caption(escaped(f"{sheet.sheet_name} through {sheet.template_name} · {sheet.created_by}"))
    draw_work(caller, sheet, work)
    draw_bar(sheet)
    _figures(sheet)
    if sheet.status == "ready" and not active(work):
        draw_generation(caller, sheet, model, errors)
    _recipe(sheet)


def _actions(caller: Caller, sheet: TrainingSheet) -> None:
    with st.container(horizontal=True, width="content"):
        if sheet.status == "ready" and st.button(
            "Review the pairs", type="primary", icon=":material/rate_review:"
        ):
            go("label", "review", sheet=sheet.id)
        if sheet.status in ("ready", "failed"):
            _archive(caller, sheet)


def _archive(caller: Caller, sheet: TrainingSheet) -> None:
    with st.popover("Archive", icon=":material/archive:"):
        st.write("Its pairs stay readable, but nobody reviews or trains on them. This is final.")
        sure = st.button("Archive the training sheet", key="archive", type="primary")
    if sure and attempt(archive_training_sheet, caller, sheet.id, done="Archived"):
        st.rerun()


def _figures(sheet: TrainingSheet) -> None:
    if not sheet.total_items:
        return
    with st.grid("auto", min_column_width=130):
        st.metric("Pairs", f"{sheet.total_items:,}")
        st.metric("To review", f"{sheet.pending_count - sheet.empty_count:,}")
        st.metric("Approved", f"{sheet.approved_count:,}", help="Edited ones included.")
        st.metric("Arrived approved", f"{sheet.auto_approved_count:,}",
                  help="Items whose answer was approved before.")  # fmt: skip
        st.metric("Without a response", f"{sheet.empty_count:,}")


def _recipe(sheet: TrainingSheet) -> None:
    with st.expander("How the pairs were made", icon=":material/receipt_long:"):
        if sheet.system_prompt:
            st.caption("System prompt")
            st.code(sheet.system_prompt, language=None, wrap_lines=True)
        st.caption("User prompt")
        st.code(sheet.user_prompt, language="jinja2", wrap_lines=True)
        for name, column in sheet.column_mapping.items():
            st.markdown(f"`{name}` is the column **{escaped(column)}**")
        if sheet.response_column:
            st.markdown(f"Responses are in the column **{escaped(sheet.response_column)}**")

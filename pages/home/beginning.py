"""The way to the first pairs: what is there by now, and the one step that comes next."""

from dataclasses import dataclass, field

import streamlit as st

from ontos.data.sheets import list_sheets
from ontos.data.sources import list_sources
from ontos.govern.overview import Funnel
from ontos.kernel.caller import Caller
from ontos.kernel.permission import decide, write
from ontos.sample.project import load_sample
from pages.data.words import escaped, short
from pages.frame import attempt, go, loaded


@dataclass(frozen=True)
class Step:
    """What is there, and the button that goes on from it."""

    said: str
    label: str
    stage: str
    view: str
    params: dict[str, str] = field(default_factory=dict)


def begun(funnel: Funnel) -> bool:
    """Whether there is anything that the funnel would count."""
    return any((funnel.sheets, funnel.templates, funnel.training_sheets, funnel.pairs))


def draw_beginning(caller: Caller, funnel: Funnel, *, sample: bool) -> None:
    """Until the first training sheet: the next step, and the sample where it is not loaded."""
    if funnel.training_sheets or funnel.pairs:
        return
    if not decide(caller, write("sheets")).allowed:
        st.caption("Nothing to look at yet. Whoever may write sheets begins with a table.")
        return
    step = _next(caller, funnel)
    with st.container(border=True):
        st.subheader("Next" if step else "Nothing here yet", anchor=False)
        st.markdown(step.said if step else (
            "Upload a table with something to learn from, or load the sample project: about 300 "
            "support messages, some with pictures, ready to label, train and deploy. It can be "
            "removed again with one click."
        ))  # fmt: skip
        with st.container(horizontal=True):
            _go_on(step or Step("", "Upload a table", "data", "upload"))
            if not sample:
                _load_sample(caller)


def _next(caller: Caller, funnel: Funnel) -> Step | None:
    if funnel.sheets and funnel.templates:
        return Step("A sheet and a template are published. Put the one through the other: that "
                    "makes the pairs.", "Assemble pairs", "generate", "assemble")  # fmt: skip
    if funnel.sheets:
        return Step("A sheet is published. Write the question that is put to a model about each of "
                    "its items.", "Write a template", "generate", "templates")  # fmt: skip
    drafts, sources = loaded(
        lambda: list_sheets(caller, status="draft", limit=1).items,
        lambda: list_sources(caller, limit=1).items,
    )
    if drafts:
        return Step(f"The sheet **{escaped(drafts[0].name)}** is a draft. Look at its columns, and "
                    "publish it.", "Open the sheet", "data", "sheets",
                    {"sheet": drafts[0].id})  # fmt: skip
    if sources:
        return Step(f"**{escaped(short(sources[0].table))}** is loaded. Make a sheet of it: that "
                    "says what its rows and columns are.", "Make a sheet of it", "data", "sheets",
                    {"new": "1", "table": sources[0].table})  # fmt: skip
    return None


def _go_on(step: Step) -> None:
    icon = ":material/upload:" if step.view == "upload" else ":material/arrow_forward:"
    if st.button(step.label, type="primary", icon=icon):
        go(step.stage, step.view, **step.params)


def _load_sample(caller: Caller) -> None:
    if st.button("Load the sample project", icon=":material/science:"):
        with st.spinner("Loading the sample project"):
            made = attempt(load_sample, caller)
        if made:
            st.rerun()

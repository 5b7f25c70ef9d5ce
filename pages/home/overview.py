"""The funnel through the seven stages, what waits for you, and the jobs that run."""

import streamlit as st

from ontos.govern.overview import (
    Funnel,
    Notice,
    Waiting,
    dismiss_notice,
    get_funnel,
    list_notices,
    list_running_jobs,
    list_waiting,
)
from ontos.kernel.caller import Caller
from ontos.kernel.jobs import Job
from ontos.sample.project import get_sample, load_sample, remove_sample
from pages.frame import attempt, go, loaded, polled, progress
from pages.words import many

STEPS = (
    ("data", "Data", "items", "sheets", "sheet"),
    ("generate", "Generate", "pairs", "training_sheets", "training sheet"),
    ("label", "Label", "pairs_usable", "canonical_labels", "canonical label"),
    ("train", "Train", "models", "training_jobs", "job"),
    ("deploy", "Deploy", "endpoints", "requests", "request"),
    ("monitor", "Monitor", "requests", "errors", "error"),
    ("improve", "Improve", "gaps_open", "feedback", "rating"),
)
"""Page, title, the figure that is shown large, and the smaller one beneath with its noun."""

LARGE = {
    "items": "items", "pairs": "pairs", "pairs_usable": "approved", "models": "models",
    "endpoints": "endpoints", "requests": "requests", "gaps_open": "open gaps",
}  # fmt: skip


def draw(caller: Caller) -> None:
    funnel, waiting, notices, jobs, sample = loaded(
        lambda: get_funnel(caller), lambda: list_waiting(caller), lambda: list_notices(caller),
        lambda: list_running_jobs(caller), lambda: get_sample(caller),
    )  # fmt: skip
    for notice in notices:
        _notice(caller, notice)
    _funnel(funnel)
    if funnel.sources == 0 and funnel.sheets == 0:
        _welcome(caller)
        return
    grid = st.grid(2, min_column_width=340, gap="large")
    with grid.cell():
        _waiting(waiting)
    with grid.cell():
        _jobs(caller, jobs)
    if sample.loaded:
        _sample(caller)


def _funnel(funnel: Funnel) -> None:
    """Seven figures in the order of the pipeline; each leads to its page."""
    counts = funnel.model_dump()
    with st.container(horizontal=True, gap="xsmall"):
        for key, title, large, small, noun in STEPS:
            with st.container(border=True, gap="xxsmall", width=142):
                st.page_link(f"{key}/page.py", label=f"**{title}**")
                st.metric(LARGE[large], f"{counts[large]:,}")
                st.caption(many(counts[small], noun))


def _sample(caller: Caller) -> None:
    with st.popover("Remove the sample project", icon=":material/delete:", type="tertiary"):
        st.write(
            "Removes the sample's table, sheet, template, pairs and labels. Models and endpoints "
            "that were made of it stay."
        )
        if st.button("Remove it", type="primary"):
            removed = attempt(
                remove_sample, caller, done=lambda r: f"{many(r.pairs, 'pair')} removed"
            )
            if removed:
                st.rerun()


def _welcome(caller: Caller) -> None:
    with st.container(border=True):
        st.subheader("Nothing here yet", anchor=False)
        st.write(
            "Upload a table with something to learn from, or load the sample project: about 300 "
            "support messages, some with pictures, ready to label, train and deploy. It can be "
            "removed again with one click."
        )
        with st.container(horizontal=True):
            if st.button("Upload a table", type="primary", icon=":material/upload:"):
                go("data", "upload")
            if st.button("Load the sample project", icon=":material/science:"):
                with st.spinner("Loading the sample project"):
                    loaded_sample = attempt(load_sample, caller)
                if loaded_sample:
                    st.rerun()


def _notice(caller: Caller, notice: Notice) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/info: {notice.message}")
        if st.button("Dismiss", key=f"notice-{notice.id}", type="tertiary"):
            attempt(dismiss_notice, caller, notice.id)
            st.rerun()


def _waiting(waiting: list[Waiting]) -> None:
    st.subheader("Waiting for you", anchor=False)
    if not waiting:
        st.caption("Nothing waits. New pairs, open gaps and tasks will be listed here.")
    for n, item in enumerate(waiting):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{item.count:,}** {item.what}", width="stretch")
            if st.button("Open", key=f"waiting-{n}", icon=":material/arrow_forward:"):
                go(item.stage, item.view, sheet=item.entity_id)


def _jobs(caller: Caller, jobs: list[Job]) -> None:
    st.subheader("Jobs", anchor=False)
    if not jobs:
        st.caption("No job is running, and none failed within the last day.")
        return
    polled(2.0)(_live)(caller) if any(j.finished_at is None for j in jobs) else _bars(jobs)


def _live(caller: Caller) -> None:
    _bars(loaded(lambda: list_running_jobs(caller)))


def _bars(jobs: list[Job]) -> None:
    for job in jobs:
        progress(job)

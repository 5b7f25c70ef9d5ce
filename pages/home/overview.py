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
from pages.frame import attempt, go, link, loaded, polled, progress

STEPS = (
    ("data", "Data", "items", "items in {sheets} sheets"),
    ("generate", "Generate", "pairs", "pairs in {training_sheets} training sheets"),
    ("label", "Label", "pairs_usable", "pairs approved, {canonical_labels} canonical labels"),
    ("train", "Train", "models", "models from {training_jobs} jobs"),
    ("deploy", "Deploy", "endpoints", "endpoints serving"),
    ("monitor", "Monitor", "requests", "requests, {errors} errors"),
    ("improve", "Improve", "gaps_open", "open gaps, {feedback} ratings"),
)


def draw(caller: Caller) -> None:
    funnel, waiting, notices, jobs = loaded(
        lambda: get_funnel(caller), lambda: list_waiting(caller),
        lambda: list_notices(caller), lambda: list_running_jobs(caller),
    )  # fmt: skip
    for notice in notices:
        _notice(caller, notice)
    _funnel(funnel)
    if funnel.sources == 0 and funnel.sheets == 0:
        _welcome(caller)
        return
    left, right = st.columns(2, gap="large")
    with left:
        _waiting(waiting)
    with right:
        _jobs(caller, jobs)


def _funnel(funnel: Funnel) -> None:
    counts = funnel.model_dump()
    with st.container(horizontal=True, gap="small"):
        for key, title, count, text in STEPS:
            with st.container(border=True, width=170):
                st.markdown(f"[{title}]({link(key)})")
                st.markdown(f"### {counts[count]:,}")
                st.caption(text.format(**{k: f"{v:,}" for k, v in counts.items()}))


def _welcome(caller: Caller) -> None:
    from ontos.sample.project import load_sample

    with st.container(border=True):
        st.subheader("Nothing here yet", anchor=False)
        st.write(
            "Upload a table with something to learn from, or load the sample project: about 300 "
            "support messages, some with pictures, ready to label, train and deploy. It can be removed "
            "again with one click."
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

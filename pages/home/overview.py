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
from ontos.kernel.permission import decide, write
from ontos.sample.project import get_sample, remove_sample
from pages.data.words import escaped
from pages.frame import attempt, go, loaded, polled, progress, step
from pages.home.beginning import begun, draw_beginning
from pages.things import PLACES
from pages.words import many

STEPS = (
    ("data", "Data", "table_view", "items", "sheets", "sheet"),
    ("generate", "Generate", "auto_awesome", "pairs", "training_sheets", "training sheet"),
    ("label", "Label", "rate_review", "pairs_usable", "canonical_labels", "label"),
    ("train", "Train", "model_training", "models", "training_jobs", "job"),
    ("deploy", "Deploy", "rocket_launch", "endpoints", "requests", "request"),
    ("monitor", "Monitor", "monitoring", "requests", "errors", "error"),
    ("improve", "Improve", "trending_up", "gaps_open", "feedback", "rating"),
)
"""Page, title, icon, the figure shown large, and the smaller one beneath with its noun."""

LARGE = {
    "items": "items", "pairs": "pairs", "pairs_usable": "approved", "models": "model versions",
    "endpoints": "endpoints", "requests": "requests", "gaps_open": "open gaps",
}  # fmt: skip

MANY = 1_000_000
"""From here on a figure is shown in millions."""

WAITS = {
    "pairs to review": ("pair to review", "Pending"),
    "flagged pairs to settle": ("flagged pair to settle", "Flagged"),
    "annotation tasks": ("annotation task", None),
    "open gaps": ("open gap", None),
    "ratings not yet used": ("rating not yet used", None),
}
"""What waits: one of it in words, and the status of the pairs that it opens, as titled."""


def draw(caller: Caller) -> None:
    funnel, waiting, notices, jobs, sample = loaded(
        lambda: get_funnel(caller), lambda: list_waiting(caller), lambda: list_notices(caller),
        lambda: list_running_jobs(caller), lambda: get_sample(caller),
    )  # fmt: skip
    for notice in notices:
        _notice(caller, notice)
    draw_beginning(caller, funnel, sample=sample.loaded)
    _funnel(funnel)
    if not (begun(funnel) or waiting or jobs):
        return
    grid = st.grid(2, min_column_width=340, gap="large")
    with grid.cell():
        _waiting(waiting)
    with grid.cell():
        _jobs(caller, jobs)
    if sample.loaded and decide(caller, write("sheets")).allowed:
        _sample(caller)


def _funnel(funnel: Funnel) -> None:
    """Seven figures in the order of the pipeline; each leads to its page."""
    counts = funnel.model_dump()
    grid = st.container(key="funnel").grid(len(STEPS), min_column_width=118, gap="xsmall")
    for key, title, icon, large, small, noun in STEPS:
        with grid.cell(), st.container(border=True, gap="xxsmall", height="stretch"):
            step(f"**{title}**", key, icon=f":material/{icon}:")
            st.metric(LARGE[large], short(counts[large]), help=whole(counts[large]))
            st.caption(many(counts[small], noun))


def short(count: int) -> str:
    """`22,804`, and what would not fit in its cell as `1.2 M`."""
    return f"{count:,}" if count < MANY else f"{count / MANY:,.1f} M"


def whole(count: int) -> str | None:
    return None if count < MANY else f"{count:,}"


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


def _notice(caller: Caller, notice: Notice) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/info: {escaped(notice.message)}")
        if st.button("Dismiss", key=f"notice-{notice.id}", type="tertiary"):
            attempt(dismiss_notice, caller, notice.id)
            st.rerun()


def _waiting(waiting: list[Waiting]) -> None:
    st.subheader("Waiting for you", anchor=False)
    if not waiting:
        st.caption("Nothing waits. New pairs, open gaps and tasks will be listed here.")
    for n, item in enumerate(waiting):
        words, status = _words(item)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(words, width="stretch")
            if st.button("Open", key=f"waiting-{n}", icon=":material/arrow_forward:"):
                go(item.stage, item.view, sheet=item.entity_id, status=status)


def _words(item: Waiting) -> tuple[str, str | None]:
    """`**1** open gap`, and which pairs to open."""
    kind, _, where = item.what.partition(" in ")
    one, status = WAITS.get(kind, (kind, None))
    said = f"**{item.count:,}** {one if item.count == 1 else kind}"
    return said + (f" in {escaped(where)}" if where else ""), status


def _jobs(caller: Caller, jobs: list[Job]) -> None:
    st.subheader("Jobs", anchor=False)
    if not jobs:
        st.caption("No job is running, and none failed within the last day.")
        return
    polled(2.0)(_live)(caller) if any(j.finished_at is None for j in jobs) else _bars(jobs)


def _live(caller: Caller) -> None:
    jobs = loaded(lambda: list_running_jobs(caller))
    if all(job.finished_at for job in jobs):
        st.rerun()  # the figures above are others now
    _bars(jobs)


def _bars(jobs: list[Job]) -> None:
    for job in jobs:
        progress(job)
        if job.entity_type in PLACES and st.button(
            "Open", key=f"job-{job.id}", icon=":material/arrow_forward:"
        ):
            stage, view, name = PLACES[job.entity_type]
            go(stage, view, **({name: job.entity_id} if name else {}))

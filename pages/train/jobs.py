"""Training jobs: the list, or one of them by the page's address."""

import streamlit as st

from ontos.kernel.caller import Caller
from ontos.train.training_jobs import TRAINING_STATES, TrainingJob, list_training_jobs
from pages.data.words import escaped
from pages.frame import empty, go, loaded, mark, param, polled
from pages.train.job import draw_job
from pages.words import many

SHOWN = 25
STATES = {"All": None, "Succeeded": "succeeded", "Running": "running", "Failed": "failed"}


def draw(caller: Caller) -> None:
    if job_id := param("job"):
        draw_job(caller, job_id)
    else:
        _draw_list(caller)


def _draw_list(caller: Caller) -> None:
    state = STATES[st.session_state.get("jobs-state") or "All"]
    cursor = st.session_state.get("jobs-cursor")
    found = loaded(lambda: list_training_jobs(caller, status=state, limit=SHOWN, cursor=cursor))
    if not (found.items or state or cursor):
        empty(
            "No model has been trained yet",
            "Choose a training sheet with approved pairs; training takes from seconds to minutes.",
            "Train a model", ("train", "new"),
        )  # fmt: skip
        return
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        st.segmented_control(
            "State", list(STATES), default="All", key="jobs-state", required=True,
            label_visibility="collapsed", on_change=_from, args=(None,),
        )  # fmt: skip
        if st.button("Train a model", type="primary", icon=":material/add:"):
            go("train", "new")
    active = any(not TRAINING_STATES.final(job.status) for job in found.items)
    if active:
        polled(2.0)(_live)(caller, state, cursor)
    else:
        _rows(found.items)
    if found.next_cursor:
        st.button("Older jobs", on_click=_from, args=(found.next_cursor,))


def _from(cursor: str | None) -> None:
    st.session_state["jobs-cursor"] = cursor


def _live(caller: Caller, state: str | None, cursor: str | None) -> None:
    _rows(loaded(
        lambda: list_training_jobs(caller, status=state, limit=SHOWN, cursor=cursor)
    ).items)  # fmt: skip


def _rows(jobs: list[TrainingJob]) -> None:
    for job in jobs:
        _row(job)
    if not jobs:
        st.caption("No job is in this state.")


def _row(job: TrainingJob) -> None:
    version = f" v{job.uc_model_version}" if job.uc_model_version else ""
    accuracy = job.metrics.get("val_accuracy")
    good = f" · {accuracy:.1%} right on validation" if accuracy is not None else ""
    running = f" · {job.progress_percent:.0f} %" if job.status == "running" else ""
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{escaped(job.model_name)}**{version} {mark(job.status)}{running}  \n"
            f":gray[:small[{escaped(job.training_sheet_name)} · "
            f"{many(job.total_pairs, 'pair')}{good}"
            f" · {job.created_at:%Y-%m-%d %H:%M} by {escaped(job.created_by)}]]",
            width="stretch",
        )
        if st.button("Open", key=f"open-{job.id}"):
            go("train", "jobs", job=job.id)

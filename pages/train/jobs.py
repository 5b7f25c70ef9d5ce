"""Training jobs: the list, or one of them by the page's address."""

import streamlit as st

from ontos.kernel.caller import Caller
from ontos.train.training_jobs import TRAINING_STATES, TrainingJob, list_training_jobs
from pages.clock import when
from pages.data.words import escaped
from pages.frame import empty, go, loaded, mark, param, polled
from pages.listing import SHOWN, Listing
from pages.train.job import draw_job
from pages.words import many

STATES = {"All": None, "Succeeded": "succeeded", "Running": "running", "Failed": "failed"}
JOBS = Listing("jobs", "job", STATES)


def draw(caller: Caller) -> None:
    if job_id := param("job"):
        draw_job(caller, job_id)
    else:
        _draw_list(caller)


def _draw_list(caller: Caller) -> None:
    found = JOBS.read(
        lambda state, cursor: list_training_jobs(caller, status=state, limit=SHOWN, cursor=cursor)
    )
    if found is None:
        empty(
            "No model has been trained yet",
            "Choose a training sheet with approved pairs; training takes from seconds to minutes.",
            "Train a model", ("train", "new"),
        )  # fmt: skip
        return
    JOBS.head("Train a model", "train", "new")
    active = any(not TRAINING_STATES.final(job.status) for job in found.items)
    if active:
        polled(2.0)(_live)(caller, JOBS.state, JOBS.cursor)
    else:
        _rows(found.items)
    JOBS.tail(found)


def _live(caller: Caller, state: str | None, cursor: str | None) -> None:
    _rows(loaded(
        lambda: list_training_jobs(caller, status=state, limit=SHOWN, cursor=cursor)
    ).items)  # fmt: skip


def _rows(jobs: list[TrainingJob]) -> None:
    for job in jobs:
        _row(job)


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
            f" · {when(job.created_at)} by {escaped(job.created_by)}]]",
            width="stretch",
        )
        if st.button("Open", key=f"open-{job.id}"):
            go("train", "jobs", job=job.id)

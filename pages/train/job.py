"""One training job: how far it is, how good its model is, and where it came from."""

import streamlit as st

from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound
from ontos.train.evaluations import Evaluation, evaluate_training_job, get_evaluation
from ontos.train.training_jobs import (
    TRAINING_STATES,
    Cancellation,
    TrainingEvent,
    TrainingJob,
    TrainingLineage,
    cancel_training_job,
    get_training_job,
    get_training_lineage,
    list_training_events,
)
from pages.clock import moment, when
from pages.data.words import escaped
from pages.frame import attempt, go, link, loaded, mark, polled
from pages.tables import rows_of
from pages.train.figures import confusions, per_label
from pages.words import many

NARROW = 380
"""Pixels; a narrow window puts what is beside it below."""


def draw_job(caller: Caller, job_id: str) -> None:
    if st.button("All jobs", icon=":material/arrow_back:", type="tertiary"):
        go("train", "jobs")
    job, events, lineage, evaluation = loaded(
        lambda: get_training_job(caller, job_id),
        lambda: list_training_events(caller, job_id).events,
        lambda: get_training_lineage(caller, job_id, pairs=False),
        lambda: _evaluation(caller, job_id),
    )
    _header(caller, job)
    if not TRAINING_STATES.final(job.status):
        polled(1.0)(_live)(caller, job.id, job.status)
        return
    _end(job)
    if job.status == "succeeded":
        _figures(job)
    for note in job.notes:
        st.caption(f":material/info: {escaped(note)}")
    _details(caller, job, events, lineage, evaluation)


def _evaluation(caller: Caller, job_id: str) -> Evaluation | None:
    try:
        return get_evaluation(caller, job_id)
    except NotFound:
        return None


def _header(caller: Caller, job: TrainingJob) -> None:
    version = f" v{job.uc_model_version}" if job.uc_model_version else ""
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.subheader(
            f"{escaped(job.model_name)}{version} {mark(job.status)}", anchor=False, width="stretch"
        )
        with st.container(horizontal=True, width="content"):
            _actions(caller, job)


def _actions(caller: Caller, job: TrainingJob) -> None:
    if not TRAINING_STATES.final(job.status):
        _cancel(caller, job)
        return
    if job.status == "succeeded":
        if st.button("Deploy", type="primary", icon=":material/rocket_launch:"):
            go("deploy", "endpoints", new=1, model=job.uc_model_name, version=job.uc_model_version)
        if st.button("Evaluate", icon=":material/checklist:",
                     help="Puts the registered version to its validation pairs now."):  # fmt: skip
            _evaluate(caller, job)
    if st.button("Train again", icon=":material/replay:"):
        go("train", "new", sheet=job.training_sheet_id, model=job.model_name)


def _cancel(caller: Caller, job: TrainingJob) -> None:
    with st.popover("Cancel", icon=":material/cancel:"):
        st.write("Stops the training. No model is registered; this is final.")
        reason = st.text_input("Reason", key="cancel-reason", max_chars=2000)
        sure = st.button("Stop the training", type="primary")
    if sure and attempt(
        cancel_training_job, caller, job.id, Cancellation(reason=reason or None), done="Cancelled"
    ):
        st.rerun()


def _evaluate(caller: Caller, job: TrainingJob) -> None:
    with st.spinner("Asking the model every validation pair"):
        done = attempt(
            evaluate_training_job,
            caller,
            job.id,
            done=lambda e: f"{many(e.examples, 'pair')} answered",
        )
    if done:
        st.rerun()


def _live(caller: Caller, job_id: str, shown: str) -> None:
    """Redrawn each second; the whole page is, once the state that it shows is over."""
    job, events = loaded(
        lambda: get_training_job(caller, job_id),
        lambda: list_training_events(caller, job_id).events,
    )
    if job.status != shown:
        st.rerun()
    st.progress(job.progress_percent / 100, text=escaped(job.message or "Waiting"))
    st.caption(
        f"It learns from {many(job.train_pairs, 'pair')}; {job.val_pairs:,} kept apart judge it. "
        "You can leave this page: the training goes on."
    )
    _timeline(events)


def _end(job: TrainingJob) -> None:
    if job.status in ("failed", "timeout"):
        st.error(escaped(job.error_message or "It failed without a reason."),
                 icon=":material/error:")  # fmt: skip
    elif job.status == "cancelled":
        st.info(escaped(job.message or "Cancelled."), icon=":material/cancel:")


def _figures(job: TrainingJob) -> None:
    metrics = job.metrics
    named = (
        ("Right on validation", metrics.get("val_accuracy"), ".1%",
         "Share of the pairs kept apart that the model answered rightly."),
        ("Macro F1", metrics.get("val_macro_f1"), ".3f", "The mean of all labels, rare or not."),
        ("Word overlap", metrics.get("val_token_f1"), ".3f", "For free text: shared words, as F1."),
        ("Right on training", metrics.get("train_accuracy"), ".1%",
         "Far above validation: the model has learnt its examples by heart."),
        ("Pairs trained on", job.train_pairs, ",", "What it learnt from."),
        ("Pairs judged on", job.val_pairs, ",", "What was kept apart."),
    )  # fmt: skip
    with st.container(horizontal=True):
        for title, value, form, about in named:
            if value is not None:
                st.metric(title, format(value, form), help=about, border=True, width=168)


def _details(
    caller: Caller, job: TrainingJob, events: list[TrainingEvent], lineage: TrainingLineage,
    evaluation: Evaluation | None,
) -> None:  # fmt: skip
    names = ["What happened", "Where it came from"]
    judged = ["How good it is"] if job.status == "succeeded" else []
    tabs = st.tabs(judged + names)
    if judged:
        with tabs[0]:
            _judged(evaluation)
    with tabs[-2]:
        _timeline(events)
    with tabs[-1]:
        _came_from(job, lineage)


def _judged(evaluation: Evaluation | None) -> None:
    if evaluation is None:
        st.caption("Press “Evaluate” to put the registered model to its validation pairs, and see "
                   "which labels it gets wrong.")  # fmt: skip
        return
    figures = ", ".join(
        f"{name.replace('_', ' ')} {value:.3f}"
        for name, value in evaluation.metrics.items()
        if name != "classes"
    )
    st.caption(f"{many(evaluation.examples, 'pair')} answered on {when(evaluation.created_at)}: "
               f"{figures}.")  # fmt: skip
    if not evaluation.per_label:
        st.caption("The responses are free text, so there are no labels to count.")
        return
    with st.container(horizontal=True, gap="medium"):
        with st.container(width="stretch"):
            st.markdown("**By label**, most mistakes first")
            per_label(evaluation.per_label)
        with st.container(width=NARROW):
            st.markdown("**Mistakes**, most frequent first")
            confusions(evaluation.confusions)


def _timeline(events: list[TrainingEvent]) -> None:
    rows = [
        {
            "When": event.at,
            "What": event.message or "",
            "State": event.new_status or "",
            "Progress": _percent(event.progress_percent),
        }
        for event in reversed(events)
    ]
    st.dataframe(
        rows_of(rows), hide_index=True, height=min(420, 38 + 35 * len(rows)), key="timeline",
        column_config={
            "When": moment("When", "HH:mm:ss"),
            "What": st.column_config.TextColumn(width="large"),
            "State": st.column_config.TextColumn(width="small"),
            "Progress": st.column_config.TextColumn(width="small"),
        },
    )  # fmt: skip


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.0f} %"


def _came_from(job: TrainingJob, lineage: TrainingLineage) -> None:
    sheet = link("label", "review", sheet=job.training_sheet_id)
    graph = link("govern", "lineage", entity=f"training_job/{job.id}")
    st.markdown(
        f"- **{many(job.total_pairs, 'pair')}** of the training sheet "
        f"[{escaped(lineage.training_sheet_name)}]({sheet}): {job.train_pairs:,} trained, "
        f"{job.val_pairs:,} judged\n"
        f"- Items of the sheet **{escaped(lineage.sheet_name)}**"
        + (f", from `{lineage.source_table}`" if lineage.source_table else "")
        + f"\n- Prompts of the template **{escaped(lineage.template_name)}**\n"
        f"- Seed {job.training_config.get('seed')}, {job.metrics.get('trainer', job.trainer)}"
        + (f", MLflow run `{job.run_id}`" if job.run_id else "")
        + f"\n\n[Open the lineage graph]({graph})"
    )

"""The work on a training sheet: how it goes, how it ended, and responses by a model."""

from collections.abc import Sequence

import streamlit as st

from ontos.generate.generation import (
    GenerateSpec,
    GenerationError,
    GenerationModel,
    generate_responses,
)
from ontos.generate.training_sheets import (
    TrainingSheet,
    cancel_training_sheet_job,
    get_training_sheet_job,
)
from ontos.kernel.caller import Caller
from ontos.kernel.jobs import Job
from pages.data.words import escaped
from pages.frame import attempt, go, loaded, polled, progress
from pages.words import many


def active(work: Job | None) -> bool:
    return work is not None and work.status in ("queued", "running")


def draw_work(caller: Caller, sheet: TrainingSheet, work: Job | None) -> None:
    """A bar that goes on by itself while something runs; else how the last work ended."""
    if active(work):
        polled(1.5)(_follow)(caller, sheet.id)
    elif sheet.status == "failed":
        st.error(f"Assembling failed. {escaped(sheet.error_message or '')} Nothing was kept of it.",
                 icon=":material/error:")  # fmt: skip
        if st.button("Assemble again", icon=":material/refresh:"):
            go("generate", "assemble", sheet=sheet.sheet_id, template=sheet.template_id)
    elif work is not None and work.status == "succeeded" and work.kind == "generate":
        st.success(f"Generated {work.message}.", icon=":material/check_circle:")
    elif work is not None:
        progress(work)


def _follow(caller: Caller, training_sheet_id: str) -> None:
    work: Job | None = loaded(lambda: get_training_sheet_job(caller, training_sheet_id))
    if work is None or not active(work):
        st.rerun()
        return
    progress(work)
    if st.button("Cancel", icon=":material/cancel:"):
        attempt(cancel_training_sheet_job, caller, training_sheet_id,
                done="Asked it to stop; it does in a moment")  # fmt: skip


def draw_generation(
    caller: Caller, sheet: TrainingSheet, model: GenerationModel, errors: Sequence[GenerationError]
) -> None:
    """Responses by a model for the empty pairs, or the honest word that there is none."""
    if not sheet.empty_count:
        return
    with st.container(border=True):
        has = "has" if sheet.empty_count == 1 else "have"
        st.markdown(f"**{many(sheet.empty_count, 'pair')} {has} no response yet**")
        if model.model is None:
            st.info(model.reason, icon=":material/info:")
        else:
            _ask(caller, sheet, model)
        if errors:
            st.caption("Why generation gave no response")
            st.dataframe([{"Reason": e.reason, "Pairs": e.pairs} for e in errors], hide_index=True)


def _ask(caller: Caller, sheet: TrainingSheet, model: GenerationModel) -> None:
    st.caption(escaped(f"{model.model} can write them. They wait for review like all others. "
                       f"{_who_asks(model)}"))  # fmt: skip
    form = st.form("generate", border=False)
    with form, st.container(horizontal=True, vertical_alignment="bottom"):
        limit = st.number_input("At most", 1, sheet.empty_count, sheet.empty_count, width=140)
        tokens = st.number_input("Longest response, in tokens", 1, 32_768, 512, width=200)
        heat = st.number_input("Temperature", 0.0, 2.0, 0.0, 0.1, width=140)
        asked = st.form_submit_button("Generate", type="primary", icon=":material/auto_awesome:")
    spec = GenerateSpec(limit=int(limit), max_tokens=int(tokens), temperature=heat)
    if asked and attempt(generate_responses, caller, sheet.id, spec, done="Generation has begun"):
        st.rerun()


def _who_asks(model: GenerationModel) -> str:
    if model.through == "warehouse":
        return "The warehouse asks it for many pairs at once."
    if model.reason is None:
        return "The app asks it for each pair."
    return f"The app asks it for each pair, because the warehouse cannot: {model.reason}"

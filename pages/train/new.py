"""A new model: what could be trained on, what could not and why, and the settings."""

import streamlit as st

from ontos.generate.training_sheets import TrainingSheet, list_training_sheets
from ontos.kernel.caller import Caller
from ontos.train.names import nearest
from ontos.train.snapshots import TrainingGate, get_training_gate
from ontos.train.trainers import TRAINERS
from ontos.train.training_jobs import create_training_job
from pages.ahead import read_ahead
from pages.frame import attempt, empty, go, param, pick
from pages.train.figures import distribution

NARROW = 380
"""Pixels; a narrow window puts what is beside it below."""
AUTO = "Chosen automatically"


def draw(caller: Caller) -> None:
    sheets, ahead = read_ahead(
        caller, "train", "sheet",
        lambda: list_training_sheets(caller, status="ready", limit=200).items,
        lambda key: get_training_gate(caller, key),
        first=lambda found: found[0].id if found else None,
    )  # fmt: skip
    if not sheets:
        empty(
            "Nothing to train on yet",
            "A model learns from the approved pairs of a training sheet. Put a sheet through a "
            "template first, then approve its pairs.",
            "Make a training sheet", ("generate", "assemble"),
        )  # fmt: skip
        return
    sheet = pick("Training sheet", sheets, "sheet", title=_title)
    if sheet is None:
        return
    gate = ahead.of(sheet.id)
    _gate(gate, sheet)
    if not gate.allowed:
        return
    with st.container(horizontal=True, gap="large"):
        with st.container(width="stretch"):
            st.subheader("What it would learn", anchor=False)
            distribution(gate)
        with st.container(width=NARROW):
            st.subheader("Settings", anchor=False)
            _settings(caller, sheet)


def _title(sheet: TrainingSheet) -> str:
    return f"{sheet.name} · {sheet.approved_count:,} of {sheet.total_items:,} approved"


def _gate(gate: TrainingGate, sheet: TrainingSheet) -> None:
    counts = gate.eligibility
    with st.container(horizontal=True):
        st.metric("To train on", f"{counts.eligible:,}", border=True, width=145,
                  help="Approved or edited by a person, and allowed for training.")  # fmt: skip
        st.metric("Held back", f"{counts.total - counts.eligible:,}", border=True, width=145)
        st.metric("Responses", f"{gate.classes:,}", border=True, width=145)
    if counts.total > counts.eligible:
        st.caption(f"Held back: {counts.reasons()}.")
    if gate.not_for_validation:
        st.caption(f"Not to be used for validation, so they train: {gate.not_for_validation:,}.")
    if gate.reason:
        st.warning(gate.reason, icon=":material/block:")
        if st.button("Review its pairs", type="primary", icon=":material/rate_review:"):
            go("label", "review", sheet=sheet.id)


def _settings(caller: Caller, sheet: TrainingSheet) -> None:
    again = param("model")  # that which is trained again: another name would be another model
    names = {"auto": AUTO} | {t.key: t.title for t in TRAINERS if t.installed()}
    with st.form("new-model", border=True):
        model = st.text_input(
            "Model name", again or nearest(sheet.name, 100) or "model", max_chars=100,
            key="-".join(filter(None, ("new-model-name", sheet.id, again))),
            help="Letters, digits, - and _. The same name again makes a new version of that model.",
        )  # fmt: skip
        share = st.slider(
            "Share that trains, in percent", 50, 95, 80, 5, key="new-model-share",
            help="The rest is kept apart, and the model is judged on it.",
        )  # fmt: skip
        trainer = st.selectbox(
            "Kind of model", list(names), format_func=names.__getitem__, key="new-model-trainer",
            help="Chosen automatically: a classifier where responses are labels, retrieval where "
            "they are free text.",
        )  # fmt: skip
        with st.expander("More settings"):
            seed = st.number_input(
                "Seed", 0, 2**32 - 1, 7, key="new-model-seed",
                help="The same seed splits the same pairs in the same way.",
            )  # fmt: skip
            unsure = st.number_input(
                "Do not answer below this confidence, in percent", 0, 100, 0,
                key="new-model-unsure",
                help="0: a classifier always answers, retrieval finds its own limit.",
            )  # fmt: skip
        if st.form_submit_button(
            "Train", type="primary", icon=":material/model_training:", key="once-train"
        ):
            spec = {
                "training_sheet_id": sheet.id, "model_name": model.strip(),
                "train_val_split": share / 100, "trainer": trainer,
                "training_config": {"seed": int(seed), "abstain_threshold": unsure / 100 or None},
            }  # fmt: skip
            job = attempt(create_training_job, caller, spec, done="Training is queued")
            if job:
                go("train", "jobs", job=job.id)

"""Pairs as files for fine-tuning: what passes the gate, what does not and why, and the download."""

from typing import Any

import streamlit as st

from ontos.generate.training_sheets import TrainingSheet
from ontos.kernel.caller import Caller
from ontos.label.exports import Format, export_pairs
from ontos.label.pairs import USES, Use
from ontos.label.usage import Eligibility, get_eligibility
from pages.label.training_sheets import chosen_with
from pages.label.usage import USE_WORDS
from pages.words import many

FORMATS = {
    "openai_chat": "OpenAI chat: messages", "anthropic": "Anthropic: system and messages",
    "gemini": "Gemini: systemInstruction and contents",
}  # fmt: skip

USE = "export-use"


def draw(caller: Caller) -> None:
    use: Use = st.session_state.get(USE, USES[0])
    sheet, counts = chosen_with(caller, lambda key: get_eligibility(caller, key, use))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        form: Any = st.selectbox(
            "Format", list(FORMATS), format_func=FORMATS.__getitem__, width=320
        )
        st.selectbox("For", USES, format_func=USE_WORDS.__getitem__, width=220, key=USE)
    _counts(counts)
    if not counts.eligible:
        st.info(
            f"Nothing to export for {USE_WORDS[use].lower()}: {counts.reasons()}. "
            "Review pairs, or lift the constraints of their items.",
            icon=":material/block:",
        )
        return
    _download(caller, sheet, form, use, counts)


def _counts(counts: Eligibility) -> None:
    held = {
        "Pending": counts.pending, "Flagged": counts.flagged, "Rejected": counts.rejected,
        "No response": counts.without_response, "Not permitted": counts.prohibited,
    }  # fmt: skip
    with st.container(horizontal=True):
        st.metric("Will be exported", f"{counts.eligible:,}", border=True)
        for title, count in held.items():
            if count:
                st.metric(title, f"{count:,}", border=True)


def _download(
    caller: Caller, sheet: TrainingSheet, form: Format, use: Use, counts: Eligibility
) -> None:  # fmt: skip
    download = f"{sheet.name}.{use}.{form}.jsonl"
    st.download_button(
        f"Download {many(counts.eligible, 'pair')}",
        data=lambda: "".join(export_pairs(caller, sheet.id, form, use).chunks),
        file_name=download, mime="application/jsonl", type="primary", icon=":material/download:",
        on_click="ignore", key="export-download",
    )  # fmt: skip
    st.caption("One JSON object a line. Each export is noted in the audit trail.")
    with st.expander("For large files, stream it by REST"):
        st.code(
            f"GET /api/v1/training-sheets/{sheet.id}/export?format={form}&use={use}", language=None
        )

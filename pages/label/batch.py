"""One decision for all pairs that match the filter."""

from typing import Any

import streamlit as st

from ontos.generate.training_sheets import TrainingSheet
from ontos.kernel.caller import Caller
from ontos.label.decisions import ReviewResult
from ontos.label.pairs import PairCount, PairFilter
from ontos.label.reviews import review_pairs
from pages.frame import attempt
from pages.label.drafts import read_again
from pages.words import many

OTHERS = {
    "reject": "Reject", "flag": "Flag", "reopen": "Reopen", "edit": "Change the response",
}  # fmt: skip


def for_all(
    caller: Caller, sheet: TrainingSheet, where: PairFilter, counts: PairCount, drafted: bool
) -> None:
    """Approving is for what is still pending, unless the filter names another state."""
    to_approve = where.model_copy(update={"review_status": where.review_status or "pending"})
    ready = getattr(counts, to_approve.review_status or "pending")
    help = "Save or discard your unsaved changes first." if drafted else None
    if st.button(
        f"Approve all {ready:,} {to_approve.review_status}", key="approve-all", help=help,
        icon=":material/done_all:",
        disabled=drafted or not ready or to_approve.review_status in ("approved", "edited"),
    ):  # fmt: skip
        _approve(caller, sheet, to_approve, ready)
    if st.button(
        "More for all", key="more-for-all", disabled=drafted or not counts.count, help=help
    ):
        _decide(caller, sheet, where, counts.count)


@st.dialog("Approve all that match")
def _approve(caller: Caller, sheet: TrainingSheet, where: PairFilter, count: int) -> None:
    st.write(
        f"**{many(count, f'{where.review_status} pair')}** within the filter. Responses become the "
        "labels of their items and are used again. Pairs without a response stay as they are."
    )
    if st.button(f"Approve {many(count, 'pair')}", type="primary", key="approve-all-yes"):
        _review(caller, sheet, {"action": "approve", "where": where})


@st.dialog("Decide for all that match")
def _decide(caller: Caller, sheet: TrainingSheet, where: PairFilter, count: int) -> None:
    action = st.radio("Decision", list(OTHERS), format_func=OTHERS.__getitem__, horizontal=True)
    response = st.text_area("New response", key="all-response") if action == "edit" else None
    reason = st.text_input(
        "Why", key="all-reason", placeholder="Seen by everybody who looks at them"
    )
    if action in ("reject", "flag", "reopen"):
        st.caption("Labels that came from these pairs are withdrawn; their history is kept.")
    if st.button(f"{OTHERS[str(action)]}: {many(count, 'pair')}", type="primary", key="all-yes"):
        given = {"action": action, "where": where, "response": response, "reason": reason or None}
        _review(caller, sheet, given)


def _review(caller: Caller, sheet: TrainingSheet, review: dict[str, Any]) -> None:
    if attempt(review_pairs, caller, sheet.id, review, done=receipt):
        read_again()


def receipt(result: ReviewResult) -> str:
    """What a review did, for a toast; nothing changed is said as that."""
    others = {
        "unchanged": result.unchanged, "without a response": result.without_response,
        "changed by others meanwhile": len(result.conflicts),
        "labels withdrawn": result.labels_withdrawn,
    }  # fmt: skip
    saved = f"{result.changed:,} saved" if result.changed else "Nothing was changed"
    return saved + "".join(f" · {count:,} {words}" for words, count in others.items() if count)

"""The training sheet that the views of this page are about, chosen once for all of them."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

import streamlit as st

from ontos.generate.training_sheets import TrainingSheet, list_training_sheets
from ontos.kernel.caller import Caller
from ontos.kernel.permission import decide, write
from ontos.label.pairs import Pair
from pages.ahead import read_ahead
from pages.frame import empty, pick

KEY = "sheet"
"""What the address calls the chosen one."""

T = TypeVar("T")


def training_sheets(caller: Caller) -> list[TrainingSheet]:
    """Those to choose among, newest first."""
    return list_training_sheets(caller, limit=200).items


def _first(sheets: Sequence[TrainingSheet]) -> str | None:
    return next((sheet.id for sheet in usable(sheets)), None)


def usable(sheets: Sequence[TrainingSheet]) -> list[TrainingSheet]:
    """Those that have their pairs."""
    return [sheet for sheet in sheets if sheet.status in ("ready", "archived")]


def chosen_with(
    caller: Caller, read: Callable[[str], T], *, metered: bool = True
) -> tuple[TrainingSheet, T]:
    """The one that is picked, and what `read` finds of it, by its id: one wait where possible."""
    sheets, ahead = read_ahead(
        caller, "label", KEY, lambda: training_sheets(caller), read, first=_first
    )
    chosen = chosen_sheet(sheets, metered=metered)
    return chosen, ahead.of(chosen.id)


def chosen_sheet(sheets: Sequence[TrainingSheet], *, metered: bool = True) -> TrainingSheet:
    """Let one be picked, beside how much of it is decided; where there is none, stop.

    Not `metered` leaves the meter to the view.
    """
    open_ones = usable(sheets)
    if not open_ones:
        assembling = any(s.status == "assembling" for s in sheets)
        empty(
            "No pairs to review yet",
            "A training sheet is being assembled. Its pairs will be here in a moment."
            if assembling else "Put a sheet through a template: its pairs come here.",
            "Open Generate", ("generate", "assemble"),
        )  # fmt: skip
        st.stop()
    choice, meter = st.columns([2, 3], gap="medium", vertical_alignment="bottom")
    with choice:
        chosen = pick("Training sheet", open_ones, KEY, title=_title) or open_ones[0]
    if metered:
        with meter:
            draw_meter(chosen)
    return chosen


def draw_meter(sheet: TrainingSheet) -> None:
    total, done = sheet.total_items, sheet.total_items - sheet.pending_count
    counts = {
        "approved": sheet.approved_count - sheet.edited_count, "edited": sheet.edited_count,
        "rejected": sheet.rejected_count, "flagged": sheet.flagged_count,
        "without a response": sheet.empty_count,
    }  # fmt: skip
    parts = "".join(f" · {count:,} {words}" for words, count in counts.items() if count)
    st.progress(done / total if total else 0.0, text=f"**{done:,} of {total:,} reviewed**{parts}")


def moved_on(sheet: TrainingSheet, moved: Sequence[tuple[Pair, Pair]]) -> TrainingSheet:
    """The training sheet as it is after these pairs went from one state to another."""
    counts: Counter[str] = Counter()
    for before, after in moved:
        for pair, step in ((before, -1), (after, 1)):
            state = pair.review_status
            counts[f"{state}_count"] += step
            counts["approved_count"] += step if state == "edited" else 0
            counts["empty_count"] += step if state == "pending" and not pair.response else 0
    return sheet.model_copy(update={name: getattr(sheet, name) + n for name, n in counts.items()})


def may_review(caller: Caller, sheet: TrainingSheet) -> bool:
    """Says why where it may not be."""
    decision = decide(caller, write("labels"))
    if sheet.status == "archived":
        st.caption(":material/inventory_2: Archived: its pairs can be read, not reviewed.")
    elif not decision.allowed:
        st.caption(f":material/lock: You can read these pairs, not review them: {decision.reason}")
    return decision.allowed and sheet.status == "ready"


def _title(sheet: TrainingSheet) -> str:
    return f"{sheet.name} (archived)" if sheet.status == "archived" else sheet.name

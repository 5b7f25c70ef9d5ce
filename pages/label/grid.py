"""The editor of one page of pairs."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import streamlit as st

from ontos.label.pairs import Pair
from pages.clock import when
from pages.frame import COLOURS
from pages.label.drafts import ACTIONS, Draft
from pages.label.filters import STATUSES
from pages.label.long import cut

LINE, MOST = 50, 5
"""Characters of a prompt on one line, and the most lines of a row."""
WRAPS = 66
"""Pixels from which the editor breaks a text into lines; in a lower row all but one is cut off."""
UNSAVED = "unsaved"

HELP = "Edit it to correct it. One that ends in … goes on, and is edited in One by one."


def grid(
    pairs: Sequence[Pair], before: Mapping[str, Draft], drafts: Collection[str], *,
    key: str, editable: bool,
) -> None:  # fmt: skip
    """Its edits are found under `key` in the session; rows show what was drafted `before`.

    The pairs of `drafts` are marked. Values that change keep the edits and the cursor, as long as
    the columns are the same: which are shown depends on `pairs` alone.
    """
    import pandas as pd

    rows = [_row(pair, before.get(pair.id), pair.id in drafts) for pair in pairs]
    st.data_editor(
        pd.DataFrame(rows, dtype=object), key=key, hide_index=True, height=560, num_rows="fixed",
        row_height=row_height([pair.prompt for pair in pairs]), placeholder="",
        column_config=_columns(), column_order=_shown(pairs, editable),
        disabled=["prompt", "status", "by", "item"] if editable else True,
    )  # fmt: skip


def row_height(prompts: Sequence[str]) -> int:
    """Pixels of a row in which most prompts are seen whole."""
    lines = sorted(min(-(-len(prompt) // LINE), MOST) for prompt in prompts)
    most = lines[len(lines) * 3 // 4]
    return 36 if most <= 1 else max(18 + 18 * most, WRAPS)


def _shown(pairs: Sequence[Pair], editable: bool) -> list[str]:
    """Without the columns that have nothing to say here."""
    filled = {
        "decision": editable,
        "reason": editable or any(pair.review_reason for pair in pairs),
        "by": any(pair.reviewed_at for pair in pairs),
    }
    return [name for name in _columns() if filled.get(name, True)]


def _row(pair: Pair, draft: Draft | None, unsaved: bool) -> dict[str, Any]:
    drafted = draft.response if draft and draft.response is not None else pair.response
    decided = f"{pair.reviewed_by} · {when(pair.reviewed_at)}" if pair.reviewed_at else ""
    return {
        "prompt": cut(pair.prompt),
        "response": drafted and cut(drafted),
        "decision": draft.decision if draft else None,
        "reason": (draft.reason if draft else None) or pair.review_reason,
        "status": [UNSAVED] if unsaved else [pair.review_status],
        "by": decided,
        "item": cut(item_of(pair)),
    }


def item_of(pair: Pair) -> str:
    """What names the item; of feedback that would be an id for machines."""
    return "from feedback" if pair.response_source == "feedback" else pair.item_ref


def _columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "prompt": column.TextColumn("Prompt", width=350),
        "response": column.TextColumn("Response", width=150, help=HELP),
        "decision": column.SelectboxColumn("Decision", width=100, options=list(ACTIONS)),
        "reason": column.TextColumn("Reason", width=105, help="Needed to reject or flag."),
        "status": column.MultiselectColumn(
            "Status",
            width=90,
            options=[*STATUSES, UNSAVED],
            color=[*(COLOURS[s] for s in STATUSES), "yellow"],
        ),
        "by": column.TextColumn("Reviewed", width=150),
        "item": column.TextColumn("Item", width=80),
    }

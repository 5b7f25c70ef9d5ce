"""The editor of one page of pairs."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from ontos.label.pairs import Pair
from pages.clock import when
from pages.frame import COLOURS
from pages.label.drafts import ACTIONS, Draft
from pages.label.filters import STATUSES

LINE, MOST = 34, 5
"""Characters of a prompt on one line, and the most lines of a row."""


def grid(
    pairs: Sequence[Pair], before: Mapping[str, Draft], *, key: str, editable: bool
) -> None:  # fmt: skip
    """Its edits are found under `key` in the session; rows show what was drafted `before`."""
    import pandas as pd

    rows = [_row(pair, before.get(pair.id)) for pair in pairs]
    st.data_editor(
        pd.DataFrame(rows, dtype=object), key=key, hide_index=True, height=560, num_rows="fixed",
        row_height=_height(pairs), column_config=_columns(), placeholder="",
        disabled=["prompt", "status", "by", "item"] if editable else True,
    )  # fmt: skip


def _height(pairs: Sequence[Pair]) -> int:
    """Pixels of a row in which most prompts are seen whole."""
    lines = sorted(min(-(-len(pair.prompt) // LINE), MOST) for pair in pairs)
    return 18 + 18 * max(lines[len(lines) * 3 // 4], 1)


def _row(pair: Pair, draft: Draft | None) -> dict[str, Any]:
    drafted = draft.response if draft and draft.response is not None else pair.response
    decided = f"{pair.reviewed_by} · {when(pair.reviewed_at)}" if pair.reviewed_at else ""
    return {
        "prompt": pair.prompt,
        "response": drafted,
        "decision": draft.decision if draft else None,
        "reason": (draft.reason if draft else None) or pair.review_reason,
        "status": [pair.review_status],
        "by": decided,
        "item": item_of(pair),
    }


def item_of(pair: Pair) -> str:
    """What names the item; of feedback that would be an id for machines."""
    return "from feedback" if pair.response_source == "feedback" else pair.item_ref


def _columns() -> dict[str, Any]:
    column = st.column_config
    return {
        "prompt": column.TextColumn("Prompt", width=230),
        "response": column.TextColumn("Response", width=150, help="Edit it to correct it."),
        "decision": column.SelectboxColumn("Decision", width=105, options=list(ACTIONS)),
        "reason": column.TextColumn("Reason", width=150, help="Needed to reject or flag."),
        "status": column.MultiselectColumn(
            "Status", width=95, options=STATUSES, color=[COLOURS[s] for s in STATUSES]
        ),
        "by": column.TextColumn("Reviewed", width=150),
        "item": column.TextColumn("Item", width=80),
    }

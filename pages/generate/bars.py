"""What has become of pairs, as one stacked bar with its numbers."""

import streamlit as st

from ontos.generate.training_sheets import TrainingSheet

COLOURS = {
    "approved": "#2e9e6b", "edited": "#3b82c4", "to review": "#aab2bd",
    "without a response": "#dfe4ea",
    "flagged": "#e6a23c", "rejected": "#d35d5d",
}  # fmt: skip


def parts(sheet: TrainingSheet) -> dict[str, int]:
    """Counts that add up to all pairs."""
    return {
        "approved": sheet.approved_count - sheet.edited_count,
        "edited": sheet.edited_count,
        "to review": sheet.pending_count - sheet.empty_count,
        "without a response": sheet.empty_count,
        "flagged": sheet.flagged_count,
        "rejected": sheet.rejected_count,
    }


def draw_bar(sheet: TrainingSheet) -> None:
    """Nothing where there are no pairs. Plain HTML: a list of these must open at once."""
    counts = {name: count for name, count in parts(sheet).items() if count}
    if not counts:
        return
    bar = "".join(
        f'<div title="{count:,} {name}" style="flex:{count};background:{COLOURS[name]}"></div>'
        for name, count in counts.items()
    )
    legend = "".join(
        f'<span style="white-space:nowrap"><span style="color:{COLOURS[name]}">&#9632;</span> '
        f"{count:,} {name}</span>"
        for name, count in counts.items()
    )
    st.html(
        '<div style="display:flex;height:12px;border-radius:6px;overflow:hidden;gap:1px">'
        f'{bar}</div><div style="display:flex;flex-wrap:wrap;gap:2px 18px;margin-top:6px;'
        f'font-size:0.875rem;opacity:0.85">{legend}</div>'
    )

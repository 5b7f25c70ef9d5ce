"""What has become of pairs, as one stacked bar."""

from typing import Any

import streamlit as st

from ontos.generate.training_sheets import TrainingSheet

PARTS = (
    ("Approved", "#2e9e6b"), ("Edited", "#3b82c4"), ("To review", "#c9ced6"), ("Empty", "#eceff3"),
    ("Flagged", "#e6a23c"), ("Rejected", "#d35d5d"),
)  # fmt: skip


def parts(sheet: TrainingSheet) -> dict[str, int]:
    """Counts that add up to all pairs."""
    return {
        "Approved": sheet.approved_count - sheet.edited_count,
        "Edited": sheet.edited_count,
        "To review": sheet.pending_count - sheet.empty_count,
        "Empty": sheet.empty_count,
        "Flagged": sheet.flagged_count,
        "Rejected": sheet.rejected_count,
    }


def draw_bar(sheet: TrainingSheet) -> None:
    """Nothing where there are no pairs."""
    counts = parts(sheet)
    if any(counts.values()):
        st.plotly_chart(_figure(counts), key=f"bar-{sheet.id}", config={"displayModeBar": False})


def _figure(counts: dict[str, int]) -> Any:
    import plotly.graph_objects as go

    figure = go.Figure([
        go.Bar(name=f"{name} {counts[name]:,}", x=[counts[name]], y=[""], orientation="h",
               marker_color=colour, hovertemplate=f"{name}: %{{x:,}}<extra></extra>")
        for name, colour in PARTS if counts[name]
    ])  # fmt: skip
    figure.update_layout(
        barmode="stack", height=110, margin={"l": 0, "r": 0, "t": 0, "b": 0}, bargap=0.2,
        legend={"orientation": "h", "y": -0.2, "traceorder": "normal"}, showlegend=True,
        xaxis={"visible": False, "fixedrange": True}, yaxis={"visible": False, "fixedrange": True},
    )  # fmt: skip
    return figure

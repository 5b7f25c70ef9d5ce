"""Charts and tables of labels, mistakes and differences."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from ontos.train.comparisons import LabelDifference
from ontos.train.evaluations import Confusion, LabelFigures
from ontos.train.snapshots import LabelCount
from pages.tables import rows_of

SHOWN = 25
GREEN, RED = "#0f766e", "#be123c"
LONGEST = 40
"""Characters of a label in a chart."""


def distribution(labels: Sequence[LabelCount], classes: int) -> None:
    """How often each label is there, the most frequent first."""
    shown = list(labels[:SHOWN])[::-1]
    bars = go.Bar(
        x=[label.pairs for label in shown], y=[short(label.label) for label in shown],
        orientation="h", marker_color=GREEN, text=[f"{label.pairs:,}" for label in shown],
        hovertemplate="%{y}: %{x:,} pairs<extra></extra>",
    )  # fmt: skip
    _bars(bars, len(shown), key="label-distribution")
    if classes > len(shown):
        st.caption(f"The {len(shown)} most frequent of {classes:,} different responses.")


def per_label(labels: Sequence[LabelFigures]) -> None:
    """The labels with the most mistakes first."""
    rows = [label.model_dump() for label in labels]
    share = {"min_value": 0.0, "max_value": 1.0, "format": "percent"}
    st.dataframe(
        rows_of(rows), hide_index=True, key="per-label",
        column_order=("label", "support", "recall", "precision", "f1"),
        column_config={
            "label": st.column_config.TextColumn("Label", width="medium"),
            "support": st.column_config.NumberColumn(
                "Pairs", help="Validation pairs with this label."
            ),
            "recall": st.column_config.ProgressColumn(
                "Found", help="Of the pairs with this label, how many were answered so.", **share
            ),
            "precision": st.column_config.ProgressColumn(
                "Right when given", help="Of the answers with this label, how many were right.",
                **share,
            ),
            "f1": st.column_config.NumberColumn("F1", format="%.2f", help="Both in one figure."),
        },
    )  # fmt: skip


def confusions(mistakes: Sequence[Confusion]) -> None:
    """What was answered instead of what, the most frequent first."""
    if not mistakes:
        st.caption("No mistake on the validation side.")
        return
    st.dataframe(
        rows_of([mistake.model_dump() for mistake in mistakes]),
        hide_index=True, key="confusions",
        column_config={
            "expected": "Should be", "predicted": "Was answered as",
            "count": st.column_config.NumberColumn("Times", width="small"),
        },
    )  # fmt: skip


def changes(labels: Sequence[LabelDifference]) -> None:
    """The labels whose share of right answers changed most, and by how much."""
    moved = [label for label in labels if label.delta][:SHOWN][::-1]
    if not moved:
        st.caption("No label is answered better or worse than before.")
        return
    bars = go.Bar(
        x=[label.delta for label in moved], y=[short(label.label) for label in moved],
        orientation="h", marker_color=[GREEN if (d.delta or 0) > 0 else RED for d in moved],
        text=[f"{label.delta:+.0%}" for label in moved],
        hovertemplate="%{y}: %{x:+.1%}<extra></extra>",
    )  # fmt: skip
    _bars(bars, len(moved), key="label-changes", xaxis={"tickformat": "+.0%"})


def short(label: str) -> str:
    """One line of a label; charts read angle brackets as markup."""
    line = " ".join(label.split())
    line = line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
    return line.replace("<", "&lt;").replace(">", "&gt;")


def _bars(bars: go.Bar, count: int, *, key: str, xaxis: dict[str, Any] | None = None) -> None:
    figure = go.Figure(bars)
    figure.update_traces(textposition="auto", textangle=0, cliponaxis=False)
    figure.update_layout(
        height=48 + 24 * count, margin={"l": 8, "r": 8, "t": 8, "b": 8}, xaxis=xaxis,
        yaxis={"automargin": True, "type": "category"},
    )  # fmt: skip
    st.plotly_chart(figure, key=key, config={"displayModeBar": False})

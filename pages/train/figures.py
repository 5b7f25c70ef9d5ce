"""Charts and tables of labels, mistakes and differences."""

from collections.abc import Sequence

import streamlit as st

from ontos.label.labels import LabelCount
from ontos.train.comparisons import LabelDifference
from ontos.train.evaluations import Confusion, LabelFigures
from ontos.train.snapshots import TrainingGate
from pages.bars import BAD, GOOD, WARNING, Bar, draw_bars
from pages.tables import rows_of
from pages.words import many

SHOWN = 25
NEITHER = "#64748b"
LONGEST = 40
"""Characters of a label beside its bar."""


def distribution(gate: TrainingGate) -> None:
    """How often each label is there, the most frequent first; of many, also the rarest."""
    shown = gate.labels if gate.classes <= SHOWN else gate.labels[: SHOWN - len(gate.fewest)]
    most = max((label.pairs for label in gate.labels), default=0)
    draw_bars([_counted(label, most) for label in shown], "Pairs of each response", most=most)
    if len(shown) == gate.classes:
        return
    between = gate.classes - len(shown) - len(gate.fewest)
    st.caption(
        f"The {len(shown)} most frequent of {gate.classes:,} different responses. Between these "
        f"and the rarest, {between:,} are not shown."
    )
    draw_bars([_counted(label, most) for label in gate.fewest], "The fewest pairs", most=most)


def _counted(label: LabelCount, most: int) -> Bar:
    """Marked where the most frequent has more than twice as many."""
    about = f"{label.label}: {many(label.pairs, 'pair')}"
    colour = WARNING if 2 * label.pairs < most else GOOD
    return Bar(short(label.label), label.pairs, f"{label.pairs:,}", about, colour)


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


def changes(labels: Sequence[LabelDifference], *, clear: bool) -> None:
    """The labels whose share of right answers changed most; good and bad only if that is clear."""
    moved = [(label.label, label.delta) for label in labels if label.delta][:SHOWN]
    if not moved:
        st.caption("No label is answered better or worse than before.")
        return
    draw_bars(
        [
            Bar(short(label), delta, f"{delta:+.0%}", f"{label}: {delta:+.1%}",
                (GOOD if delta > 0 else BAD) if clear else NEITHER)
            for label, delta in moved
        ],
        "Change of the share answered rightly",
    )  # fmt: skip


def short(label: str) -> str:
    """One line of a label."""
    line = " ".join(label.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"

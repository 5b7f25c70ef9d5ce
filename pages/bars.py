"""Bars that lie on their side, with their labels and figures: plain HTML.

They open at once and need nothing that the browser would have to fetch first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

GOOD, BAD, WARNING = "#0f766e", "#be123c", "#b45309"


@dataclass(frozen=True)
class Bar:
    """`said` is the figure as a person reads it, `about` what is shown when it is pointed at."""

    label: str
    value: float
    said: str
    about: str = ""
    colour: str = GOOD


def draw_bars(bars: Sequence[Bar], title: str, most: float | None = None) -> None:
    """One below the other; `title` says what is measured, `most` what a full bar stands for."""
    high = max([bar.value for bar in bars] + ([most] if most else []) + [0.0])
    low = min([bar.value for bar in bars] + [0.0])
    if low < 0:  # nothing stands in the middle
        high = max(high, -low)
        low = -high
    rows = "".join(_row(bar, low, high) for bar in bars)
    st.html(f'<table class="bars"><caption>{escape(title)}</caption>{rows}</table>')


def _row(bar: Bar, low: float, high: float) -> str:
    size = (high - low) or 1.0
    left = (min(bar.value, 0.0) - low) / size
    label, about = escape(bar.label), escape(bar.about or f"{bar.label}: {bar.said}")
    return (
        f'<tr title="{about}"><th scope="row">{label}</th>'
        f'<td><div style="margin-left:{left:.2%};width:{abs(bar.value) / size:.2%};'
        f'background:{bar.colour}"></div></td><td>{escape(bar.said)}</td></tr>'
    )

"""Requests and latency over time."""

from datetime import timedelta
from typing import Any

import streamlit as st

from ontos.monitor.performance import Series
from pages.clock import local
from pages.plots import go

OK, BAD = "#0f766e", "#be123c"
LINES = (
    ("p50", "half within", "#0ea5e9"), ("p95", "95 % within", "#0d9488"),
    ("p99", "99 % within", "#d97706"),
)  # fmt: skip
"""Percentile, as the figures above the chart call it, colour."""
HEIGHT = 260
FEW = 6
"""Up to so many requests each has its tick; above, Plotly's own are whole numbers."""


def requests(series: Series) -> None:
    """Bars of answered and failed requests."""
    at = [local(point.at) for point in series.points]
    good = [point.request_count - point.error_count for point in series.points]
    bad = [point.error_count for point in series.points]
    width = series.bucket_seconds * 1000 * 0.9
    bars = [
        go.Bar(name=name, x=at, y=counts, marker_color=colour, width=width,
               hovertemplate="%{x|%b %d %H:%M}: %{y:,}")
        for name, counts, colour in (("answered", good, OK), ("failed", bad, BAD))
    ]  # fmt: skip
    axis: dict[str, Any] = {"rangemode": "tozero", "title": "requests", "tickformat": ",d"}
    if max(point.request_count for point in series.points) <= FEW:
        axis["dtick"] = 1
    _draw(bars, series, "requests-chart", barmode="stack", yaxis=axis)


def latencies(series: Series) -> None:
    """Percentiles; a bucket in which nothing was asked has no point."""
    at = [local(point.at) for point in series.points]
    lines = [
        go.Scatter(
            name=name, x=at, y=[getattr(point.latency_ms, key) for point in series.points],
            mode="lines+markers", line={"color": colour, "width": 2}, marker={"size": 5},
            connectgaps=False, cliponaxis=False, hovertemplate="%{x|%b %d %H:%M}: %{y:,.1f} ms",
        )
        for key, name, colour in LINES
    ]  # fmt: skip
    _draw(lines, series, "latency-chart", yaxis={"rangemode": "tozero", "ticksuffix": " ms"})


def _draw(traces: list[Any], series: Series, key: str, **layout: Any) -> None:
    """The axis leaves room for what stands at the first and at the newest bucket."""
    bucket = timedelta(seconds=series.bucket_seconds)
    begin, end = local(series.points[0].at) - bucket / 2, local(series.points[-1].at) + bucket
    figure = go.Figure(traces)
    figure.update_layout(
        height=HEIGHT, margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis={"range": [begin, end], "nticks": 6, "tickangle": 0},
        legend={"orientation": "h", "y": 1.12, "x": 0}, **layout,
    )  # fmt: skip
    st.plotly_chart(figure, key=key, config={"displayModeBar": False})

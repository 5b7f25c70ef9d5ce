"""Requests, errors and latency of an endpoint over a window of time."""

from collections.abc import Sequence

import streamlit as st

from ontos.kernel.caller import Caller
from ontos.monitor.performance import (
    FailedRequest,
    Performance,
    Series,
    get_performance_series,
    list_failed_requests,
    list_performance,
)
from ontos.warehouse import together
from pages.ahead import read_ahead
from pages.clock import moment
from pages.frame import empty, pick
from pages.monitor.charts import latencies, requests
from pages.tables import rows_of

SOURCES = {"query": "the workbench", "ingest": "another system"}
DASH = "\N{EN DASH}"
WINDOWS = {"Last hour": 60, "24 hours": 1_440, "7 days": 10_080, "30 days": 43_200}


def draw(caller: Caller) -> None:
    minutes = WINDOWS[st.session_state.get("window") or "24 hours"]
    overview, ahead = read_ahead(
        caller, "monitor", "endpoint", lambda: list_performance(caller, minutes=minutes).items,
        lambda name: _over_time(caller, name, minutes), first=_most_asked,
    )  # fmt: skip
    if not overview:
        empty(
            "Nothing to watch yet",
            "Deploy a model. Every request to it is counted here; metrics of models that run "
            "elsewhere can be sent in.",
            "Deploy a model", ("deploy", "endpoints"), new="1",
        )  # fmt: skip
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seen = pick("Endpoint", overview, "endpoint", title=lambda p: p.endpoint_name,
                    identity=lambda p: p.endpoint_name, first=_most_asked(overview))  # fmt: skip
        st.segmented_control("Window", list(WINDOWS), default="24 hours", key="window",
                             required=True)  # fmt: skip
        st.button("Refresh", icon=":material/refresh:")
    if seen is None:
        return
    _cards(seen)
    if seen.request_count:
        _draw_over_time(*ahead.of(seen.endpoint_name))
    else:
        st.info("Nobody asked it in this window. Choose a longer one, or ask it in the playground.",
                icon=":material/hourglass_empty:")  # fmt: skip
    if len(overview) > 1:
        _all(overview)


def _most_asked(overview: Sequence[Performance]) -> str | None:
    most = max(overview, key=lambda seen: seen.request_count, default=None)
    return most.endpoint_name if most else None


def _cards(seen: Performance) -> None:
    latency = seen.latency_ms
    named = (
        ("Requests", f"{seen.request_count:,}", None),
        ("Errors", f"{seen.error_count:,}", "Answers with a status from 400 on."),
        ("Error rate", _or_dash(seen.error_rate, ".1%"), None),
        ("Half within", _or_dash(latency.p50, ",.0f", " ms"), "The median latency."),
        ("95 % within", _or_dash(latency.p95, ",.0f", " ms"), "One in twenty takes longer."),
        ("99 % within", _or_dash(latency.p99, ",.0f", " ms"), "One in a hundred takes longer."),
    )
    with st.container(horizontal=True):
        for title, value, about in named:
            st.metric(title, value, help=about, border=True, width=145)


def _or_dash(value: float | None, form: str, unit: str = "") -> str:
    """A figure that is not there is not zero."""
    return DASH if value is None else f"{value:{form}}{unit}"


def _over_time(caller: Caller, name: str, minutes: int) -> tuple[Series, list[FailedRequest]]:
    series, failed = together(
        lambda: get_performance_series(caller, name, minutes=minutes),
        lambda: list_failed_requests(caller, name, minutes=minutes).items,
    )
    return series, failed


def _draw_over_time(series: Series, failed: list[FailedRequest]) -> None:
    row = st.grid(2, min_column_width=340, gap="medium")
    with row.cell():
        st.markdown("**Requests**")
        requests(series)
    with row.cell():
        st.markdown("**Latency**, milliseconds")
        latencies(series)
    _errors(failed)


def _errors(failed: list[FailedRequest]) -> None:
    st.markdown("**Latest errors**")
    if not failed:
        st.caption("No request failed in this window.")
        return
    rows = [
        {name: "" if value is None else value for name, value in row.model_dump().items()}
        | {"source": SOURCES.get(row.source, row.source)}
        for row in failed
    ]
    st.dataframe(
        rows_of(rows),
        hide_index=True, key="failed",
        column_order=("at", "status_code", "error_message", "latency_ms", "model_version", "user",
                      "source"),
        column_config={
            "at": moment("When"),
            "status_code": st.column_config.NumberColumn("Status", format="%d", width="small"),
            "error_message": st.column_config.TextColumn("Why", width="large"),
            "latency_ms": st.column_config.NumberColumn("ms", format="%.0f", width="small"),
            "model_version": "Version", "user": "Who", "source": "Counted by",
        },
    )  # fmt: skip


def _all(overview: Sequence[Performance]) -> None:
    st.markdown("**All endpoints** in this window")
    rows = [
        {"Endpoint": seen.endpoint_name, "Requests": seen.request_count,
         "Errors": seen.error_count, "Error rate": seen.error_rate,
         "Half within": seen.latency_ms.p50, "95 % within": seen.latency_ms.p95,
         "99 % within": seen.latency_ms.p99}
        for seen in overview
    ]  # fmt: skip
    milliseconds = st.column_config.NumberColumn(format="%.0f ms")
    st.dataframe(
        rows_of(rows), hide_index=True, key="overview", placeholder=DASH,
        column_config={"Error rate": st.column_config.NumberColumn(format="percent"),
                       "Half within": milliseconds, "95 % within": milliseconds,
                       "99 % within": milliseconds},
    )  # fmt: skip

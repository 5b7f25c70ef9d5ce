"""How a model that answers elsewhere sends its metrics in."""

import json

import streamlit as st

from ontos.deploy.endpoints import list_endpoints
from ontos.kernel.caller import Caller
from ontos.monitor.metrics import AHEAD, LARGEST_BATCH, Metric, ingest_metric
from pages.deploy.choice import choose_endpoint
from pages.deploy.endpoint import address
from pages.frame import attempt, empty, link, loaded
from pages.tables import rows_of

FIELDS = (
    ("endpoint_name", "yes", "The endpoint that was asked; it must exist here."),
    ("latency_ms", "yes", "Milliseconds, zero or more."),
    ("status_code", "yes", "100 to 599, as HTTP counts. From 400 on it is an error."),
    (
        "at",
        "no",
        f"When, in UTC or with its offset; at most {AHEAD.seconds} s ahead. Left out: now.",
    ),
    ("model_version", "no", "Which version answered."),
    ("error_message", "no", "Why it failed; shown under Performance."),
    ("inputs", "no", "How many inputs the request held."),
)


def draw(caller: Caller) -> None:
    endpoints = loaded(lambda: list_endpoints(caller, limit=200)).items
    if not endpoints:
        empty(
            "No endpoint to count for",
            "Metrics belong to an endpoint. Deploy a model first.",
            "Deploy a model", ("deploy", "endpoints"), new="1",
        )  # fmt: skip
        return
    st.write(
        "Requests to endpoints are counted by themselves. Where the model also answers elsewhere, "
        "in another service or a batch job, send what happened: one request, or many at once."
    )
    endpoint = choose_endpoint(endpoints)
    if endpoint:
        _examples(endpoint.name)
        _try(caller, endpoint.name)


def _examples(name: str) -> None:
    one = {"endpoint_name": name, "latency_ms": 41.5, "status_code": 200}
    many = {"metrics": [one, one | {"status_code": 503, "error_message": "overloaded"}]}
    st.code(_curl("", one), language="bash", wrap_lines=True)
    st.code(_curl("/batch", many), language="bash", wrap_lines=True)
    tokens = link("govern", "tokens")
    st.caption(
        f"A batch holds up to {LARGEST_BATCH:,} requests and is taken whole or not at all. "
        f"[Create a token]({tokens}) with write on monitor."
    )
    st.dataframe(
        rows_of([dict(zip(("Field", "Required", "Meaning"), row, strict=True)) for row in FIELDS]),
        hide_index=True, key="fields", column_config={"Meaning": {"width": "large"}},
    )  # fmt: skip


def _curl(path: str, body: object) -> str:
    return (
        f"curl -X POST {address()}/api/v1/monitoring/metrics/ingest{path} \\\n"
        "  -H 'Content-Type: application/json' -H 'X-Ontos-Token: <token>' \\\n"
        f"  -d '{json.dumps(body)}'"
    )


def _try(caller: Caller, name: str) -> None:
    with st.expander("Count one request by hand"), st.form("ingest", border=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            latency = st.number_input("Milliseconds", 0.0, value=40.0, key="ingest-latency")
            status = st.number_input("Status", 100, 599, 200, key="ingest-status")
            sent = st.form_submit_button("Send", key="once-request")
        if sent:
            metric = Metric(endpoint_name=name, latency_ms=latency, status_code=int(status))
            attempt(ingest_metric, caller, metric, done="Counted")

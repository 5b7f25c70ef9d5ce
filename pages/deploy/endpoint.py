"""One endpoint: what answers, since when, what may pass; swap it, roll it back, delete it."""

import streamlit as st

from ontos.deploy.endpoints import (
    EndpointChange,
    Rollback,
    Served,
    delete_endpoint,
    get_endpoint,
    list_endpoint_versions,
    rollback_endpoint,
    update_endpoint,
)
from ontos.deploy.shares import said
from ontos.deploy.stored import Endpoint
from ontos.deploy.traffic import get_traffic
from ontos.kernel.caller import Caller
from ontos.monitor.performance import Performance, get_performance
from ontos.train.training_jobs import TrainingJob, list_training_jobs
from ontos.workspace.traffic import answering
from pages.clock import moment, when
from pages.data.words import escaped
from pages.deploy.guardrails import draw_guardrails
from pages.deploy.traffic import draw_traffic
from pages.frame import attempt, go, loaded, mark, param, polled
from pages.tables import rows_of


def draw_endpoint(caller: Caller, name: str) -> None:
    if st.button("All endpoints", icon=":material/arrow_back:", type="tertiary"):
        go("deploy", "endpoints")
    endpoint, traffic, served, seen, jobs = loaded(
        lambda: get_endpoint(caller, name),
        lambda: get_traffic(caller, name),
        lambda: list_endpoint_versions(caller, name).items,
        lambda: get_performance(caller, name),
        lambda: list_training_jobs(caller, status="succeeded", limit=500).items,
    )
    _header(endpoint)
    if endpoint.moving:
        polled(0.7)(_loading)(caller, name)
    elif endpoint.error_message:
        st.error(escaped(endpoint.error_message), icon=":material/error:")
    _today(seen)
    _actions(caller, endpoint, [job for job in jobs if job.uc_model_name == endpoint.model_name])
    draw_traffic(caller, endpoint, traffic)
    draw_guardrails(caller, endpoint)
    _history(served)
    _how_to_ask(endpoint)


def _header(endpoint: Endpoint) -> None:
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.subheader(
            f"{escaped(endpoint.name)} {mark(endpoint.status)}", anchor=False, width="stretch"
        )
        with st.container(horizontal=True, width="content"):
            if endpoint.model_version and st.button(
                "Ask it", type="primary", icon=":material/chat:"
            ):
                go("deploy", "playground", endpoint=endpoint.name)
            if st.button("Performance", icon=":material/monitoring:"):
                go("monitor", "performance", endpoint=endpoint.name)
            if st.button("Gaps", icon=":material/trending_up:"):
                go("improve", "gaps", endpoint=endpoint.name)
    st.caption(
        f"{escaped(endpoint.model_name)}: {said(endpoint.traffic)} · made "
        f"{when(endpoint.created_at)} by {escaped(endpoint.created_by)}"
    )


def _loading(caller: Caller, name: str) -> None:
    endpoint = loaded(lambda: get_endpoint(caller, name))
    if not endpoint.moving:
        st.rerun()
    coming = endpoint.pending_version
    does = f"Version {coming} is being loaded." if coming else "The traffic is being moved."
    keeps = f" Meanwhile {said(endpoint.traffic)}." if endpoint.traffic else ""
    st.info(f"{does}{keeps}", icon=":material/hourglass_top:")


def _today(seen: Performance) -> None:
    if not seen.request_count:
        st.caption("Nobody has asked it in the last 24 hours.")
        return
    with st.container(horizontal=True):
        st.metric("Requests, 24 h", f"{seen.request_count:,}", border=True, width=145)
        st.metric("Error rate", f"{seen.error_rate:.1%}", border=True, width=145)
        st.metric("95 % within", f"{seen.latency_ms.p95:,.0f} ms", border=True, width=145)


def _actions(caller: Caller, endpoint: Endpoint, jobs: list[TrainingJob]) -> None:
    """Each asks first, about the endpoint as it is seen.

    Their keys name its version: once it is another, what was open closes, and a second click on
    what was there does nothing. It would undo a rollback.
    """
    with st.container(horizontal=True):
        if not endpoint.moving:
            _update(caller, endpoint, jobs)
        if not endpoint.moving and endpoint.previous_version:
            _rollback(caller, endpoint)
        _delete(caller, endpoint)


def _update(caller: Caller, endpoint: Endpoint, jobs: list[TrainingJob]) -> None:
    others = {
        str(job.uc_model_version): job
        for job in jobs
        if job.uc_model_version != endpoint.model_version
    }
    wanted, versions = param("version"), list(others)
    asked = wanted in versions  # somebody came here for it, and has to find where it is done
    with st.popover(f"Change to v{wanted}" if asked else "Change version",
                    type="primary" if asked else "secondary",
                    icon=":material/swap_horiz:", disabled=not others,
                    help=None if others else "This is the only version of the model.",
                    key=f"ask-update-{endpoint.version}"):  # fmt: skip
        version = st.selectbox(
            "Version", versions, key="update-version",
            index=versions.index(wanted) if wanted in versions else 0,
            format_func=lambda v: f"v{v} · {others[v].metrics.get('val_accuracy', 0):.1%} right",
        )  # fmt: skip
        share = st.number_input(
            "Percent of the requests", 1, 100, 100, key="update-share",
            help="Begin with a few; the version that answers now keeps the rest.",
        )  # fmt: skip
        st.caption("The present version answers until the other one is loaded.")
        sure = st.button("Change", type="primary", key=f"update-{endpoint.version}",
                         disabled=not others)  # fmt: skip
    if sure and attempt(
        update_endpoint, caller, endpoint.name,
        EndpointChange(model_version=version, share=share, version=endpoint.version),
        done=f"Version {version} is being loaded",
    ):  # fmt: skip
        st.rerun()


def _rollback(caller: Caller, endpoint: Endpoint) -> None:
    with st.popover("Roll back", icon=":material/undo:", key=f"ask-rollback-{endpoint.version}"):
        st.write(f"Version {endpoint.previous_version} answers everything again. Nothing has to "
                 "be loaded for it where it is still there.")  # fmt: skip
        sure = st.button("Roll back now", type="primary", key=f"rollback-{endpoint.version}")
    if sure and attempt(
        rollback_endpoint, caller, endpoint.name, Rollback(version=endpoint.version),
        done=lambda e: said(e.traffic).capitalize() if e.status == "ready" else "On its way back",
    ):  # fmt: skip
        st.rerun()


def _delete(caller: Caller, endpoint: Endpoint) -> None:
    with st.popover("Delete", icon=":material/delete:", key=f"ask-delete-{endpoint.version}"):
        st.write("Nothing answers under this name any more. Its metrics and its model stay.")
        sure = st.button("Delete the endpoint", type="primary",
                         key=f"delete-{endpoint.version}")  # fmt: skip
    if sure and attempt(
        delete_endpoint, caller, endpoint.name, version=endpoint.version, done="Deleted"
    ):
        go("deploy", "endpoints")


def _history(served: list[Served]) -> None:
    st.markdown("**What answered when**")
    if not served:
        st.caption("No version has answered yet.")
        return
    st.dataframe(
        rows_of([row.model_dump() | {"split": _split(row)} for row in served]),
        hide_index=True, key="served",
        column_order=("at", "split", "how", "user"),
        column_config={
            "at": moment("Since"),
            "split": "Version", "how": "By", "user": "Who",
        },
    )  # fmt: skip


def _split(row: Served) -> str:
    shares = answering(row.traffic)
    return ", ".join(v if share == 100 else f"{v}: {share} %" for v, share in shares.items())


def _how_to_ask(endpoint: Endpoint) -> None:
    with st.expander("Ask it from a program"):
        variables = ", ".join(f'"{name}": "…"' for name in endpoint.inputs or ["variable"])
        st.code(
            f"curl -X POST {address()}/api/v1/deployment/endpoints/{endpoint.name}/query \\\n"
            "  -H 'Content-Type: application/json' -H 'X-Ontos-Token: <token>' \\\n"
            f"  -d '{{\"inputs\": [{{{variables}}}]}}'",
            language="bash",
        )
        st.caption("Create a token under Govern, API tokens. It needs read on deploy.")


def address() -> str:
    """Where this app is reached, as the browser sees it."""
    url = st.context.url or "http://127.0.0.1:8501"
    return "/".join(url.split("/")[:3])

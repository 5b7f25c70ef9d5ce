"""Endpoints: the list, one of them, or the form for a new one, by the page's address."""

import streamlit as st

from ontos.deploy.endpoints import create_endpoint, list_endpoints
from ontos.deploy.shares import said
from ontos.deploy.stored import Endpoint
from ontos.kernel.caller import Caller
from ontos.train.names import nearest
from ontos.train.training_jobs import TrainingJob, list_training_jobs
from pages.clock import when
from pages.data.words import escaped
from pages.deploy.endpoint import draw_endpoint
from pages.frame import another_is_shown, attempt, empty, go, loaded, mark, param, polled, step

CHOSEN = "new-endpoint-model"


def draw(caller: Caller) -> None:
    if param("new"):
        _draw_new(caller)
    elif name := param("endpoint"):
        draw_endpoint(caller, name)
    else:
        _draw_list(caller)


def _draw_list(caller: Caller) -> None:
    endpoints = loaded(lambda: list_endpoints(caller, limit=200)).items
    if not endpoints:
        empty(
            "No endpoint yet",
            "An endpoint is a name behind which one version of a model answers. Train a model, "
            "then deploy it here.",
            "Deploy a model", ("deploy", "endpoints"), new="1",
        )  # fmt: skip
        return
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Deploy a model", type="primary", icon=":material/add:"):
            go("deploy", "endpoints", new=1)
    if any(endpoint.moving for endpoint in endpoints):
        polled(1.0)(_live)(caller)
    else:
        _rows(endpoints)


def _live(caller: Caller) -> None:
    endpoints = loaded(lambda: list_endpoints(caller, limit=200)).items
    if not any(endpoint.moving for endpoint in endpoints):
        st.rerun()
    _rows(endpoints)


def _rows(endpoints: list[Endpoint]) -> None:
    for endpoint in endpoints:
        loading = f", loading {endpoint.pending_version}" if endpoint.pending_version else ""
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"**{escaped(endpoint.name)}** {mark(endpoint.status)}  \n"
                f":gray[:small[{escaped(endpoint.model_name)}: {said(endpoint.traffic)}{loading} · "
                f"changed {when(endpoint.updated_at)} by {escaped(endpoint.updated_by)}]]",
                width="stretch",
            )
            if endpoint.model_version and st.button("Ask it", key=f"ask-{endpoint.name}"):
                go("deploy", "playground", endpoint=endpoint.name)
            if st.button("Open", key=f"open-{endpoint.name}"):
                go("deploy", "endpoints", endpoint=endpoint.name)


def _draw_new(caller: Caller) -> None:
    if st.button("All endpoints", icon=":material/arrow_back:", type="tertiary"):
        go("deploy", "endpoints")
    jobs, endpoints = loaded(
        lambda: list_training_jobs(caller, status="succeeded", limit=500).items,
        lambda: list_endpoints(caller, limit=200).items,
    )
    if not jobs:
        empty(
            "No model to deploy yet",
            "Train a model on approved pairs first.",
            "Train a model", ("train", "new"),
        )  # fmt: skip
        return
    st.subheader("Deploy a model", anchor=False)
    _form(caller, jobs, endpoints)


def _form(caller: Caller, jobs: list[TrainingJob], endpoints: list[Endpoint]) -> None:
    keys = [(str(job.uc_model_name), str(job.uc_model_version)) for job in jobs]
    by_key = dict(zip(keys, jobs, strict=True))
    wanted = (param("model"), param("version"))
    if any(wanted) and wanted not in keys and CHOSEN not in st.session_state:
        another_is_shown()

    def title(key: tuple[str, str]) -> str:
        accuracy = by_key[key].metrics.get("val_accuracy")
        good = f" · {accuracy:.1%} right on validation" if accuracy is not None else ""
        return f"{key[0]} v{key[1]}{good}"

    model = st.selectbox(
        "Model", keys, index=keys.index(wanted) if wanted in keys else 0, format_func=title,
        key=CHOSEN, width=560,
    )  # fmt: skip
    _served_already(endpoints, *model)
    with st.form("new-endpoint", border=False, width=560):
        name = st.text_input(
            "Name", nearest(model[0], 63, "-") or "model", max_chars=63,
            key=f"new-endpoint-name-{model[0]}",
            help="Programs ask the model under this name. Letters, digits, - and _.",
        )  # fmt: skip
        if st.form_submit_button("Deploy", type="primary", icon=":material/rocket_launch:"):
            spec = {"name": name.strip(), "model_name": model[0], "model_version": model[1]}
            if attempt(create_endpoint, caller, spec, done="The model is being loaded"):
                go("deploy", "endpoints", endpoint=name.strip())


def _served_already(endpoints: list[Endpoint], model: str, version: str) -> None:
    """A better version is mostly to answer where the former one does, not beside it."""
    for endpoint in endpoints:
        if endpoint.model_name == model and endpoint.model_version not in (None, version):
            step(
                f"{escaped(endpoint.name)} answers with v{escaped(str(endpoint.model_version))} "
                f"of it: change it to v{escaped(version)} instead",
                "deploy", "endpoints", icon=":material/swap_horiz:", endpoint=endpoint.name,
                version=version,
            )  # fmt: skip

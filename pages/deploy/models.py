"""The registry: models, their versions, how each was made, and where it answers."""

from datetime import datetime

import streamlit as st

from ontos.deploy.models import Model, RegisteredVersion, list_model_versions, list_models
from ontos.kernel.caller import Caller
from pages.clock import when
from pages.data.words import escaped
from pages.frame import empty, go, link, loaded, param
from pages.words import many


def draw(caller: Caller) -> None:
    name = param("model")
    if name:
        _draw_versions(caller, name)
        return
    with st.spinner("Opening the model registry"):
        models = loaded(lambda: list_models(caller).items)
    if not models:
        empty(
            "The registry is empty",
            "Every training that succeeds registers a version of its model here.",
            "Train a model", ("train", "new"),
        )  # fmt: skip
        return
    for model in models:
        _row(model)


def _row(model: Model) -> None:
    accuracy = f" · {model.accuracy:.1%} right on validation" if model.accuracy is not None else ""
    newest = (
        f"newest v{model.latest_version}{accuracy}" if model.latest_version else "not from here"
    )
    sheet = f" · from {escaped(model.training_sheet_name)}" if model.training_sheet_name else ""
    serving = "".join(
        f" · v{version} answers as {', '.join(names)}"
        for version, names in sorted(
            model.answering.items(), key=lambda each: (len(each[0]), each[0])
        )
    )
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{escaped(model.name)}** · {many(model.trained_versions, 'version')}  \n"
            f":gray[:small[{newest}{sheet}{escaped(serving)}]]",
            width="stretch",
        )
        if st.button("Versions", key=f"versions-{model.name}"):
            go("deploy", "models", model=model.name)


def _draw_versions(caller: Caller, name: str) -> None:
    if st.button("All models", icon=":material/arrow_back:", type="tertiary"):
        go("deploy", "models")
    with st.spinner("Opening the model registry"):
        versions = loaded(lambda: list_model_versions(caller, name).items)
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        st.subheader(escaped(name), anchor=False, width="stretch")
        if len(versions) > 1 and st.button("Compare versions", icon=":material/compare_arrows:"):
            go("train", "compare", model=name)
    for version in versions:
        _version(version)


def _version(version: RegisteredVersion) -> None:
    accuracy, learnt = version.metrics.get("val_accuracy"), version.train_pairs
    facts = [
        f"{accuracy:.1%} right on validation" if accuracy is not None else "",
        f"learnt from {many(learnt, 'pair')}" if learnt is not None else "",
        f"asks for {', '.join(version.inputs)}" if version.inputs else "",
        f"answers as {', '.join(version.endpoints)}" if version.endpoints else "",
        f"alias {', '.join(version.aliases)}" if version.aliases else "",
    ]
    made = when(datetime.fromisoformat(version.created_at))
    job = (
        f" · [training job]({link('train', 'jobs', job=version.job_id)})" if version.job_id else ""
    )
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**v{escaped(version.version)}** · {escaped(' · '.join(filter(None, facts)))}  \n"
            f":gray[:small[{made}{job}]]",
            width="stretch",
        )
        if st.button("Deploy", key=f"deploy-{version.version}", icon=":material/rocket_launch:"):
            go("deploy", "endpoints", new=1, model=version.name, version=version.version)

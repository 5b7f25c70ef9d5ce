"""Ask a deployed model, see how it answers, and say whether it was right."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from ontos.deploy.endpoints import list_endpoints
from ontos.deploy.queries import Query, QueryAnswer, query_endpoint
from ontos.deploy.stored import Endpoint
from ontos.improve.feedback import FeedbackSpec, create_feedback
from ontos.kernel.caller import Caller
from pages.data.words import escaped
from pages.deploy.choice import choose_endpoint
from pages.frame import attempt, empty, link, loaded

KEPT = 20
"""Answers shown of this session."""


@dataclass
class Asked:
    """One question of this session; `rated` is up, down or not yet."""

    endpoint: str
    given: dict[str, str]
    answer: QueryAnswer
    rated: str | None = None

    @property
    def output(self) -> str:
        return str(self.answer.predictions[0])


def draw(caller: Caller) -> None:
    endpoints = loaded(lambda: list_endpoints(caller, limit=200)).items
    if not any(endpoint.model_version for endpoint in endpoints):
        loading = bool(endpoints)
        empty(
            "No model to ask yet",
            "A model is being loaded, or could not be. See its endpoint."
            if loading else "Deploy a model: it can be asked here as programs would ask it.",
            "Open the endpoints" if loading else "Deploy a model", ("deploy", "endpoints"),
            **({} if loading else {"new": "1"}),
        )  # fmt: skip
        return
    endpoint = choose_endpoint(endpoints, _called)
    if endpoint and endpoint.model_version:
        _conversation(caller, endpoint)
    elif endpoint:
        empty(
            "It cannot be asked yet", "No version of its model answers. The endpoint says why.",
            "Open the endpoint", ("deploy", "endpoints"), endpoint=endpoint.name,
        )  # fmt: skip


def _called(endpoint: Endpoint) -> str:
    version = f" v{endpoint.model_version}" if endpoint.model_version else ", no version answers"
    return f"{endpoint.name} · {endpoint.model_name}{version}"


@st.fragment
def _conversation(caller: Caller, endpoint: Endpoint) -> None:
    row = st.container(horizontal=True, gap="large")
    with row.container(width=380):
        _ask(caller, endpoint)
    with row.container(width="stretch"):
        mine = [asked for asked in _history() if asked.endpoint == endpoint.name]
        if not mine:
            st.caption("Answers appear here, with how long they took. Say whether they are right: "
                       "corrections become training pairs once they are reviewed.")  # fmt: skip
        for asked in mine:
            _answer(caller, asked)


def _ask(caller: Caller, endpoint: Endpoint) -> None:
    with st.form(f"ask-{endpoint.name}", border=True):
        given = {
            name: st.text_area(_title(name), key=f"ask-{endpoint.name}-{name}", height=100)
            for name in endpoint.inputs
        }
        if not endpoint.inputs:
            st.caption("This model does not say what it asks for; it cannot be asked here.")
        sent = st.form_submit_button(
            "Ask", type="primary", icon=":material/send:", disabled=not endpoint.inputs
        )
    if not sent:
        return
    if not any(value.strip() for value in given.values()):
        st.warning("Write something to ask first.", icon=":material/edit:")
        return
    answer = attempt(query_endpoint, caller, endpoint.name, Query(inputs=[dict(given)]))
    if answer:
        history = _history()
        history.insert(0, Asked(endpoint.name, given, answer))
        del history[KEPT:]


def _history() -> list[Asked]:
    found: list[Asked] = st.session_state.setdefault("asked", [])
    return found


def _title(variable: str) -> str:
    return variable.replace("_", " ").capitalize()


def _answer(caller: Caller, asked: Asked) -> None:
    key = asked.answer.request_id
    with st.container(border=True, key=f"answer-{key}"):
        st.markdown(f":gray[{escaped(_one_line(asked.given))}]")
        st.markdown(f"#### {escaped(asked.output)}")
        st.caption(f"Version {asked.answer.model_version} · {asked.answer.latency_ms:,.1f} ms")
        if asked.rated:
            address = link("improve", "feedback")
            thanks = "right" if asked.rated == "up" else "wrong"
            st.markdown(f":green-badge[noted as {thanks}] [See all feedback]({address})")
        else:
            _rate(caller, asked, key)


def _one_line(given: dict[str, str]) -> str:
    text = " · ".join(" ".join(value.split()) for value in given.values() if value.strip())
    return text if len(text) <= 300 else text[:299] + "…"


def _rate(caller: Caller, asked: Asked, key: str) -> None:
    with st.container(horizontal=True):
        if st.button("Right", icon=":material/thumb_up:", key=f"once-up-{key}"):
            _send(caller, asked, rating="up")
        with st.popover("Wrong", icon=":material/thumb_down:", key=f"down-{key}"):
            correction = st.text_area(
                "What would be right", key=f"correction-{key}", height=80,
                help="Becomes a training pair once somebody has reviewed it.",
            )  # fmt: skip
            comment = st.text_input("Comment", key=f"comment-{key}", placeholder="Optional")
            if st.button("Send", type="primary", key=f"once-{key}"):
                _send(caller, asked, rating="down", correction=correction.strip() or None,
                      comment=comment.strip() or None)  # fmt: skip


def _send(caller: Caller, asked: Asked, **said: Any) -> None:
    spec = FeedbackSpec(
        endpoint_name=asked.endpoint, input=asked.given, output=asked.output,
        request_id=asked.answer.request_id, **said,
    )  # fmt: skip
    if attempt(create_feedback, caller, spec, done="Thank you: noted"):
        asked.rated = said["rating"]
        st.rerun()

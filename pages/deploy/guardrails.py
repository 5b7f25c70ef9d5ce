"""Guardrails of one endpoint: those in force with who holds each, and a form to change them."""

import streamlit as st

from ontos.deploy.guardrails import set_guardrails
from ontos.deploy.pii import KINDS
from ontos.deploy.rails import Rails
from ontos.deploy.stored import Endpoint
from ontos.kernel.caller import Caller
from pages.data.words import escaped
from pages.frame import attempt
from pages.words import many

PII = {"NONE": "Let it pass", "MASK": "Mask it", "BLOCK": "Refuse it"}
COLOURS = {"workspace": "blue", "workbench": "green"}


def draw_guardrails(caller: Caller, endpoint: Endpoint) -> None:
    rails = endpoint.guardrails or Rails()
    st.markdown("**Guardrails**")
    if rails.held:
        st.markdown("  \n".join(
            f"{_said(rails, name)} :{COLOURS[holder]}-badge[held by the {holder}]"
            for name, holder in rails.held.items()
        ))  # fmt: skip
    else:
        st.caption("None: everything is asked and answered as it comes.")
    if rails.message and "workbench" in rails.held.values():
        st.caption(f"{escaped(rails.message)} The workbench holds them for whatever is asked "
                   "through it.")  # fmt: skip
    with st.expander("Change the guardrails", icon=":material/shield:"):
        _form(caller, endpoint, rails)


def _said(rails: Rails, name: str) -> str:
    """One guardrail in words."""
    return {
        "pii": f"Personal data: {PII[rails.pii].lower()}",
        "safety": "Unsafe content is refused",
        "keywords": f"{many(len(rails.keywords), 'keyword')} not allowed: "
        f"{escaped(_short(rails.keywords))}",
        "topics": f"Only about {escaped(_short(rails.topics))}",
        "calls_per_minute": f"{many(rails.calls_per_minute or 0, 'call')} a minute for each user",
    }[name]


def _short(words: list[str]) -> str:
    more = f" and {len(words) - 5} more" if len(words) > 5 else ""
    return ", ".join(words[:5]) + more


def _form(caller: Caller, endpoint: Endpoint, rails: Rails) -> None:
    seen = endpoint.version
    with st.form(f"guardrails-{seen}", border=False):
        left, right = st.columns(2, gap="medium")
        with left:
            keywords = st.text_area(
                "Keywords not allowed", "\n".join(rails.keywords), key=f"keywords-{seen}",
                help="One a line. Neither questions nor answers may hold one, in any case and "
                "also within words.",
            )  # fmt: skip
            pii = st.selectbox(
                "Personal data", list(PII), index=list(PII).index(rails.pii), key=f"pii-{seen}",
                format_func=PII.__getitem__,
                help=f"Where the workbench holds it: {', '.join(KINDS)}. Nothing else is found.",
            )  # fmt: skip
        with right:
            topics = st.text_area(
                "Allowed topics", "\n".join(rails.topics), key=f"topics-{seen}",
                help="One a line. Only a workspace can hold this.",
            )  # fmt: skip
            calls = st.number_input(
                "Calls a minute for each user", 1, 1_000_000, rails.calls_per_minute,
                key=f"calls-{seen}", placeholder="As many as come",
            )  # fmt: skip
        safety = st.checkbox("Refuse unsafe content", rails.safety, key=f"safety-{seen}",
                             help="Only a workspace can hold this.")  # fmt: skip
        sent = st.form_submit_button("Put in force", type="primary", disabled=endpoint.moving)
    if sent:
        given = {"pii": pii, "safety": safety, "keywords": _lines(keywords)}
        given |= {"topics": _lines(topics), "calls_per_minute": calls, "version": seen}
        _put(caller, endpoint, given)


def _put(caller: Caller, endpoint: Endpoint, given: dict[str, object]) -> None:
    if attempt(set_guardrails, caller, endpoint.name, given, done="The guardrails are in force"):
        st.rerun()


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]

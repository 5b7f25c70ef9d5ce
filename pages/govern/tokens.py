"""Your API tokens: made here, shown once."""

import streamlit as st

from ontos.govern.tokens import Token, TokenSpec, create_token, list_tokens, revoke_token
from ontos.kernel.caller import Caller
from ontos.kernel.fields import now
from ontos.kernel.permission import FEATURES, Level
from pages.clock import day, when
from pages.data.words import escaped
from pages.frame import attempt, loaded, mark

LIFETIMES = {"30 days": 30, "90 days": 90, "1 year": 365, "No end": None}


def draw(caller: Caller) -> None:
    tokens = loaded(lambda: list_tokens(caller)).items
    st.caption(
        "A token lets a program do some of what you may do, over REST and MCP: send it as the "
        "header `X-Ontos-Token`. It is shown once; afterwards only its hash is kept. "
        + _reach(caller)
    )
    _fresh()
    _make(caller)
    for token in tokens:
        _row(caller, token)
    if not tokens:
        st.caption("You have no tokens.")


def _reach(caller: Caller) -> str:
    if caller.project:
        return f"A token made here holds in the project {caller.project} alone."
    return (
        "A token made here holds in each project of the org that you may enter, named by the "
        "header `X-Ontos-Project`; made within a project, it holds there alone."
    )


def _fresh() -> None:
    secret = st.session_state.pop("fresh-token", None)
    if secret:
        with st.container(border=True):
            st.success("Copy the token now; it cannot be shown again.", icon=":material/key:")
            st.code(secret, language=None)


def _make(caller: Caller) -> None:
    with st.expander("Make a token", icon=":material/add:"):
        refusals = st.container()  # above the form: below it they would be out of sight
        with st.form("token", border=False):
            title = st.text_input("What is it for?", placeholder="Nightly metrics upload")
            days = st.selectbox("Holds for", list(LIFETIMES), index=1)
            st.markdown("**What it may do**")
            scopes = _scopes(caller)
            asked = st.form_submit_button("Make the token", type="primary", key="once-token")
        if asked:
            with refusals:
                _create(caller, title, scopes, LIFETIMES[days])


def _create(caller: Caller, title: str, scopes: dict[str, str], days: int | None) -> None:
    if not title.strip():
        st.error("Say what the token is for.", icon=":material/error:")
    elif not scopes:
        st.error("Choose a level for at least one area.", icon=":material/error:")
    elif made := attempt(
        lambda: create_token(caller, TokenSpec(title=title, scopes=scopes, days=days))
    ):
        st.session_state["fresh-token"] = made.secret
        st.rerun()


def _scopes(caller: Caller) -> dict[str, str]:
    """One choice a feature, up to what the person has."""
    columns, chosen = st.columns(3), {}
    for n, feature in enumerate(FEATURES):
        held = caller.levels.get(feature.key, Level.none)
        options = [level.name for level in Level if level <= held]
        level = columns[n % 3].selectbox(
            feature.key.replace("_", " "), options, key=f"scope-{feature.key}", help=feature.covers
        )
        if level != "none":
            chosen[feature.key] = level
    return chosen


def _row(caller: Caller, token: Token) -> None:
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        used = f"last used {when(token.last_used_at)}" if token.last_used_at else "never used"
        ends = f"until {day(token.expires_at)}" if token.expires_at else "no end"
        scopes = ", ".join(f"{name} {level}" for name, level in token.scopes.items())
        title = f":material/key: **{escaped(token.title)}** {_state(token)}"
        scopes += f" · in {token.project}" if token.project else ""
        st.markdown(f"{title}  \n:gray[{scopes} · {ends} · {used}]", width="stretch")
        if token.revoked_at is None:
            _revoke(caller, token)


def _revoke(caller: Caller, token: Token) -> None:
    with st.popover("Revoke", type="tertiary"):
        st.write("Programs that send it are refused at once. This is final.")
        sure = st.button("Revoke the token", key=f"revoke-{token.id}", type="primary")
    if sure and attempt(revoke_token, caller, token.id, done="Token revoked"):
        st.rerun()


def _state(token: Token) -> str:
    if token.revoked_at:
        return ":gray-badge[revoked]"
    if token.expires_at and token.expires_at <= now():
        return ":orange-badge[expired]"
    return mark("ready").replace("ready", "holds")

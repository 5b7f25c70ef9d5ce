"""Who is looking at a page: by its websocket's headers, or by its OpenID Connect session."""

import hashlib
import time
from collections.abc import Mapping

import streamlit as st

from ontos.bootstrap import Workbench, local_person
from ontos.doors.identity import OWN, Knowing, mode, person_of
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Unauthenticated
from ontos.workspace import Person

LOOPBACK = "127.0.0.1"


def from_session(bench: Workbench, org: str | None, project: str | None = None) -> Caller:
    """The caller behind the page that runs now; raises Unauthenticated with the remedy.

    Who chose no project lands where they may work.
    """
    person = person_looking(bench)
    chosen = project or bench.directory.landing(person, org)
    return bench.directory.of_person(person, org, "page", chosen)


def can_sign_in(bench: Knowing) -> bool:
    """Whether a sign-in button leads anywhere."""
    return mode(bench.settings) == "oidc"


def person_looking(bench: Knowing) -> Person:
    """Who is behind the page that runs now; raises Unauthenticated with the remedy."""
    if can_sign_in(bench):
        return _signed_in(st.user.to_dict() if st.user.is_logged_in else {})
    headers = {name.lower(): value for name, value in st.context.headers.items()}
    if mode(bench.settings) == "local" and not headers:
        return local_person()  # no browser at all: this machine's user runs the script
    return person_of(bench, headers, st.context.ip_address or LOOPBACK, _came(headers.get(OWN)))


def _came(token: str | None) -> float:
    """When this session's headers came; a reconnected browser brings others."""
    digest = hashlib.sha256((token or "").encode()).hexdigest()
    known = st.session_state.get("headers-came")
    if known is None or known[0] != digest:
        known = st.session_state["headers-came"] = (digest, time.monotonic())
    return float(known[1])


def _signed_in(claims: Mapping[str, object]) -> Person:
    user = claims.get("email") or claims.get("preferred_username")
    if not user:
        raise Unauthenticated("Nobody is signed in. Sign in to go on.")
    groups = claims.get("groups")
    listed = groups if isinstance(groups, list) else []
    return Person(str(user), frozenset(map(str, listed)))

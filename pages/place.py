"""Where the pages work: org and project, chosen in the sidebar and kept in the address.

The address decides when it names a place by itself (a link, a frame in another page); else the
choice made in this session holds, and is written into the address of every page that it opens.
"""

import streamlit as st

from ontos.doors import process
from ontos.kernel.caller import Caller

NAMES = ("org", "project")
"""What they are called in the address. In the session they are `place-org` and `place-project`."""


def chosen() -> tuple[str | None, str | None]:
    """Org and project that were asked for; None where nothing was."""
    state = st.session_state
    for name in NAMES:
        asked = st.query_params.get(name)
        if asked is not None and asked != state.get(_seen(name)):
            state[_key(name)] = asked
            if name == "org":
                state[_key("project")] = None
                state.pop(_seen("project"), None)  # the address may name one of this org
    return state.get(_key("org")) or None, state.get(_key("project")) or None


def remember(asking: Caller) -> None:
    """Write the place into the address; the default org and the common project go without."""
    usual = process.workbench().settings.org
    here = {"org": asking.org if asking.org != usual else "", "project": asking.project or ""}
    for name, value in here.items():
        st.session_state[_seen(name)] = value
        if value and st.query_params.get(name) != value:
            st.query_params[name] = value
        elif not value and name in st.query_params:
            del st.query_params[name]


def named() -> dict[str, str]:
    """The place as parameters of an address."""
    found = {name: st.session_state.get(_seen(name)) for name in NAMES}
    return {name: str(value) for name, value in found.items() if value}


def leave() -> None:
    """Choose nothing any more: the next page opens where the person may work."""
    for name in NAMES:
        st.session_state[_key(name)] = None
        st.session_state.pop(_seen(name), None)
        if name in st.query_params:
            del st.query_params[name]


def draw(asking: Caller) -> None:
    """The choosers, each where there is a choice."""
    directory = process.workbench().directory
    orgs, found = directory.orgs_of(asking.person), directory.projects_of(asking.person, asking.org)
    projects = {key or "": title for key, title in found.items()}
    st.session_state[_key("org")] = asking.org
    st.session_state[_key("project")] = asking.project or ""
    if len(orgs) > 1:
        st.selectbox("Org", orgs, key=_key("org"), on_change=_other_org)
    if len(projects) > 1:
        st.selectbox("Project", list(projects), key=_key("project"), format_func=projects.get)


def _other_org() -> None:
    """Another org has other projects."""
    st.session_state[_key("project")] = None


def _key(name: str) -> str:
    return f"place-{name}"


def _seen(name: str) -> str:
    """The address as this session has last written it."""
    return f"place-{name}-address"

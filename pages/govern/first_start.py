"""The setup where the store does not open: what lacks, for whoever may mend it."""

from functools import partial

import streamlit as st

from ontos.doors.first_start import looking, may_sign_in, mends
from ontos.govern.first_start import FirstStart
from ontos.govern.setup import SetupFinding
from ontos.kernel.errors import Denied, OntosError, Unauthenticated
from pages.data.words import escaped
from pages.frame import attempt, show
from pages.govern.setup import overview

COMPLETE = "All that can be looked for from here is there. What the message above says remains."


def draw(error: OntosError) -> None:
    """Why there is no store, and under it what its workspace lacks, as far as that can be seen."""
    if not mends(error):
        _unopened(error)
        st.button("Try again", icon=":material/refresh:")
        return
    st.title("Setup", anchor=False)
    st.caption("What the workbench needs of this workspace before it can make its tables.")
    _unopened(error)
    try:
        first = looking()
        findings = first.findings()
    except OntosError as refusal:
        _refused(refusal)
        return
    overview(findings, partial(_make, first), COMPLETE)


def _unopened(error: OntosError) -> None:
    st.error(f"The store could not be opened. {escaped(str(error))}", icon=":material/error:")


def _refused(refusal: OntosError) -> None:
    if isinstance(refusal, Denied):
        st.info(escaped(refusal.detail), icon=":material/shield_person:")
    else:
        show(refusal)
    if isinstance(refusal, Unauthenticated) and may_sign_in():
        st.button("Sign in", on_click=st.login, type="primary")
    st.button("Try again", icon=":material/refresh:")


def _make(first: FirstStart, found: SetupFinding) -> None:
    attempt(first.make, found.key, done=f"{found.title} is made")

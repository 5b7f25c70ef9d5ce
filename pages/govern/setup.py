"""Whether everything is there that the workbench needs, and how to mend what is not."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from ontos.govern.setup import SetupFinding, check_setup, make_setup
from ontos.kernel.caller import Caller
from pages.frame import attempt, loaded
from pages.words import many

ICONS = {
    "ready": ":green[:material/check_circle:]",
    "missing": ":red[:material/error:]",
    "optional": ":gray[:material/info:]",
}


def draw(caller: Caller) -> None:
    findings: list[SetupFinding] = loaded(partial(check_setup, caller))
    overview(findings, partial(_make, caller), "Everything that the workbench needs is there.")


def overview(
    findings: Sequence[SetupFinding], make: Callable[[SetupFinding], object], complete: str
) -> None:
    """All that was looked for, what is missing first; `make` is called with what is asked for.

    `complete` is said where nothing is missing.
    """
    missing = [found for found in findings if found.state == "missing"]
    with st.container(horizontal=True, vertical_alignment="center"):
        if missing:
            st.warning(
                f"{len(missing)} of {many(len(findings), 'thing')} "
                f"{'is' if len(missing) == 1 else 'are'} missing. Each says how to mend it.",
                icon=":material/build:",
            )
        else:
            st.success(complete, icon=":material/check:")
        _make_all([found for found in findings if found.can_make], make)
        st.button("Check again", icon=":material/refresh:")
    for found in sorted(findings, key=lambda found: found.state != "missing"):
        _finding(found, make)


def _make_all(makeable: Sequence[SetupFinding], make: Callable[[SetupFinding], object]) -> None:
    """One press for all of them; what holds another is made before it."""
    if len(makeable) > 1:
        st.button(
            "Make what may be made", icon=":material/add:",
            on_click=lambda: [make(found) for found in makeable],
        )  # fmt: skip


def _finding(found: SetupFinding, make: Callable[[SetupFinding], object]) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{ICONS[found.state]} **{found.title}**", width=230)
            st.text(found.found, width="stretch")
            if found.can_make:
                st.button(
                    "Make it", key=f"make-{found.key}", icon=":material/add:",
                    on_click=make, args=(found,),
                )  # fmt: skip
        if found.remedy and found.state != "ready":
            _remedy(found.remedy)


def _remedy(remedy: str) -> None:
    """A sentence to read, or a statement to copy."""
    if remedy.endswith("."):
        st.caption(remedy)
    else:
        st.code(remedy, language=None, wrap_lines=True)


def _make(caller: Caller, found: SetupFinding) -> None:
    attempt(make_setup, caller, found.key, done=f"{found.title} is made")

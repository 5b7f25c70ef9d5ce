"""The UI script: one page per pipeline stage, Home before them and Govern after."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import streamlit as st

from pages.guard import mark_sent, one_step_an_act

HERE = Path(__file__).parent

PIPELINE = (
    ("data", "Data", "table_view"),
    ("generate", "Generate", "auto_awesome"),
    ("label", "Label", "rate_review"),
    ("train", "Train", "model_training"),
    ("deploy", "Deploy", "rocket_launch"),
    ("monitor", "Monitor", "monitoring"),
    ("improve", "Improve", "trending_up"),
)


STAGES = (("home", "Home", "home"), *PIPELINE, ("govern", "Govern", "shield_person"))


def _page(folder: str, title: str, icon: str, default: bool = False) -> st.Page:
    return st.Page(
        f"{folder}/page.py", title=title, icon=f":material/{icon}:", default=default,
        url_path=None if default else folder,
    )  # fmt: skip


def main() -> None:
    icon = str(HERE / "icon.svg")
    st.set_page_config(
        page_title="Ontos ML Workbench", page_icon=icon, layout="wide", initial_sidebar_state=230
    )
    groups = {
        "": [_page(*STAGES[0], default=True)],
        "Pipeline": [_page(*entry) for entry in PIPELINE],
        "Governance": [_page(*STAGES[-1])],
    }
    st.html(HERE / "style.css")
    embedded = bool(st.context.is_embedded)
    chosen = st.navigation(groups, position="hidden" if embedded else "sidebar", expanded=True)
    if not _patiently(_opening):
        return
    from ontos.warehouse import tally

    with tally():
        if not _patiently(partial(_silent, chosen.url_path)):
            return
        if embedded:
            _menu(chosen.title)
        else:
            st.logo(icon)
            _who()
        chosen.run()
    mark_sent()
    one_step_an_act(["", *(page.url_path for pages in groups.values() for page in pages)])


def _patiently(waits: Callable[[], str | None]) -> bool:
    """Whether what is waited for is there; a page that waits says so, and goes on by itself."""
    from ontos.kernel.errors import OntosError

    notice = None
    try:
        while said := waits():
            notice = notice or st.empty()
            notice.info(f"{said} This page goes on by itself.", icon=":material/hourglass_top:")
        failed = None
    except OntosError as error:
        failed = error
    if notice:
        notice.empty()
    if failed:
        from pages.govern import first_start

        first_start.draw(failed)
    return failed is None


def _opening() -> str | None:
    """After a second of waiting for the store, since when; None once it is open."""
    from ontos.doors import process

    if not process.soon(1.0):
        return (
            f"Opening the store, for {process.waited():.0f} s so far. A SQL warehouse that was "
            "stopped takes a few minutes to start."
        )
    process.outcome()
    return None


def _silent(stage: str) -> str | None:
    """After a second without an answer, since when; None once the warehouse answers.

    It is asked for what the page needs next: the rights of whoever looks.
    """
    from ontos.doors import process
    from ontos.kernel.errors import OntosError
    from pages.ahead import first_wait

    engine, ask = process.workbench().engine, first_wait(stage)
    if not engine.awake(1.0, ask):
        return (
            f"The SQL warehouse has not answered for {engine.silent_seconds:.0f} s: it is "
            "starting, which takes a few minutes."
        )
    if ask is not None:
        with suppress(OntosError):  # who asks for what is not at hand then is told
            ask()
    return None


def _menu(here: str) -> None:
    """The stages, where the frame of another site leaves no room for them at the side."""
    from pages.frame import step

    menu = st.container(key="stage-menu")
    with menu.popover(here, icon=":material/menu:", type="tertiary", key=f"stages-{here}"):
        for folder, title, icon in STAGES:
            step(title, folder, icon=f":material/{icon}:")


def _who() -> None:
    """Whose rights the pages use, and in which org and project."""
    from pages import clock, place
    from pages.frame import caller

    asking = caller()
    with st.sidebar:
        place.draw(asking)
        st.caption(f":material/person: {asking.user} · {', '.join(sorted(asking.roles))}")
        st.caption(f":material/schedule: {clock.zone().key} time")


main()

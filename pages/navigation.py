"""The UI script: one page per pipeline stage, Home before them and Govern after."""

from pathlib import Path

import streamlit as st

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


def _page(folder: str, title: str, icon: str, default: bool = False) -> st.Page:
    return st.Page(
        f"{folder}/page.py", title=title, icon=f":material/{icon}:", default=default,
        url_path=None if default else folder,
    )  # fmt: skip


def main() -> None:
    icon = str(HERE / "icon.svg")
    st.set_page_config(page_title="Ontos ML Workbench", page_icon=icon, layout="wide")
    groups = {
        "": [_page("home", "Home", "home", default=True)],
        "Pipeline": [_page(*entry) for entry in PIPELINE],
        "Governance": [_page("govern", "Govern", "shield_person")],
    }
    st.html(HERE / "style.css")
    embedded = bool(st.context.is_embedded)
    chosen = st.navigation(groups, position="hidden" if embedded else "sidebar", expanded=True)
    if not embedded:
        _who()
    chosen.run()


def _who() -> None:
    """Whose rights the pages use, and in which org."""
    from ontos.doors import process
    from pages.frame import caller

    asking = caller()
    orgs = process.workbench().directory.orgs_of(asking.person)
    with st.sidebar:
        if len(orgs) > 1:
            st.selectbox("Org", orgs, index=orgs.index(asking.org), key="org")
        st.caption(f":material/person: {asking.user} · {', '.join(sorted(asking.roles))}")


main()

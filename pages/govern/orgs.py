"""Orgs: tenants whose members see nothing of each other."""

import streamlit as st

from ontos.govern.orgs import OrgSpec, create_org, list_orgs
from ontos.kernel.caller import Caller
from pages.clock import day
from pages.frame import attempt, loaded
from pages.tables import rows_of


def draw(caller: Caller) -> None:
    orgs = loaded(lambda: list_orgs(caller))
    st.caption("Each org has its own tables, models, endpoints and members.")
    st.dataframe(
        rows_of(
            [
                {"Org": o.id, "Title": o.title, "Made by": o.created_by, "Since": day(o.created_at)}
                for o in orgs
            ]
        ),
        hide_index=True,
    )
    if caller.project:
        st.caption("Orgs are made in the common project; choose it in the sidebar.")
        return
    with st.form("org", border=True):
        st.markdown("**Make an org**")
        key, title = st.columns(2)
        spec = {
            "id": key.text_input("Id", placeholder="claims", help="Lower-case letters, digits, _"),
            "title": title.text_input("Title", placeholder="Claims department"),
        }
        if st.form_submit_button("Make the org", type="primary") and attempt(
            lambda: create_org(caller, OrgSpec(**spec)), done="Org made; choose it in the sidebar"
        ):
            st.rerun()

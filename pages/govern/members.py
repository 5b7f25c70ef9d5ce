"""Who belongs to this org, in which role."""

import streamlit as st

from ontos.govern.members import Member, MemberSpec, grant_role, list_members, revoke_role
from ontos.kernel.caller import Caller
from ontos.kernel.permission import DEFAULT_ROLE, ROLES
from pages.frame import attempt, loaded

TITLES = {role.key: role.title for role in ROLES}


def draw(caller: Caller) -> None:
    members = loaded(lambda: list_members(caller))
    st.caption(
        f"Everybody who is not listed comes in as {TITLES[DEFAULT_ROLE].lower()}. "
        "A person has the highest level that any of their roles gives."
    )
    for n, member in enumerate(members):
        _row(caller, n, member)
    _grant(caller)


def _row(caller: Caller, n: int, member: Member) -> None:
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        icon = "group" if member.kind == "group" else "person"
        st.markdown(
            f":material/{icon}: **{member.principal}** · {TITLES.get(member.role, member.role)}"
            f"  \n:gray[given by {member.granted_by}, {member.granted_at:%Y-%m-%d}]",
            width="stretch",
        )
        with st.popover("Remove", type="tertiary"):
            st.write(f"{member.principal} loses the role {member.role} at once.")
            if st.button("Remove the role", key=f"revoke-{n}", type="primary"):
                _revoke(caller, member)


def _revoke(caller: Caller, member: Member) -> None:
    left = attempt(
        revoke_role, caller, member.principal, member.role, member.kind, done="Role removed"
    )
    if left is not None:
        st.rerun()


def _grant(caller: Caller) -> None:
    with st.form("grant", border=True):
        st.markdown("**Give a role**")
        kind, principal, role = st.columns([1, 2, 2])
        spec = {
            "kind": kind.selectbox("To", ["user", "group"]),
            "principal": principal.text_input("Name", placeholder="name@example.org"),
            "role": role.selectbox("Role", list(TITLES), format_func=TITLES.get),
        }
        if st.form_submit_button("Give the role", type="primary"):
            given = attempt(lambda: grant_role(caller, MemberSpec(**spec)), done="Role given")
            if given:
                st.rerun()

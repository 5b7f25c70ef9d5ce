"""Who belongs to this org and its projects, in which role."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ontos.govern.members import Member, MemberSpec, grant_role, list_members, revoke_role
from ontos.govern.projects import list_projects
from ontos.kernel.caller import Caller
from ontos.kernel.permission import DEFAULT_ROLE, ROLES
from pages.clock import day
from pages.data.words import escaped
from pages.frame import attempt, loaded

TITLES = {role.key: role.title for role in ROLES}


def draw(caller: Caller) -> None:
    members, projects = loaded(lambda: list_members(caller), lambda: list_projects(caller))
    st.caption(_rule(caller))
    for n, member in enumerate(members):
        _row(caller, n, member)
    _grant(caller, {p.id: p.title for p in projects if p.archived_at is None})


def _rule(caller: Caller) -> str:
    """Who comes in without being listed."""
    highest = "A person has the highest level that any of their roles gives."
    if caller.project:
        return (
            "Roles in the org hold here too, and are given in its common project; a role given "
            f"here holds in {caller.project} alone. {highest}"
        )
    if caller.org != caller.settings.org:
        return f"Only who is listed comes in. {highest}"
    return (
        f"Everybody who is not listed comes into the common project as "
        f"{TITLES[DEFAULT_ROLE].lower()}, and into no other. {highest}"
    )


def _row(caller: Caller, n: int, member: Member) -> None:
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        icon = "group" if member.kind == "group" else "person"
        st.markdown(
            f":material/{icon}: **{escaped(member.principal)}** · "
            f"{TITLES.get(member.role, member.role)}"
            f"{f' · in {member.project}' if member.project else ''}"
            f"  \n:gray[given by {escaped(member.granted_by)}, {day(member.granted_at)}]",
            width="stretch",
        )
        if member.project != caller.project and caller.project:
            return  # a role in the whole org, which is taken in the common project
        with st.popover("Remove", type="tertiary"):
            title = TITLES.get(member.role, member.role).partition(":")[0]
            st.write(f"{escaped(member.principal)} loses the role “{title}” at once.")
            if st.button("Remove the role", key=f"revoke-{n}", type="primary"):
                _revoke(caller, member)


def _revoke(caller: Caller, member: Member) -> None:
    left = attempt(
        revoke_role, caller, member.principal, member.role, member.kind, member.project,
        done="Role removed",
    )  # fmt: skip
    if left is not None:
        st.rerun()


def _grant(caller: Caller, projects: dict[str, str]) -> None:
    with st.form("grant", border=True):
        st.markdown("**Give a role**")
        kind, principal, role, *where = st.columns([2, 4, 4, 4][: 4 if projects else 3])
        spec = {
            "kind": kind.selectbox("To", ["user", "group"]),
            "principal": principal.text_input("Name", placeholder="name@example.org"),
            "role": role.selectbox(
                "Role", list(TITLES), format_func=TITLES.get, index=list(TITLES).index(DEFAULT_ROLE)
            ),
            "project": caller.project or (_where(where[0], projects) if where else None),
        }
        if st.form_submit_button("Give the role", type="primary"):
            given = attempt(lambda: grant_role(caller, MemberSpec(**spec)), done="Role given")
            if given:
                st.rerun()


def _where(column: DeltaGenerator, projects: dict[str, str]) -> str | None:
    """The whole org, or one of its projects."""
    chosen = column.selectbox(
        "In", ["", *projects], format_func=lambda key: projects.get(key, "The whole org")
    )
    return chosen or None

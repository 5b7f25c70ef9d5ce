"""The projects of this org: made, archived, restored; their people are given roles in Members."""

import streamlit as st

from ontos.govern.projects import (
    Project,
    ProjectSpec,
    archive_project,
    create_project,
    list_projects,
    restore_project,
)
from ontos.kernel.caller import Caller
from pages.clock import day
from pages.data.words import escaped
from pages.frame import attempt, empty, go, loaded


def draw(caller: Caller) -> None:
    projects = loaded(lambda: list_projects(caller))
    st.caption(
        "Each project has its own tables, models, endpoints, files and audit trail; nothing of "
        "one can be named in another. What the org had before it had projects, and what belongs "
        "to nobody in particular, is its common project. A role in the org holds in all projects."
    )
    if not projects:
        empty("No project", "Everything is in the common project until one is made.")
    for project in projects:
        _row(caller, project)
    if caller.project:
        st.caption("Projects are made and archived in the common project.")
    else:
        _make(caller)


def _row(caller: Caller, project: Project) -> None:
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        state = " :gray-badge[archived]" if project.archived_at else ""
        st.markdown(
            f":material/folder_open: **{escaped(project.title)}**{state} · `{project.id}`"
            f"  \n:gray[made by {escaped(project.created_by)}, {day(project.created_at)}]",
            width="stretch",
        )
        here = project.archived_at or project.id == caller.project
        if not here and st.button("Open", key=f"open-{project.id}", type="tertiary"):
            go("home", project=project.id)
        if caller.project is None:
            _actions(caller, project)


def _actions(caller: Caller, project: Project) -> None:
    if project.archived_at:
        if st.button("Restore", key=f"restore-{project.id}") and attempt(
            restore_project, caller, project.id, done="Project restored"
        ):
            st.rerun()
        return
    if st.button("Members", key=f"members-{project.id}", type="tertiary"):
        go("govern", "members", project=project.id)
    with st.popover("Archive", type="tertiary"):
        st.write("Nobody can enter it until it is restored. Nothing of it is deleted.")
        if st.button(
            "Archive the project", key=f"archive-{project.id}", type="primary"
        ) and attempt(archive_project, caller, project.id, done="Project archived"):
            st.rerun()


def _make(caller: Caller) -> None:
    with st.form("project", border=True):
        st.markdown("**Make a project**")
        key, title = st.columns(2)
        spec = {
            "id": key.text_input(
                "Id", placeholder="claims_triage", help="Lower-case letters, digits, _"
            ),
            "title": title.text_input("Title", placeholder="Triage of claims"),
        }
        if st.form_submit_button("Make the project", type="primary") and attempt(
            lambda: create_project(caller, ProjectSpec(**spec)),
            done="Project made; choose it in the sidebar",
        ):
            st.rerun()

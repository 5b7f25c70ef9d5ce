"""What each role may do: a grid of levels, edited in place."""

import streamlit as st

from ontos.govern.roles import LevelChange, LevelChanges, RolePermissions, list_roles, set_levels
from ontos.kernel.caller import Caller
from ontos.kernel.permission import FEATURES
from pages.frame import attempt, loaded

LEVELS = ["none", "read", "write", "admin"]


def draw(caller: Caller) -> None:
    roles: list[RolePermissions] = loaded(lambda: list_roles(caller))
    st.caption(
        "Each level includes those before it. A change holds at once, for everybody, in all "
        "projects of the org. "
        + ("Levels are changed in the common project." if caller.project else "")
    )
    before = [{"Role": r.role, **r.levels} for r in roles]
    columns = {f.key: _column(f.key, f.covers) for f in FEATURES}
    after = st.data_editor(
        before,
        hide_index=True,
        disabled=True if caller.project else ["Role"],
        column_config=columns,
        key=_key(),
        width="stretch",
    )
    changes = [
        LevelChange(role=old["Role"], feature=f.key, level=new[f.key])
        for old, new in zip(before, after, strict=True)
        for f in FEATURES
        if old[f.key] != new[f.key]
    ]
    _save(caller, changes)


def _column(key: str, covers: str) -> object:
    return st.column_config.SelectboxColumn(
        key.replace("_", " "), options=LEVELS, required=True, help=covers
    )


def _key() -> str:
    return f"roles-{st.session_state.get('roles-saved', 0)}"


def _save(caller: Caller, changes: list[LevelChange]) -> None:
    if not changes:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/edit: {len(changes)} unsaved")
        if st.button("Save", type="primary") and attempt(
            set_levels, caller, LevelChanges(changes=changes), done="Saved"
        ):
            _again()
        if st.button("Discard"):
            _again()


def _again() -> None:
    st.session_state["roles-saved"] = st.session_state.get("roles-saved", 0) + 1
    st.rerun()

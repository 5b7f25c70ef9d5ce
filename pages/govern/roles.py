"""What each role may do: a grid of levels, a column a role, edited in place."""

import streamlit as st

from ontos.govern.roles import LevelChange, LevelChanges, RolePermissions, list_roles, set_levels
from ontos.kernel.caller import Caller
from ontos.kernel.permission import FEATURES
from pages.frame import attempt, loaded

ROW = 35
"""Pixels of a row: the grid shows all of them."""
LEVELS = ["none", "read", "write", "admin"]


def draw(caller: Caller) -> None:
    roles: list[RolePermissions] = loaded(lambda: list_roles(caller))
    st.caption(
        "Each level includes those before it. A change holds at once, for everybody, in all "
        "projects of the org. "
        + ("Levels are changed in the common project." if caller.project else "")
    )
    before = [
        {"On": f.key.replace("_", " "), **{r.role: r.levels[f.key] for r in roles},
         "Which is": f.covers}
        for f in FEATURES
    ]  # fmt: skip
    after = st.data_editor(
        before, hide_index=True, disabled=True if caller.project else ["On", "Which is"],
        column_config={"On": st.column_config.TextColumn(width=100)}
        | {r.role: _column(r) for r in roles},
        key=_key(), width="stretch", height=ROW * (len(FEATURES) + 1) + 3,
    )  # fmt: skip
    changes = [
        LevelChange(role=r.role, feature=f.key, level=new[r.role])
        for f, old, new in zip(FEATURES, before, after, strict=True)
        for r in roles
        if old[r.role] != new[r.role]
    ]
    _save(caller, changes)


def _column(role: RolePermissions) -> object:
    return st.column_config.SelectboxColumn(
        role.title.partition(":")[0].removeprefix("Data ").capitalize(),
        options=LEVELS,
        required=True,
        help=role.title,
        width=84,
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

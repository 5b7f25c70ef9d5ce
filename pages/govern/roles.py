"""What each role may do: a grid of levels, a column a role, edited in place."""

from collections.abc import Mapping

import streamlit as st

from ontos.govern.roles import LevelChange, LevelChanges, RolePermissions, list_roles, set_levels
from ontos.kernel.caller import Caller
from ontos.kernel.permission import FEATURES
from pages.frame import attempt, loaded
from pages.guard import guard_text

ROW = 35
"""Pixels of a row: the grid shows all of them."""
GRID = "roles-grid"
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
    after = st.container(key=GRID).data_editor(
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
    guard_text(bool(changes), GRID)
    _save(caller, changes, {r.role: r for r in roles})


def _column(role: RolePermissions) -> object:
    title = _called(role)
    return st.column_config.SelectboxColumn(
        title, options=LEVELS, required=True, help=role.title, width=44 + 7 * len(title)
    )


def _called(role: RolePermissions) -> str:
    """In one word: the heading of its column."""
    return role.title.partition(":")[0].removeprefix("Data ").capitalize()


def _key() -> str:
    return f"roles-{st.session_state.get('roles-saved', 0)}"


def _save(caller: Caller, changes: list[LevelChange], roles: Mapping[str, RolePermissions]) -> None:
    """What would change, and the choice to save it."""
    if not changes:
        return
    st.markdown("**Not saved yet**\n" + "".join(f"\n- {_said(c, roles[c.role])}" for c in changes))
    with st.container(horizontal=True):
        if st.button("Save", type="primary", icon=":material/save:") and attempt(
            set_levels, caller, LevelChanges(changes=changes), done="Saved"
        ):
            _again()
        if st.button("Discard"):
            _again()


def _said(change: LevelChange, role: RolePermissions) -> str:
    """`Consumer, sheets: read → admin`."""
    on, before = change.feature.replace("_", " "), role.levels[change.feature]
    return f"{_called(role)}, {on}: {before} → **{change.level}**"


def _again() -> None:
    st.session_state["roles-saved"] = st.session_state.get("roles-saved", 0) + 1
    st.rerun()

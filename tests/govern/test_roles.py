"""Permissions are data: seeded, edited, effective at once; nobody can lock everybody out."""

from collections.abc import Callable

import pytest

from ontos.bootstrap import Workbench
from ontos.data.sheets import list_sheets
from ontos.govern.roles import (
    LevelChange,
    LevelChanges,
    list_roles,
    set_level,
    set_levels,
    whoami,
)
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Denied, Invalid, Refused
from ontos.kernel.permission import FEATURES, ROLES
from ontos.workspace import Person


def test_what_is_seeded_is_what_is_declared(caller: Caller) -> None:
    shown = {r.role: r.levels for r in list_roles(caller)}
    for role in ROLES:
        for feature in FEATURES:
            level = role.levels.get(feature.key)
            assert shown[role.key][feature.key] == (level.name if level else "none")


def test_a_change_holds_at_once(
    bench: Workbench, caller: Caller, as_role: Callable[..., Caller]
) -> None:
    labeler = as_role("labeler")
    list_sheets(labeler)
    set_level(caller, LevelChange(role="labeler", feature="sheets", level="none"))
    with pytest.raises(Denied):
        list_sheets(bench.directory.of_person(Person(labeler.user)))


def test_administrators_cannot_lock_everybody_out(caller: Caller) -> None:
    with pytest.raises(Refused, match="nobody could give it back"):
        set_level(caller, LevelChange(role="admin", feature="admin", level="none"))


@pytest.mark.parametrize(("role", "feature"), [("king", "sheets"), ("labeler", "castles")])
def test_unknown_names_are_refused(caller: Caller, role: str, feature: str) -> None:
    with pytest.raises(Invalid, match="there is no"):
        set_level(caller, LevelChange(role=role, feature=feature, level="read"))


def test_several_changes_hold_together_or_not_at_all(caller: Caller) -> None:
    wanted = [
        LevelChange(role="labeler", feature="deploy", level="read"),
        LevelChange(role="reviewer", feature="sheets", level="write"),
    ]
    shown = {r.role: r.levels for r in set_levels(caller, LevelChanges(changes=wanted))}
    assert (shown["labeler"]["deploy"], shown["reviewer"]["sheets"]) == ("read", "write")
    lock_out = LevelChange(role="admin", feature="admin", level="none")
    back = LevelChange(role="labeler", feature="deploy", level="none")
    with pytest.raises(Refused, match="nobody could give it back"):
        set_levels(caller, LevelChanges(changes=[back, lock_out]))
    with pytest.raises(Invalid, match="deploy of labeler is changed twice"):
        set_levels(caller, LevelChanges(changes=[back, back]))
    assert {r.role: r.levels for r in list_roles(caller)} == shown


def test_whoami(as_role: Callable[..., Caller]) -> None:
    me = whoami(as_role("reviewer"))
    assert me.roles == ["reviewer"] and me.levels["labels"] == "write" and me.scopes is None

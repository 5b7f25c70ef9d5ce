"""Who may set a workspace up before there is a store that knows any role."""

import pytest

from ontos.govern.first_start import FirstStart
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Denied, NotFound
from ontos.workspace import Person


def first(
    caller: Caller, *groups: str, known: bool = True, runs_it: bool = False
) -> FirstStart:  # fmt: skip
    person = Person("ann@example.org", frozenset(groups), "theirs" if known else None)
    return FirstStart(person, caller.workspace.setup, "platform", runs_it)


def test_a_member_of_the_admin_group_may(caller: Caller) -> None:
    found = first(caller, "platform", "labelers").findings()
    assert {each.key for each in found} == {"store", "disk", "models", "llm"}


def test_whoever_runs_the_process_may(caller: Caller) -> None:
    assert first(caller, known=False, runs_it=True).findings()


def test_others_may_neither_look_nor_make(caller: Caller) -> None:
    theirs = first(caller, "admins")
    for tried in (theirs.findings, lambda: theirs.make("volume")):
        with pytest.raises(Denied, match="Ask a member of the workspace's group platform"):
            tried()


def test_without_a_token_the_groups_are_not_known(caller: Caller) -> None:
    """An administrator may be among them: the remedy is said to all."""
    with pytest.raises(Denied, match="turn on user authorization in the app's settings"):
        first(caller, known=False).findings()


def test_what_cannot_be_made_is_refused(caller: Caller) -> None:
    with pytest.raises(NotFound, match="cannot be made"):
        first(caller, "platform").make("moon")

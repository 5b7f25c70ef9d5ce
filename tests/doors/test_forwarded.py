"""The newest forwarded token of a person is the one that arrived last, whoever presents it."""

from ontos.doors.forwarded import Forwarded
from ontos.workspace import Person


def ann(token: str | None) -> Person:
    return Person("ann@example.org", frozenset({"a"}), token)


def test_a_session_goes_on_with_what_a_later_request_brought() -> None:
    known = Forwarded()
    assert known.refreshed(ann("first"), at=1.0) == ann("first")
    assert known.refreshed(ann("second")) == ann("second")
    assert known.refreshed(ann("first"), at=1.0) == ann("second")


def test_a_reconnected_session_brings_the_newest() -> None:
    known = Forwarded()
    known.refreshed(ann("second"), at=2.0)
    assert known.refreshed(ann("third"), at=3.0) == ann("third")
    assert known.refreshed(ann("second"), at=2.0) == ann("third")


def test_nobody_gets_anothers() -> None:
    known = Forwarded()
    known.refreshed(ann("hers"))
    bob = Person("bob@example.org", token="his")  # noqa: S106
    assert known.refreshed(bob) == bob
    assert known.refreshed(ann(None)) == ann(None)


def test_only_so_many_are_kept_and_none_is_shown() -> None:
    known = Forwarded(most=2)
    people = {name: Person(name, token=f"{name}s-secret") for name in ("ann", "bob", "carl")}
    for name in ("ann", "bob", "ann", "carl"):
        known.refreshed(people[name], at=1.0)
    assert len(known) == 2
    older = Person("ann", token="older")  # noqa: S106
    assert known.refreshed(older, at=0.0) == people["ann"]
    assert "secret" not in repr(known._newest)

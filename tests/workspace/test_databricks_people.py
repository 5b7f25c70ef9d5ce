"""Groups, as the workspace tells them to the person's own token."""

import pytest

from ontos.kernel.errors import Unauthenticated
from ontos.workspace import Person
from tests.wire.workspace.half import half, opened


@pytest.fixture
def workspace(tmp_path):
    with opened(tmp_path) as workspace:
        yield workspace


def test_each_person_has_their_own_groups(workspace):
    """Current User API, me: the groups of whoever holds the token."""
    people = half(workspace.root / "home").people
    ann = Person("ann@example.org", token=workspace.people.add("ann@example.org", "a", "b"))
    bob = Person("bob@example.org", token=workspace.people.add("bob@example.org"))
    assert people.groups(ann) == {"a", "b"}
    assert people.groups(bob) == frozenset()


def test_nobody_is_asked_about_without_their_token(workspace):
    """Current User API, me: it tells of nobody but the caller, so without a token
    nothing is asked."""
    people = half(workspace.root / "home").people
    assert people.groups(Person("ann@example.org")) is None
    assert workspace.faults.calls == []


def test_a_refused_token_asks_to_sign_in_and_is_not_told(workspace):
    """SDK, errors: 401 is Unauthenticated; the person signs in anew, and the token is not shown."""
    people = half(workspace.root / "home").people
    with pytest.raises(Unauthenticated, match="Reload the page") as refusal:
        people.groups(Person("ann@example.org", token="forged-token"))  # noqa: S106
    assert "forged-token" not in refusal.value.detail

"""Connections of people: bounded in number, and closed when nobody comes."""

from collections.abc import Callable
from typing import Any

import pytest

from ontos.kernel.errors import Unavailable
from ontos.warehouse.databricks.credentials import AppCredentials, PersonCredentials
from ontos.warehouse.databricks.link import Identity
from ontos.warehouse.databricks.people import People
from ontos.warehouse.databricks.pool import Pool


@pytest.fixture
def make() -> Callable[[str], Identity]:
    def identity(token: str) -> Identity:
        def connect(schema: str, lost: bool = False) -> Any:
            raise OSError(schema)

        return Identity(PersonCredentials(AppCredentials(), token), Pool(connect, 1))

    return identity


def ended(identity: Identity) -> bool:
    try:
        with identity.pool.borrowed("a"):
            return False
    except Unavailable:
        return True
    except OSError:
        return False


def test_a_token_keeps_its_connections(make: Callable[[str], Identity]) -> None:
    people = People(make)
    assert people.of("a") is people.of("a")
    assert people.of("b") is not people.of("a")


def test_the_one_seen_longest_ago_goes(make: Callable[[str], Identity]) -> None:
    people = People(make, most=2)
    first, second = people.of("a"), people.of("b")
    people.of("a")
    people.of("c")
    assert len(people) == 2
    assert (ended(first), ended(second)) == (False, True)


def test_who_does_not_come_is_forgotten(make: Callable[[str], Identity]) -> None:
    people = People(make, idle=-1.0)
    first = people.of("a")
    people.of("b")
    assert ended(first)


def test_a_token_is_not_shown(make: Callable[[str], Identity]) -> None:
    assert "secret" not in repr(make("secret").credentials)

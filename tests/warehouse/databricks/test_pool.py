"""How many connections there are, whose turn it is, and which are used again."""

import threading
import time
from typing import Any

import pytest

from ontos.kernel.errors import Unavailable
from ontos.warehouse.databricks.pool import Pool


class Session:
    """A connection that can only be closed."""

    def __init__(self, schema: str) -> None:
        self.schema, self.open = schema, True

    def close(self) -> None:
        self.open = False


class Sessions:
    def __init__(self) -> None:
        self.made: list[Session] = []

    def __call__(self, schema: str, lost: bool = False) -> Any:
        self.made.append(Session(schema))
        return self.made[-1]


@pytest.fixture
def sessions() -> Sessions:
    return Sessions()


def test_a_connection_is_used_again(sessions: Sessions) -> None:
    pool = Pool(sessions, 2)
    for _ in range(3):
        with pool.borrowed("a") as connection:
            assert connection.schema == "a"
    assert len(sessions.made) == 1


def test_a_connection_serves_its_own_schema_alone(sessions: Sessions) -> None:
    pool = Pool(sessions, 3)
    with pool.borrowed("a"), pool.borrowed("a"), pool.borrowed("b"):
        assert [made.schema for made in sessions.made] == ["a", "a", "b"]
    pool.close()
    assert not any(made.open for made in sessions.made)


def test_there_are_never_more_than_its_size(sessions: Sessions) -> None:
    pool = Pool(sessions, 2)
    for schema in "abcabc":
        with pool.borrowed(schema):
            assert sum(made.open for made in sessions.made) <= 2
    pool.close()
    assert [made.open for made in sessions.made] == [False] * len(sessions.made)


def test_who_comes_when_all_are_lent_waits(sessions: Sessions) -> None:
    pool = Pool(sessions, 1)
    order: list[str] = []

    def second() -> None:
        with pool.borrowed("a"):
            order.append("second")

    thread = threading.Thread(target=second)
    with pool.borrowed("a"):
        thread.start()
        time.sleep(0.05)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]


def test_nobody_waits_for_ever(sessions: Sessions) -> None:
    pool = Pool(sessions, 1, patience=0.02)
    with (
        pool.borrowed("a"),
        pytest.raises(Unavailable, match="All 1 connections"),
        pool.borrowed("a"),
    ):
        pass


def test_a_broken_link_is_not_used_again(sessions: Sessions) -> None:
    pool = Pool(sessions, 1)
    with pytest.raises(OSError, match="reset"), pool.borrowed("a"):
        raise OSError("reset")
    with pool.borrowed("a"):
        pass
    pool.close()
    assert len(sessions.made) == 2


def test_a_refused_statement_leaves_the_link(sessions: Sessions) -> None:
    from databricks.sql.exc import ServerOperationError

    pool = Pool(sessions, 1)
    with pytest.raises(ServerOperationError), pool.borrowed("a"):
        raise ServerOperationError("TABLE_OR_VIEW_NOT_FOUND")
    with pool.borrowed("a"):
        assert [made.open for made in sessions.made] == [True]


def test_what_its_user_does_wrong_leaves_the_link(sessions: Sessions) -> None:
    pool = Pool(sessions, 1)
    with pytest.raises(KeyError), pool.borrowed("a"):
        raise KeyError("mine")
    with pool.borrowed("a"):
        assert len(sessions.made) == 1


def test_an_old_connection_is_replaced(sessions: Sessions) -> None:
    pool = Pool(sessions, 1, oldest=-1.0)
    for _ in range(2):
        with pool.borrowed("a"):
            pass
    pool.close()
    assert [made.open for made in sessions.made] == [False, False]


def test_distrust_ends_what_is_idle(sessions: Sessions) -> None:
    pool = Pool(sessions, 2)
    with pool.borrowed("a"):
        pass
    pool.distrust()
    with pool.borrowed("a"):
        assert len(sessions.made) == 2


def test_a_place_comes_back_when_opening_fails() -> None:
    def never(schema: str, lost: bool = False) -> Any:
        raise OSError(schema)

    pool = Pool(never, 1, patience=0.02)
    for _ in range(2):
        with pytest.raises(OSError, match="a"), pool.borrowed("a"):
            pass


def test_a_closed_pool_lends_nothing(sessions: Sessions) -> None:
    pool = Pool(sessions, 1)
    pool.close()
    with pytest.raises(Unavailable, match="closed"), pool.borrowed("a"):
        pass

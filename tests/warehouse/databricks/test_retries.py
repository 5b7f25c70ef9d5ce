"""What became of a statement whose answer did not come, and how long one waits."""

import time
from typing import Any

import pytest
from databricks.sql.exc import DatabaseError, RequestError, ServerOperationError
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError, ReadTimeoutError

from ontos.warehouse.databricks.retries import Fate, Patience, Setback, setback


def answered(code: int | None, method: str = "ExecuteStatement", after: Any = None) -> RequestError:
    return RequestError("no", {"http-code": code, "method": method, "bounded-retry-delay": after})


def unreached() -> MaxRetryError:
    return MaxRetryError(None, "/", NewConnectionError(None, "refused"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "fate", "reason"),
    [
        (ServerOperationError("[PARSE_SYNTAX_ERROR] no"), Fate.REFUSED, "refused"),
        (ServerOperationError("[DELTA_CONCURRENT_APPEND] x"), Fate.UNSENT, "conflict"),
        (answered(503), Fate.UNSENT, "busy"),
        (answered(429), Fate.UNSENT, "busy"),
        (answered(503, "GetOperationStatus"), Fate.UNKNOWN, "busy"),
        (answered(401), Fate.UNSENT, "credentials"),
        (answered(403), Fate.UNSENT, "credentials"),
        (answered(404), Fate.REFUSED, "refused"),
        (answered(502), Fate.UNKNOWN, "link"),
        (answered(None, "FetchResults"), Fate.UNKNOWN, "link"),
        (unreached(), Fate.UNSENT, "unreachable"),
        (ProtocolError("reset"), Fate.UNKNOWN, "link"),
        (OSError("reset"), Fate.UNKNOWN, "link"),
        (DatabaseError("Invalid SessionHandle: x"), Fate.UNSENT, "session"),
        (DatabaseError("another word"), Fate.REFUSED, "refused"),
    ],
)
def test_what_an_error_tells(error: Exception, fate: Fate, reason: str) -> None:
    found = setback(error, opening=False, taken=False)
    assert (found.fate, found.reason) == (fate, reason)


@pytest.mark.parametrize("error", [answered(503), ProtocolError("reset"), answered(502)])
def test_before_a_session_stands_nothing_was_done(error: Exception) -> None:
    assert setback(error, opening=True, taken=False).fate is Fate.UNSENT


@pytest.mark.parametrize(
    "error", [answered(503), unreached(), DatabaseError("Invalid SessionHandle")]
)
def test_what_the_warehouse_has_taken_may_be_done(error: Exception) -> None:
    assert setback(error, opening=False, taken=True).fate is Fate.UNKNOWN


def test_a_session_that_is_not_given_is_a_warehouse_that_starts() -> None:
    assert setback(answered(503, "OpenSession"), opening=True, taken=False).reason == "starting"


def pauses(found: Setback, **limits: float) -> list[float]:
    """The pauses of one statement, on a clock that the pauses alone move."""
    waits: list[float] = []
    patience = Patience(sleep=waits.append, **limits)
    while len(waits) < 40 and patience.pause(found):
        pass
    return waits


def test_pauses_grow_and_are_bounded() -> None:
    waits = pauses(setback(answered(503), opening=False, taken=False))[:10]
    assert 0.14 <= waits[0] <= 0.26
    assert waits[2] > waits[0]
    assert max(waits) <= 6.5


def test_the_whole_wait_is_bounded() -> None:
    assert pauses(setback(answered(503), opening=False, taken=False), limit=0.0) == []


def test_what_was_asked_for_is_waited() -> None:
    waits = pauses(setback(answered(429, after=4), opening=False, taken=False))
    assert 2.8 <= waits[0] <= 5.2


def test_a_warehouse_that_starts_is_given_longer() -> None:
    starting = setback(answered(503, "OpenSession"), opening=True, taken=False)
    assert pauses(starting, limit=0.0)


def test_a_link_that_keeps_breaking_is_given_up() -> None:
    broken = setback(ProtocolError("reset"), opening=False, taken=False)
    assert len(pauses(broken)) == 4


def test_a_link_that_keeps_falling_silent_is_timed_from_the_first() -> None:
    """Work of any length may come before; what each try waits then counts."""
    patience = Patience(limit=0.3, sleep=lambda _: None)
    silent = setback(ReadTimeoutError(None, "/", "silent"), opening=False, taken=False)  # type: ignore[arg-type]
    time.sleep(0.4)
    assert (patience.lost, patience.pause(silent), patience.lost) == (False, True, True)
    time.sleep(0.4)
    assert patience.pause(silent) is False


def test_a_session_that_never_comes_is_waited_for_as_one_that_is_refused() -> None:
    silent = setback(ReadTimeoutError(None, "/", "silent"), opening=True, taken=False)  # type: ignore[arg-type]
    assert (silent.fate, silent.reason) == (Fate.UNSENT, "link")
    assert pauses(silent, limit=0.0)
    assert pauses(silent, starting=0.0) == []


def test_credentials_are_tried_once_more() -> None:
    patience = Patience(sleep=lambda _: None)
    refused = setback(answered(403), opening=False, taken=False)
    assert [patience.pause(refused), patience.pause(refused)] == [True, False]

"""What is kept: fresh answers, older ones while they are asked for anew, and none after that."""

import threading
from collections.abc import Callable

import pytest

from ontos.kernel import kept as module
from ontos.kernel.errors import Unavailable
from ontos.kernel.kept import Kept


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


def until(holds: Callable[[], bool]) -> None:
    """Wait for the thread that asks anew."""
    ready = threading.Event()
    for _ in range(500):
        if holds():
            return
        ready.wait(0.01)
    raise AssertionError("it was not asked anew")


def never() -> int:
    raise AssertionError("asked")


def test_a_fresh_answer_is_not_asked_for(clock: Clock) -> None:
    kept = Kept()
    assert kept.get("a", lambda: 1) == 1
    clock.now += 29
    assert kept.get("a", never) == 1


def test_an_older_one_is_given_while_it_is_asked_for_anew(clock: Clock) -> None:
    kept = Kept()
    kept.get("a", lambda: 1)
    clock.now += 31
    held = threading.Event()

    def slowly() -> int:
        held.wait(10)
        return 2

    assert kept.get("a", slowly) == 1
    assert kept.get("a", never) == 1  # one question is enough
    held.set()
    until(lambda: kept.get("a", never) == 2)


def test_what_is_too_old_is_waited_for(clock: Clock) -> None:
    kept = Kept()
    kept.get("a", lambda: 1)
    clock.now += 240
    assert not kept.has("a")
    assert kept.get("a", lambda: 2) == 2


def test_what_was_asked_before_forgetting_is_not_kept() -> None:
    kept = Kept()

    def overtaken() -> int:
        kept.forget()
        return 1

    assert kept.get("a", overtaken) == 1
    assert not kept.has("a")
    assert kept.get("a", lambda: 2) == 2


def test_a_failed_renewal_leaves_the_answer_until_its_end(clock: Clock) -> None:
    kept = Kept()
    kept.get("a", lambda: 1)
    clock.now += 31
    asked: list[int] = []

    def refuse() -> int:
        asked.append(1)
        raise Unavailable("the warehouse is gone")

    assert kept.get("a", refuse) == 1
    until(lambda: len(asked) == 1)
    clock.now += 240
    with pytest.raises(Unavailable, match="gone"):
        kept.get("a", refuse)


def test_what_is_asked_anew_is_kept(clock: Clock) -> None:
    kept = Kept()
    kept.get("a", lambda: 1)
    assert kept.anew("a", lambda: 2) == 2
    assert kept.get("a", never) == 2


def test_what_is_given_no_more_takes_no_room(clock: Clock) -> None:
    kept = Kept()
    for key in range(100):
        kept.get(key, lambda: 1)
        clock.now += 60
    assert sum(map(kept.has, range(100))) == len(kept._found) - 1 == 3

"""Whether the warehouse answers, asked without waiting for it."""

import threading

import pytest

from ontos.kernel.errors import Unavailable
from ontos.warehouse.databricks.silence import Silence
from ontos.warehouse.databricks.waking import Waking


def test_one_question_serves_everybody() -> None:
    asked: list[int] = []
    answer = threading.Event()

    def ask() -> None:
        asked.append(1)
        answer.wait(10)

    waking = Waking(Silence())
    assert [waking.awake(0.02, ask, 30.0), waking.awake(0.02, ask, 30.0)] == [False, False]
    answer.set()
    assert waking.awake(5.0, ask, 30.0) is True
    assert asked == [1]


def test_who_has_just_answered_is_not_asked() -> None:
    silence = Silence()
    silence.heard()

    def never() -> None:
        raise AssertionError("asked")

    assert Waking(silence).awake(0.0, never, 30.0) is True


def test_a_refusal_is_told_and_asked_again() -> None:
    waking = Waking(Silence())

    def refuse() -> None:
        raise Unavailable("no such warehouse")

    with pytest.raises(Unavailable, match="no such warehouse"):
        waking.awake(5.0, refuse, 30.0)
    assert waking.awake(5.0, lambda: None, 30.0) is True

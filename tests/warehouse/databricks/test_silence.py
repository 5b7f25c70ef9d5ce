"""Since when nobody has been answered."""

import time

from ontos.warehouse.databricks.silence import Silence


def test_nobody_waits() -> None:
    assert Silence().seconds == 0.0


def test_one_waits() -> None:
    silence = Silence()
    with silence.broken():
        time.sleep(0.02)
        assert silence.seconds >= 0.02
    assert silence.seconds == 0.0


def test_an_answer_to_another_ends_it() -> None:
    silence = Silence()
    with silence.broken():
        time.sleep(0.05)
        silence.heard()
        assert silence.seconds < 0.05


def test_what_was_heard_before_an_answer_stayed_out_tells_nothing() -> None:
    silence = Silence()
    silence.heard()
    assert silence.heard_within(5.0)
    silence.missed()
    assert not silence.heard_within(5.0)
    silence.heard()
    assert silence.heard_within(5.0)

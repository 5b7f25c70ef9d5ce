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

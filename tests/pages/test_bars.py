"""Bars of plain HTML."""

import re

from pages.bars import Bar, _row


def _measures(html: str) -> list[float]:
    return [float(n) for n in re.findall(r"(?:margin-left|width):([\d.]+)%", html)]


def test_a_bar_is_as_long_as_its_share():
    assert _measures(_row(Bar("a", 0.25, "1 of 4"), 0.0, 1.0)) == [0.0, 25.0]


def test_losses_and_gains_part_in_the_middle():
    assert _measures(_row(Bar("a", -0.1, "-10%"), -0.2, 0.2)) == [25.0, 25.0]
    assert _measures(_row(Bar("a", 0.2, "+20%"), -0.2, 0.2)) == [50.0, 50.0]


def test_words_of_people_are_not_markup():
    html = _row(Bar("<img src=x>", 0.0, "0", 'say "hi"'), 0.0, 0.0)
    assert "<img" not in html and 'title="say &quot;hi&quot;"' in html

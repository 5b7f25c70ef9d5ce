from collections.abc import Callable
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontos.warehouse.databricks.reading import AHEAD_BYTES, read_ahead


class Answers:
    """A transport: each `flush` brings the next answer. It counts how often it is asked."""

    read: Callable[[int], bytes]
    readAll: Callable[[int], bytes]
    flush: Callable[[], None]

    def __init__(self, *answers: bytes, piece: int = 1 << 30) -> None:
        self._left, self._piece = list(answers), piece
        self._answer = BytesIO()
        self.asked = 0
        self.read, self.flush = self._take, self._next
        read_ahead(self)

    def _next(self) -> None:
        self._answer = BytesIO(self._left.pop(0))

    def _take(self, size: int) -> bytes:
        self.asked += 1
        return self._answer.read(min(size, self._piece))


@given(
    sizes=st.lists(st.integers(0, 3 * AHEAD_BYTES), max_size=12),
    piece=st.integers(1000, 2 * AHEAD_BYTES),
)
def test_every_part_comes_as_it_was_sent(sizes: list[int], piece: int) -> None:
    sent = bytes(at % 251 for at in range(sum(sizes)))
    answers = Answers(sent, piece=piece)
    answers.flush()
    assert b"".join(given := [answers.readAll(size) for size in sizes]) == sent
    assert [len(part) for part in given] == sizes


def test_small_parts_of_an_answer_are_asked_for_once() -> None:
    answers = Answers(b"x" * 5000)
    answers.flush()
    assert {answers.readAll(2) for _ in range(2500)} == {b"xx"}
    assert answers.asked == 1


def test_what_nobody_read_is_not_of_the_next_answer() -> None:
    answers = Answers(b"one and more", b"two")
    answers.flush()
    assert answers.readAll(3) == b"one"
    answers.flush()
    assert answers.readAll(3) == b"two"


def test_an_answer_that_ends_too_early() -> None:
    answers = Answers(b"abc", b"de")
    answers.flush()
    assert answers.readAll(1) == b"a"
    with pytest.raises(EOFError, match="ends 2 bytes too early"):
        answers.readAll(4)
    answers.flush()
    assert answers.readAll(2) == b"de"


def test_a_large_part_is_given_as_it_came() -> None:
    """Nothing of it is copied, and nothing is kept."""
    large = bytes(AHEAD_BYTES + 1)
    answers = Answers(large)
    answers.read = lambda _: large
    read_ahead(answers)
    assert answers.readAll(len(large)) is large

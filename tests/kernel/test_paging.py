"""Cursors come back as they were given, and nonsense is refused by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontos.kernel.errors import Invalid
from ontos.kernel.paging import decode, encode, page


@given(st.one_of(st.text(), st.lists(st.one_of(st.integers(), st.text()), max_size=3)))
def test_a_cursor_round_trips(key: object) -> None:
    assert decode(encode(key)) == key


@pytest.mark.parametrize("nonsense", ["%%%", "e30x", "not a cursor", "é"])
def test_nonsense_is_refused(nonsense: str) -> None:
    with pytest.raises(Invalid, match="cursor") as refused:
        decode(nonsense)
    assert refused.value.field == "cursor"


def test_the_last_page_has_no_cursor() -> None:
    assert page([1, 2], 2, lambda n: n).next_cursor is None
    assert decode(page([1, 2, 3], 2, lambda n: n).next_cursor) == 2

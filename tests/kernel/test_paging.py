"""Cursors come back as they were given, and nonsense is refused by name."""

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontos.kernel.errors import Invalid
from ontos.kernel.paging import decode, encode, page


@given(st.text(), st.integers())
def test_a_cursor_round_trips(name: str, number: int) -> None:
    assert decode(encode(name)) == name
    assert decode(encode([number, name]), int, str) == [number, name]


@pytest.mark.parametrize("nonsense", [
    "%%%", "e30x", "not a cursor", "é", encode(5), encode(None), encode({"a": 1}), encode(["a"]),
    encode("\ud800"), urlsafe_b64encode(b"[" * 9000).decode(), urlsafe_b64encode(b"NaN").decode(),
])  # fmt: skip
def test_nonsense_is_refused(nonsense: str) -> None:
    with pytest.raises(Invalid, match="cursor") as refused:
        decode(nonsense)
    assert refused.value.field == "cursor"


@pytest.mark.parametrize("key", ["a", [1], ["a", 1], [1.5, "a"], [True, "a"], [1, "a", "b"]])
def test_the_cursor_of_another_list_is_refused(key: object) -> None:
    with pytest.raises(Invalid, match="not a cursor of this list"):
        decode(encode(key), int, str)


def test_the_last_page_has_no_cursor() -> None:
    assert page(["a", "b"], 2, str).next_cursor is None
    assert decode(page(["a", "b", "c"], 2, str).next_cursor) == "b"

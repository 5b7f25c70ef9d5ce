"""Names are quoted by one function and taken apart by another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontos.kernel.errors import Invalid
from ontos.warehouse import quote, split_name

NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=40)


def test_parts_are_quoted_one_by_one() -> None:
    assert quote("cat", "sch", "t") == "`cat`.`sch`.`t`"
    assert quote("a`b") == "`a``b`"
    assert quote("x; DROP TABLE y") == "`x; DROP TABLE y`"


@pytest.mark.parametrize("name", ["", "a\nb", "a\x00b", "\x7f", "x" * 256, "a\u2028b"])
def test_what_cannot_be_a_name(name: str) -> None:
    with pytest.raises(Invalid):
        quote("schema", name)


def test_a_name_is_needed() -> None:
    with pytest.raises(Invalid):
        quote()


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_what_was_quoted_is_taken_apart_again(parts: list[str]) -> None:
    assert split_name(quote(*parts)) == tuple(parts)


def test_plain_names_need_no_quotes() -> None:
    assert split_name("cat.sch.table") == ("cat", "sch", "table")
    assert split_name("cat.`a.b`.t") == ("cat", "a.b", "t")


@pytest.mark.parametrize("name", ["", ".", "a.", ".a", "a..b", "`a", "`a`b", "a.``", "`a`."])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(Invalid):
        split_name(name)

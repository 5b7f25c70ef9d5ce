import time

import pytest

from ontos.deploy.pii import KINDS, found, masked


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("write to ann.lee+x@mail.example.org, please", "write to [e-mail address], please"),
        ("<a@b.de>", "<[e-mail address]>"),
        ("jürgen@exämple.org", "[e-mail address]"),
        ("call +49 (0)30 1234-567 now", "call [phone number] now"),
        ("+14155550123.", "[phone number]."),
        ("IBAN DE89 3704 0044 0532 0130 00 PLEASE", "IBAN [IBAN] PLEASE"),
        ("gb29nwbk60161331926819", "[IBAN]"),
        ("NO9386011117947,", "[IBAN],"),
        ("card 4111 1111 1111 1111 12/26", "card [card number] 12/26"),
        ("12 4111-1111-1111-1111", "12 [card number]"),
        ("3782 822463 10005", "[card number]"),
        ("5555555555554444", "[card number]"),
        ("a@b.org, +4930123456", "[e-mail address], [phone number]"),
    ],
)
def test_what_has_the_form_is_masked(text, said):
    assert masked(text) == said


@pytest.mark.parametrize(
    "text",
    [
        "", "no data at all", "a @ b.org", "a@b", "@example.org", "me@example.",
        "030 1234567", "1+4930123456", "+49", "version +1.2.3",
        "DE89 3704 0044 0532 0130 01", "XX89370400440532013000", "DE8937040044053201300012",
        "4111 1111 1111 1112", "0000 0000 0000 0000", "order 123456789012", "1234567890123456",
        "4111 1111 1111", "99999999999999999999999",
    ],
)  # fmt: skip
def test_what_only_looks_like_it_is_left(text):
    assert found(text) == [] and masked(text) == text


def test_each_is_named_by_its_kind():
    text = "a@b.org +4930123456 DE89370400440532013000 4111111111111111"
    assert [kind for _, _, kind in found(text)] == list(KINDS)


@pytest.mark.parametrize(
    "part", ["a", "a.", "a@", "a@a.", "+1 ", "1", "1 ", "DE89 ", "4111 ", "a-", "@", "DE893704"]
)
def test_no_text_takes_long(part):
    began = time.perf_counter()
    found(part * (100_000 // len(part)))
    assert time.perf_counter() - began < 2

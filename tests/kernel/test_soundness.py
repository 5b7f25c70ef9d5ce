"""What no store can hold is found wherever it is, and named by the way to it."""

import math

import pytest
from pydantic import BaseModel

from ontos.kernel.soundness import unsound


class Row(BaseModel):
    name: str
    parts: dict[str, list[float | str]] = {}


@pytest.mark.parametrize(
    ("value", "path", "why"),
    [
        ("a\0b", (), "zero byte"),
        ("a\ud800", (), "half of a character"),
        (2**63, (), "64 bits"),
        (-(2**63) - 1, (), "64 bits"),
        (math.nan, (), "finite"),
        (-math.inf, (), "finite"),
        (["a", {"b": ("c", math.inf)}], ("1", "b", "1"), "finite"),
        ({"a": 1, "b\0": 2}, (), "zero byte"),
        (Row(name="\0"), ("name",), "zero byte"),
        ([Row(name="a", parts={"x": [1.0, "\0"]})], ("0", "parts", "x", "1"), "zero byte"),
    ],
)
def test_the_fault_is_found_and_named(value: object, path: tuple[str, ...], why: str) -> None:
    *where, said = unsound(value) or ("nothing found",)
    assert (tuple(where), why in said) == (path, True), said


@pytest.mark.parametrize(
    "value",
    [
        "",
        "ünï\n🧸",
        2**63 - 1,
        -(2**63),
        1e308,
        None,
        True,
        b"\0",
        [],
        {},
        Row(name="a"),
        [None, [1]],
    ],
)
def test_what_can_be_kept_is_sound(value: object) -> None:
    assert unsound(value) is None

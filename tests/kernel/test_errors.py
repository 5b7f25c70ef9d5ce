"""A refusal can always be sent, and says at its end what to do, whatever input it repeats."""

import json

from ontos.kernel.errors import LONGEST_DETAIL, LONGEST_FIELD, Invalid


def test_a_long_detail_keeps_what_is_wrong_and_what_to_do() -> None:
    error = Invalid(f"name: {'x' * 10_000} is taken. Choose another.", field="y" * 999)
    assert len(error.detail) <= LONGEST_DETAIL
    assert error.detail.startswith("name: x") and error.detail.endswith("Choose another.")
    assert len(error.problem()["field"]) <= LONGEST_FIELD


def test_half_characters_are_spelt_out() -> None:
    error = Invalid("there is no \ud800 here", field="a\udfff")
    assert json.dumps(error.problem(), ensure_ascii=False).encode()
    assert error.detail == "there is no \\ud800 here"

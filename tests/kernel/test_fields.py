"""What people type is taken as it is, or refused in words that help."""

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from ontos.kernel.fields import Input, Moment, Name, explain

NAME, MOMENT = TypeAdapter(Name), TypeAdapter(Moment)


class Part(Input):
    title: Name


class Whole(Input):
    count: int
    parts: list[Part] | None = None
    by_name: dict[Name, int] | None = None


@pytest.mark.parametrize("name", ["O'Toole; DROP TABLE x", 'a "b"', "👩‍👩‍👧 tea", "١٢", "x" * 200])
def test_a_name_is_taken_as_it_is(name: str) -> None:
    assert NAME.validate_python(f"  {name} ") == name


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "give a name"), (" \t ", "give a name"), ("\u200b", "give a name"),
        ("a\nb", "one line"), ("a\u2028b", "one line"), ("a\x85b", "one line"),
        ("a\0b", "one line"), ("x" * 10_000, "at most 200"),
    ],
)  # fmt: skip
def test_what_is_no_name_is_refused(name: str, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        NAME.validate_python(name)


def test_a_moment_is_utc() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert MOMENT.validate_python("2026-01-01T12:00:00") == noon
    assert MOMENT.validate_python("2026-01-01T14:00:00+02:00") == noon


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_that_utc_cannot_name_is_refused(at: str) -> None:
    with pytest.raises(ValidationError, match="years 1 to 9999"):
        MOMENT.validate_python(at)


@pytest.mark.parametrize(
    ("given", "field", "says"),
    [
        ({}, "count", "count: is missing. Add it."),
        ({"count": "x"}, "count", "count: must be a valid integer"),
        ({"count": 1, "colour": 2}, "colour", "Correct its name, or leave it out."),
        ({"count": 1, "parts": [{"title": ""}]}, "parts.0.title", "give a name."),
        ({"count": 1, "by_name": {"": 1}}, "by_name.", "give a name."),
        ({"count": 1, "x" * 999: 2}, "x" * 60, "is not known here"),
    ],
)
def test_the_first_error_names_its_field(given: object, field: str, says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Whole.model_validate(given)
    found, message = explain(refused.value.errors())
    assert found == field
    assert says in message

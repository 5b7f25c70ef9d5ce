"""Values on their way into a statement."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from ontos.kernel.errors import Invalid
from ontos.warehouse.databricks.values import bindable


def test_times_go_as_utc() -> None:
    there = datetime(2024, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert bindable("at", there) == datetime(2024, 1, 1, tzinfo=UTC)
    assert bindable("at", datetime(2024, 1, 1)) == datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("value", ["x", 1, 0.5, True, None, date(2024, 1, 2), "😀"])
def test_plain_values_go_as_they_are(value: Any) -> None:
    assert bindable("v", value) is value


@pytest.mark.parametrize("value", [["a"], {"a": 1}, b"x"])
def test_what_cannot_be_bound_names_itself(value: Any) -> None:
    with pytest.raises(Invalid, match="JSON text") as refused:
        bindable("ids", value)
    assert refused.value.field == "ids"


def test_half_a_character_is_refused() -> None:
    with pytest.raises(Invalid, match="half a character"):
        bindable("text", "x\ud83d")

"""Words of the pages."""

import pytest

from pages.words import many, named


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 pairs"), (1, "1 pair"), (2, "2 pairs"), (304_000, "304,000 pairs")]
)
def test_a_count_agrees_with_its_noun(count: int, said: str) -> None:
    assert many(count, "pair") == said


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("training_sheet_id", "Training sheet"),
        ("spec.name", "Name"),
        ("column_mapping", "Column mapping"),
    ],
)
def test_a_field_is_called_as_a_person_calls_it(field: str, said: str) -> None:
    assert named(field) == said

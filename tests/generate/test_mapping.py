"""Which column fills which placeholder."""

import pytest

from ontos.generate.mapping import check_mapping, check_response, equal_names
from ontos.kernel.errors import Invalid
from ontos.workspace import Column


def test_placeholders_named_as_columns_map_themselves():
    found = equal_names(["text", "City", "other"], ["TEXT", "city"])
    assert found == {"text": "TEXT", "City": "city"}


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ({}, "no column for 'message'"),
        ({"message": "text", "tone": "text"}, "no placeholder 'tone'"),
        ({"message": "nope"}, "no column 'nope'"),
    ],
)
def test_a_wrong_mapping_names_what_is_wrong(mapping, says):
    with pytest.raises(Invalid, match=says) as refused:
        check_mapping(["message"], mapping, ["text"])
    assert refused.value.field == "column_mapping"


def test_a_right_mapping_passes():
    check_mapping(["message"], {"message": "text"}, ["text", "intent"])
    check_mapping([], {}, ["text"])


@pytest.mark.parametrize("column", [None, Column("x", "TIMESTAMP"), Column("x", "ARRAY<STRING>")])
def test_answers_come_from_columns_of_plain_values(column):
    with pytest.raises(Invalid) as refused:
        check_response(column, "x", ["y"])
    assert refused.value.field == "response_column"
    for kind in ("STRING", "BIGINT", "BOOLEAN", "DECIMAL(10,2)"):
        check_response(Column("x", kind), "x", ["x"])

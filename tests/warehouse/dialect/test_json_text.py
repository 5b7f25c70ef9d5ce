"""`to_json`: fields that are NULL are left out, instants are ISO 8601.

The expected values are those of Apache Spark 4.3 with its defaults, which are Databricks' own.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ontos.kernel.errors import Invalid
from ontos.warehouse import EmbeddedWarehouse, open_embedded
from ontos.warehouse.dialect.writer import Untranslatable

Value = Callable[..., Any]

SPARK = [
    (
        "to_json(named_struct('a', 1, 'b', NULL, 'c', 'x\"y/é\\n', 'd',"
        " named_struct('z', CAST(NULL AS INT)), 'e', array(named_struct('q', 1, 'r', NULL)),"
        " 'f', 1.5D, 'g', true, 'h', 1.0D, 'i', array(1,NULL)))",
        '{"a":1,"c":"x\\"y/é\\n","d":{},"e":[{"q":1}],"f":1.5,"g":true,"h":1.0,"i":[1,null]}',
    ),
    ("to_json(array('a'))", '["a"]'),
    ("to_json(array(named_struct('a',1)))", '[{"a":1}]'),
    ("to_json(array())", "[]"),
    (
        "to_json(named_struct('t', TIMESTAMP '2024-05-06 07:08:09.123456'))",
        '{"t":"2024-05-06T07:08:09.123Z"}',
    ),
    (
        "to_json(named_struct('t', TIMESTAMP '2024-05-06 07:08:09'))",
        '{"t":"2024-05-06T07:08:09.000Z"}',
    ),
    ("to_json(named_struct('d', DATE '2024-05-06'))", '{"d":"2024-05-06"}'),
    ("to_json(named_struct('m', map('k', 1)))", '{"m":{"k":1}}'),
    ("to_json(map('k', 1))", '{"k":1}'),
    ("to_json(struct(1 AS x, 2 + 1))", '{"x":1,"col2":3}'),
    ("to_json(named_struct('n', 12345678901))", '{"n":12345678901}'),
    (
        "to_json(transform(array('a','b'), x -> named_struct('role', x, 'n', NULL)))",
        '[{"role":"a"},{"role":"b"}]',
    ),
    (
        "to_json(transform(array('a','b'), (x,i) -> named_struct('role', x, 'n', i)))",
        '[{"role":"a","n":0},{"role":"b","n":1}]',
    ),
    ("to_json(CASE WHEN true THEN named_struct('a',1) END)", '{"a":1}'),
    ("to_json(CAST(NULL AS STRUCT<a: INT>))", None),
    ("to_json(named_struct())", "{}"),
]


@pytest.mark.parametrize(("expression", "expected"), SPARK)
def test_texts_have_the_values_of_spark(value: Value, expression: str, expected: Any) -> None:
    found = value(expression)
    assert found == expected
    assert type(found) is type(expected)


def test_columns_by_their_types(calculator: EmbeddedWarehouse) -> None:
    rows = calculator.rows(
        "SELECT to_json(struct(a, b, c, d)) AS j FROM (SELECT named_struct('x', 1, 'y', NULL) AS a,"
        " array('p', NULL) AS b, TIMESTAMP '2024-01-01 00:00:00' AS c, 1.5D AS d) AS q"
    )
    assert rows == [{"j": '{"a":{"x":1},"b":["p",null],"c":"2024-01-01T00:00:00.000Z","d":1.5}'}]


def test_rows_become_one_text(calculator: EmbeddedWarehouse) -> None:
    sql = (
        "SELECT to_json(collect_list(named_struct('a', a, 'b', b))) AS j"
        " FROM VALUES (1, NULL) AS t(a, b)"
    )
    assert calculator.rows(sql) == [{"j": '[{"a":1}]'}]
    assert calculator.rows(sql + " WHERE a > 9") == [{"j": "[]"}]


@given(st.lists(st.one_of(st.none(), st.text(max_size=20), st.integers(-(2**62), 2**62))))
@settings(max_examples=60, deadline=None)
def test_what_is_bound_comes_back(values: list[str | int | None]) -> None:
    store = open_embedded()
    names = {f"v{at}": item for at, item in enumerate(values)}
    fields = ", ".join(f"'f{at}', :v{at}" for at in range(len(values)))
    text = store.rows(f"SELECT to_json(named_struct({fields})) AS j", **names)[0]["j"]
    store.close()
    assert json.loads(text) == {f"f{at}": v for at, v in enumerate(values) if v is not None}


def test_what_engines_write_differently_is_an_error(calculator: EmbeddedWarehouse) -> None:
    with pytest.raises(Invalid, match="not known for this type"):
        calculator.rows(
            "SELECT to_json(a) AS j FROM (SELECT array(named_struct('x', 1)) AS a) AS q"
        )


@pytest.mark.parametrize(
    "expression",
    ["to_json(struct(*))", "to_json(1, map('a', 'b'))", "to_json(array(named_struct('a', 1))[0])"],
)
def test_what_is_not_translated(calculator: EmbeddedWarehouse, expression: str) -> None:
    with pytest.raises(Untranslatable):
        calculator.rows(f"SELECT {expression} AS r FROM (SELECT 1 AS a) AS q")

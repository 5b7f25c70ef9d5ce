"""JSON and VARIANT.

The expected values are those of Apache Spark 4.3 with its defaults, which are Databricks' own.
"""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ontos.kernel.errors import Invalid
from ontos.warehouse import EmbeddedWarehouse
from ontos.warehouse.dialect.writer import Untranslatable


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


Value = Callable[..., Any]

SPARK = [
    ("from_json('[\"a\",null,\"b\"]', 'ARRAY<STRING>')", ["a", None, "b"]),
    (
        'from_json(\'[{"a":1,"b":["x"],"t":"2024-01-02T03:04:05Z"}]\','
        " 'ARRAY<STRUCT<a: INT, b: ARRAY<STRING>, t: TIMESTAMP>>')",
        [{"a": 1, "b": ["x"], "t": at("2024-01-02 03:04:05")}],
    ),
    ("from_json('{\"a\":1}', 'a INT, b STRING')", {"a": 1, "b": None}),
    ("from_json('{\"a\":{\"k\":2}}', 'STRUCT<a: MAP<STRING, INT>>')", {"a": {"k": 2}}),
    ("from_json(NULL, 'ARRAY<INT>')", None),
    ("from_json('{\"a\":\"x\"}', 'a INT')", {"a": None}),
    ("from_json('[1,2]', 'ARRAY<BIGINT>')", [1, 2]),
    ("from_json('[1.5]', 'ARRAY<DOUBLE>')", [1.5]),
    ("from_json('[true]', 'ARRAY<BOOLEAN>')", [True]),
    ("from_json('[{\"x\":1}]', 'ARRAY<STRING>')", ['{"x":1}']),
    ("from_json('[\"2024-01-02\"]', 'ARRAY<DATE>')", [date(2024, 1, 2)]),
    (
        "from_json('[\"2024-01-02T03:04:05.123456+00:00\"]', 'ARRAY<TIMESTAMP>')",
        [at("2024-01-02 03:04:05.123456")],
    ),
    ("from_json('[\"2024-01-02 03:04:05\"]', 'ARRAY<TIMESTAMP>')", [at("2024-01-02 03:04:05")]),
    ("from_json('[5]', 'ARRAY<STRING>')", ["5"]),
    ('get_json_object(\'{"a":{"b":"x"}}\', \'$.a.b\')', "x"),
    ('get_json_object(\'{"a":{"b":"x"}}\', \'$.a\')', '{"b":"x"}'),
    ("get_json_object('{\"a\":[1,2]}', '$.a[1]')", "2"),
    ("get_json_object('{\"a\":null}', '$.a')", None),
    ("get_json_object('{\"a\":1.50}', '$.a')", "1.5"),
    ("get_json_object('{}', '$.a')", None),
    ("json_array_length('[1,2]')", 2),
    ("json_array_length('{}')", None),
    ("json_object_keys('{\"a\":1}')", ["a"]),
    ("json_object_keys('[1]')", None),
    ('parse_json(\'{"a":{"b":"x","n":4}}\'):a.b::string', "x"),
    ('parse_json(\'{"a":{"b":"x","n":4}}\'):a.n::int', 4),
    ("parse_json('{\"a\":[1,2]}'):a[1]::double", 2.0),
    ("parse_json('{\"a\":[1,2]}'):a::array<int>", [1, 2]),
    ("parse_json('{\"a\":true}'):a::boolean", True),
    ("parse_json('{\"a\":1}'):z::string", None),
    ("variant_get(parse_json('{\"a\":\"q\"}'), '$.a', 'string')", "q"),
    ('parse_json(\'{"a":{"b":1}}\'):a::string', '{"b":1}'),
    ("try_parse_json('nojson') IS NULL", True),
]


@pytest.mark.parametrize(("expression", "expected"), SPARK)
def test_documents_have_the_values_of_spark(value: Value, expression: str, expected: Any) -> None:
    found = value(expression)
    assert found == expected
    assert type(found) is type(expected)


def test_bound_rows_unfold(calculator: EmbeddedWarehouse) -> None:
    sent = json.dumps([{"id": "1", "tags": ["x"], "score": 0.5, "at": "2024-01-01T00:00:00+02:00"}])
    rows = calculator.rows(
        "SELECT r.* FROM (SELECT explode(from_json(:rows, 'ARRAY<STRUCT<id: STRING,"
        " tags: ARRAY<STRING>, score: DOUBLE, at: TIMESTAMP, none: BIGINT>>')) AS r) AS q",
        rows=sent,
    )
    assert rows == [
        {"id": "1", "tags": ["x"], "score": 0.5, "at": at("2023-12-31 22:00:00"), "none": None}
    ]


@pytest.mark.parametrize("rows", [None, "[]"])
def test_no_rows_unfold_to_none(calculator: EmbeddedWarehouse, rows: str | None) -> None:
    sql = "SELECT explode(from_json(:rows, 'ARRAY<STRING>')) AS id"
    assert calculator.rows(sql, rows=rows) == []


def test_awkward_text_survives(calculator: EmbeddedWarehouse) -> None:
    texts = ["", "it's", 'a "b" \\ c', "line\nbreak\ttab", "émoji 😀", "\u2028", "null", "{}"]
    rows = calculator.rows(
        "SELECT explode(from_json(:texts, 'ARRAY<STRING>')) AS t", texts=json.dumps(texts)
    )
    assert [row["t"] for row in rows] == texts


def test_broken_json_is_an_error(value: Value) -> None:
    with pytest.raises(Invalid):
        value("from_json('nojson', 'ARRAY<INT>')")


@pytest.mark.parametrize(
    "expression",
    [
        "from_json(:t, :t)", "from_json(:t, 'INTERVAL')", "from_json(:t, 'INT', map('a', 'b'))",
        "get_json_object(:t, '$.a[*]')", "get_json_object(:t, 'a')", "schema_of_json('{}')",
        "variant_get(parse_json(:t), :t, 'int')", "is_variant_null(parse_json(:t))",
    ],
)  # fmt: skip
def test_what_is_not_translated(value: Value, expression: str) -> None:
    with pytest.raises(Untranslatable):
        value(expression, t="{}")


def test_variants_are_kept(warehouse: EmbeddedWarehouse) -> None:
    warehouse.execute("CREATE TABLE things (id INT, config VARIANT)")
    warehouse.execute(
        "INSERT INTO things SELECT 1, parse_json(:text)", text='{"a": {"b": "x", "n": [1, 2]}}'
    )
    rows = warehouse.rows(
        "SELECT config:a.b::string AS b, config:a.n[1]::int AS n, config:z::double AS z FROM things"
    )
    assert rows == [{"b": "x", "n": 2, "z": None}]

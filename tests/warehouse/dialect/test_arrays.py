"""Arrays, maps and lambdas.

The expected values are those of Apache Spark 4.3 with its defaults, which are Databricks' own.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ontos.kernel.errors import Invalid
from ontos.warehouse.dialect.writer import Untranslatable


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


Value = Callable[..., Any]

SPARK = [
    ("array_contains(array('a',NULL),'a')", True),
    ("array_contains(array('a',NULL),'b')", None),
    ("array_contains(array('a'),'b')", False),
    ("array_contains(CAST(NULL AS ARRAY<STRING>),'b')", None),
    ("size(array(1,2))", 2),
    ("size(CAST(NULL AS ARRAY<INT>))", None),
    ("cardinality(array())", 0),
    ("array_size(array(1))", 1),
    ("array_except(array(1,2,2,NULL,3),array(2))", [1, None, 3]),
    ("array_except(array(1,NULL),array(NULL))", [1]),
    ("array_except(array(1),CAST(NULL AS ARRAY<INT>))", None),
    ("array_union(array(3,1,NULL),array(1,2,NULL))", [3, 1, None, 2]),
    ("array_intersect(array(3,1,NULL,1),array(1,NULL))", [1, None]),
    ("array_distinct(array(3,1,3,NULL,NULL))", [3, 1, None]),
    ("concat(array(1),array(2))", [1, 2]),
    ("concat(array(1),CAST(NULL AS ARRAY<INT>))", None),
    ("transform(array(1,2),x -> x + 1)", [2, 3]),
    ("transform(array(5,6),(x,i) -> x + i)", [5, 7]),
    ("filter(array(5,6,7),(x,i) -> i > 0)", [6, 7]),
    ("exists(array(1,NULL),x -> x = 1)", True),
    ("exists(array(1,NULL),x -> x = 2)", None),
    ("exists(array(1),x -> x = 2)", False),
    ("exists(CAST(array() AS ARRAY<INT>),x -> x = 2)", False),
    ("forall(array(1,2), x -> x > 0)", True),
    ("forall(array(1,NULL), x -> x > 0)", None),
    ("forall(array(1,NULL), x -> x > 5)", False),
    ("forall(CAST(array() AS ARRAY<INT>), x -> x > 5)", True),
    ("element_at(array(1,2),-1)", 2),
    ("try_element_at(array(1,2),3)", None),
    ("try_element_at(array(1,2),-3)", None),
    ("array(1,2)[0]", 1),
    ("array(1,2)[1]", 2),
    ("get(array(1,2),0)", 1),
    ("get(array(1,2),2)", None),
    ("get(array(1,2),-1)", None),
    ("slice(array(1,2,3,4),2,2)", [2, 3]),
    ("slice(array(1,2,3,4),-2,5)", [3, 4]),
    ("slice(array(1,2,3,4),-3,1)", [2]),
    ("slice(array(1,2,3),1,0)", []),
    ("slice(array(1,2,3),5,2)", []),
    ("slice(array(1,2,3),-5,2)", []),
    ("array_sort(array(2,NULL,1))", [1, 2, None]),
    ("sort_array(array(2,NULL,1))", [None, 1, 2]),
    ("sort_array(array(2,NULL,1), false)", [2, 1, None]),
    ("sort_array(array('b','A','a'))", ["A", "a", "b"]),
    ("array_join(array('a',NULL,'b'),',')", "a,b"),
    ("array_join(array('a',NULL,'b'),',','-')", "a,-,b"),
    ("array_join(CAST(array() AS ARRAY<STRING>),',')", ""),
    ("array_position(array(1,2),2)", 2),
    ("array_position(array(1,2),9)", 0),
    ("array_remove(array(1,NULL,2,1),1)", [None, 2]),
    ("array_append(array(1),2)", [1, 2]),
    ("array_append(CAST(NULL AS ARRAY<INT>),2)", None),
    ("array_prepend(array(1),2)", [2, 1]),
    ("array_compact(array(1,NULL))", [1]),
    ("flatten(array(array(1),array(2)))", [1, 2]),
    ("flatten(array(array(1),NULL))", None),
    ("sequence(1,3)", [1, 2, 3]),
    ("sequence(3,1)", [3, 2, 1]),
    ("sequence(1,7,3)", [1, 4, 7]),
    ("aggregate(array(1,2,3), 0, (acc, x) -> acc + x)", 6),
    ("aggregate(CAST(array() AS ARRAY<INT>), 0, (acc, x) -> acc + x)", 0),
    ("map('a',1)['a']", 1),
    ("map('a',1)['z']", None),
    ("map_keys(map('a',1))", ["a"]),
    ("map_values(map('a',1))", [1]),
    ("element_at(map('a',1),'a')", 1),
    ("element_at(map('a',1),'z')", None),
    ("try_element_at(map('a',1),'z')", None),
    ("array_max(array(1,NULL,3))", 3),
    ("array_min(array('b','a'))", "a"),
    ("concat_ws('-',array('a',NULL,'b'),'c')", "a-b-c"),
    ("CAST(array(1,2) AS ARRAY<STRING>)", ["1", "2"]),
]


@pytest.mark.parametrize(("expression", "expected"), SPARK)
def test_arrays_have_the_values_of_spark(value: Value, expression: str, expected: Any) -> None:
    found = value(expression)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("expression", ["element_at(array(1, 2), 3)", "array(1, 2)[2]"])
def test_an_element_that_is_not_there_is_an_error(value: Value, expression: str) -> None:
    with pytest.raises(Invalid, match="has no element 3"):
        value(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "array(1, 2)[1 + 0]", "array_sort(array(1), (a, b) -> 1)", "shuffle(array(1))",
        "aggregate(array(1), 0, (s, x) -> s + x, s -> s * 2)", "arrays_zip(array(1), array(2))",
    ],
)  # fmt: skip
def test_what_is_not_translated(value: Value, expression: str) -> None:
    with pytest.raises(Untranslatable):
        value(expression)


def test_lambdas_nest(value: Value) -> None:
    assert value("transform(array(1, 2), x -> transform(array(10), y -> x + y))") == [[11], [12]]
    assert value("filter(array(1, 2, 3), x -> exists(array(2, 3), y -> y = x))") == [2, 3]

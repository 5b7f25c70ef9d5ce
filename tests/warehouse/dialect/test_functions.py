"""Text, numbers, comparisons and casts.

The expected values are those of Apache Spark 4.3 with its defaults, which are Databricks' own.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from ontos.kernel.errors import Invalid
from ontos.warehouse import EmbeddedWarehouse, quote
from ontos.warehouse.dialect.writer import Untranslatable


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


Value = Callable[..., Any]

SPARK = [
    ("concat('a',NULL)", None),
    ("concat('a',1,'b')", "a1b"),
    ("concat(1,2)", "12"),
    ("concat('a',coalesce(NULL,'b'),'c')", "abc"),
    ("concat('a',coalesce(NULL,NULL),'c')", None),
    ("concat('x')", "x"),
    ("concat('a', 1 = 1)", "atrue"),
    ("'a' || 'b' || 1", "ab1"),
    ("md5('a')", "0cc175b9c0f1b6a831c399e269772661"),
    ("sha2('a',256)", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
    ("sha1('a')", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
    ("concat_ws('-','a',NULL,'b')", "a-b"),
    ("concat_ws(NULL,'a')", None),
    ("replace('aXa','a','b')", "bXb"),
    ("replace('aXa','a')", "X"),
    ("replace('abc','','x')", "abc"),
    ("regexp_replace('a1b22','[0-9]+','#')", "a#b#"),
    ("lower('ÄB')", "äb"),
    ("upper('éa')", "ÉA"),
    ("trim('  a ')", "a"),
    ("trim('\\ta ')", "\ta"),
    ("ltrim('  a ')", "a "),
    ("rtrim(' a  ')", " a"),
    ("trim(BOTH 'x' FROM 'xxaxx')", "a"),
    ("substring('abc',0,2)", "ab"),
    ("substring('abc',1,2)", "ab"),
    ("substring('abc',-2,1)", "b"),
    ("substring('abc',-5,3)", "a"),
    ("substring('abc',-5)", "abc"),
    ("substring('abc',2)", "bc"),
    ("substring('abc',9)", ""),
    ("substring('abc',2,0)", ""),
    ("substring('abc',2,-1)", ""),
    ("split('a,b,,',',')", ["a", "b", "", ""]),
    ("split('a.b','[.]')", ["a", "b"]),
    ("split('',',')", [""]),
    ("split_part('a-b','-',2)", "b"),
    ("split_part('a-b','-',5)", ""),
    ("split_part('a-b','-',-1)", "b"),
    ("startswith('ab','a')", True),
    ("endswith('ab','b')", True),
    ("contains('abc','b')", True),
    ("contains('abc','')", True),
    ("length('äö😀')", 3),
    ("char_length('abc')", 3),
    ("isnan(CAST('NaN' AS DOUBLE))", True),
    ("isnan(1.5)", False),
    ("isnan(CAST(NULL AS DOUBLE))", False),
    ("instr('abc','c')", 3),
    ("instr('abc','z')", 0),
    ("instr('abc','')", 1),
    ("locate('c','abc')", 3),
    ("position('c' IN 'abc')", 3),
    ("'Ab' ILIKE 'a%'", True),
    ("'a_b' LIKE 'a\\\\_b'", True),
    ("'axb' LIKE 'a\\\\_b'", False),
    ("'ab' LIKE 'a_'", True),
    ("'a%' LIKE 'a!%' ESCAPE '!'", True),
    ("'ab' RLIKE 'b$'", True),
    ("'ab' NOT LIKE 'b%'", True),
    ("regexp_like('abc','^a')", True),
    ("NULL <=> NULL", True),
    ("1 <=> NULL", False),
    ("1 IS DISTINCT FROM NULL", True),
    ("try_cast('x' AS INT)", None),
    ("try_cast('12' AS INT)", 12),
    ("7 / 2", 3.5),
    ("6 / 2", 3.0),
    ("-7 / 2", -3.5),
    ("7 DIV 2", 3),
    ("-7 DIV 2", -3),
    ("-7 % 3", -1),
    ("7 % -3", 1),
    ("mod(7,3)", 1),
    ("pmod(-7,3)", 2),
    ("pmod(7,3)", 1),
    ("try_divide(1,0)", None),
    ("try_divide(1,2)", 0.5),
    ("round(2.5D)", 3.0),
    ("round(-2.567D, 2)", -2.57),
    ("round(3.5D)", 4.0),
    ("round(-2.5D)", -3.0),
    ("round(2.675D,2)", 2.68),
    ("round(5)", 5),
    ("round(1234.5D,-2)", 1200.0),
    ("ceil(1.2D)", 2),
    ("ceil(-1.2D)", -1),
    ("floor(-1.2D)", -2),
    ("floor(3)", 3),
    ("greatest(1,NULL,3)", 3),
    ("least(1,NULL)", 1),
    ("greatest(CAST(NULL AS INT),NULL)", None),
    ("coalesce(NULL,1)", 1),
    ("nvl(NULL,2)", 2),
    ("nvl2(1,2,3)", 2),
    ("ifnull(NULL,4)", 4),
    ("nullif(1,1)", None),
    ("nullif(1,2)", 1),
    ("if(true,1,2)", 1),
    ("if(NULL,1,2)", 2),
    ("lpad('a',3)", "  a"),
    ("lpad('a',3,'x')", "xxa"),
    ("rpad('a',3,'xy')", "axy"),
    ("lpad('abc',2,'x')", "ab"),
    ("left('abc',2)", "ab"),
    ("right('abc',2)", "bc"),
    ("left('abc',-1)", ""),
    ("left('abc',9)", "abc"),
    ("repeat('ab',2)", "abab"),
    ("repeat('ab',0)", ""),
    ("repeat('ab',-1)", ""),
    ("reverse('abc')", "cba"),
    ("CAST('5' AS INT)", 5),
    ("CAST(' 5 ' AS INT)", 5),
    ("CAST(1 AS STRING)", "1"),
    ("CAST(true AS STRING)", "true"),
    ("CAST('true' AS BOOLEAN)", True),
    ("CAST('yes' AS BOOLEAN)", True),
    ("CAST('t' AS BOOLEAN)", True),
    ("CAST('1.5' AS DOUBLE)", 1.5),
    ("CAST('NaN' AS DOUBLE) = CAST('NaN' AS DOUBLE)", True),
    ("isnull(1)", False),
    ("isnotnull(1)", True),
    ("log10(100D)", 2.0),
    ("log2(8D)", 3.0),
    ("ln(1D)", 0.0),
    ("log(2D, 8D)", 3.0),
    ("exp(0D)", 1.0),
    ("sqrt(4D)", 2.0),
    ("power(2,3)", 8.0),
    ("abs(-3)", 3),
    ("sign(-2)", -1.0),
    ("CASE 1 WHEN 1 THEN 'a' END", "a"),
    ("translate('abc','ab','xy')", "xyc"),
    ("levenshtein('kitten','sitting')", 3),
    ("2 > '1'", True),
    ("'b' > 'a'", True),
    ("'B' < 'a'", True),
    ("1 IN (1,NULL)", True),
    ("2 IN (1,NULL)", None),
    ("NOT NULL", None),
    ("NULL AND false", False),
    ("NULL OR true", True),
    ("2 BETWEEN 1 AND 3", True),
    ("'it\\'s'", "it's"),
    ("'a\\\\b'", "a\\b"),
    ('"dq"', "dq"),
    ("1.5", Decimal("1.5")),
    ("1e2", 100.0),
    ("1L", 1),
    ("100 / 3", 33.333333333333336),
    ("5 * 1.5D", 7.5),
    ("cast(1.5D AS STRING)", "1.5"),
    ("cast(100D AS STRING)", "100.0"),
    ("cast(1.005 AS DECIMAL(10,2))", Decimal("1.01")),
    ("equal_null(NULL,1)", False),
]


@pytest.mark.parametrize(("expression", "expected"), SPARK)
def test_functions_have_the_values_of_spark(value: Value, expression: str, expected: Any) -> None:
    found = value(expression)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    "expression",
    [
        "1 / 0", "1 % 0", "1 DIV 0", "CAST('abc' AS INT)", "CAST('x' AS BOOLEAN)",
        "CAST(3000000000 AS INT)", "2147483647 + 1", "9223372036854775807 + 1",
    ],
)  # fmt: skip
def test_what_spark_refuses_is_refused(value: Value, expression: str) -> None:
    with pytest.raises(Invalid):
        value(expression)


def test_a_uuid_is_text(value: Value) -> None:
    assert len(value("uuid()")) == 36


@pytest.mark.parametrize(
    "expression",
    [
        "hash('a')", "xxhash64('a')", "crc32('a')", "monotonically_increasing_id()", "rand()",
        "rand(7)", "typeof(1)", "width_bucket(1, 0, 10, 5)", "current_user()", "initcap('a b')",
        "identifier('a')", "sha2('a', 512)", "no_such_function(1)", "split('a', '')",
        "split('a,b', ',', 1)", "regexp_replace('a', '(a)', '$1')", "'a' LIKE ANY ('a', 'b')",
        "format_string('%s', 1)", "from_utc_timestamp(current_timestamp(), 'CET')",
    ],
)  # fmt: skip
def test_what_engines_do_differently_is_not_translated(value: Value, expression: str) -> None:
    with pytest.raises(Untranslatable):
        value(expression)


@pytest.mark.parametrize("name", ["at", "user", "order", "group", "select", 'we"ird', "a`b", "ü ñ"])
def test_any_name_can_be_a_column(calculator: EmbeddedWarehouse, name: str) -> None:
    assert calculator.rows(f"SELECT 1 AS {quote(name)}") == [{name: 1}]


def test_like_escapes_by_a_backslash_in_a_bound_pattern(value: Value) -> None:
    assert value("'50%' LIKE :pattern", pattern=r"50\%") is True
    assert value("'50x' LIKE :pattern", pattern=r"50\%") is False


def test_a_text_of_many_parts_is_null_where_a_bound_part_is(value: Value) -> None:
    joined = "concat(:a, coalesce(:b, 'no b'), '!')"
    assert value(joined, a="one ", b="two") == "one two!"
    assert value(joined, a="one ", b=None) == "one no b!"
    assert value(joined, a=None, b="two") is None


def test_a_bound_length_may_be_negative(value: Value) -> None:
    assert value("substring('abc', 2, :n)", n=-1) == ""
    assert value("substring('abc', :n)", n=0) == "abc"


AGGREGATES = [
    ("sort_array(collect_list(x))", ["a", "b"]),
    ("sort_array(collect_set(x))", ["a", "b"]),
    ("max_by(x, y)", None),
    ("min_by(x, y)", "a"),
    ("count(x)", 2),
    ("count(DISTINCT x, y)", 1),
    ("count_if(y > 1)", 1),
    ("sum(y)", 3),
    ("avg(y)", 1.5),
    ("percentile_approx(y, 0.5)", 1),
    ("percentile(y, 0.5)", 1.5),
    ("median(y)", 1.5),
    ("stddev(y)", 0.7071067811865476),
    ("bool_or(y > 1)", True),
    ("every(y > 1)", False),
    ("sum(y) FILTER (WHERE y > 1)", 2),
    ("collect_list(x) FILTER (WHERE y > 9)", []),
]


@pytest.mark.parametrize(("aggregate", "expected"), AGGREGATES)
def test_aggregates(calculator: EmbeddedWarehouse, aggregate: str, expected: Any) -> None:
    rows = calculator.rows(
        f"SELECT {aggregate} AS r FROM (SELECT 'a' AS x, 1 AS y UNION ALL SELECT NULL, 2"
        " UNION ALL SELECT 'b', NULL) AS q"
    )
    assert rows == [{"r": expected}]


def test_aggregates_of_nothing(calculator: EmbeddedWarehouse) -> None:
    rows = calculator.rows(
        "SELECT sum(y) AS s, collect_list(y) AS l, count_if(y > 1) AS c, avg(y) AS a"
        " FROM (SELECT 1 AS y) AS q WHERE y > 5"
    )
    assert rows == [{"s": None, "l": [], "c": 0, "a": None}]


def test_percentiles_are_values_that_occur(calculator: EmbeddedWarehouse) -> None:
    rows = calculator.rows(
        "SELECT percentile_approx(y, 0.5) AS half, percentile_approx(y, 0.99) AS most,"
        " percentile_approx(y, array(0.25, 0.5)) AS both"
        " FROM (SELECT explode(array(10D, 20D, 30D, 40D)) AS y) AS q"
    )
    assert rows == [{"half": 20.0, "most": 40.0, "both": [10.0, 20.0]}]


def test_a_sum_of_whole_numbers_stays_whole(calculator: EmbeddedWarehouse) -> None:
    sql = "SELECT sum(CAST(y AS BIGINT)) AS s FROM (SELECT explode(array(1, 2)) AS y) AS q"
    assert calculator.rows(sql) == [{"s": 3}]
    assert calculator.arrow(sql).schema.field("s").type == pa.int64()
    assert [batch.schema.field("s").type for batch in calculator.batches(sql)] == [pa.int64()]

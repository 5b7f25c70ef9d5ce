"""Instants and dates.

The expected values are those of Apache Spark 4.3 with its defaults, which are Databricks' own.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from ontos.warehouse import EmbeddedWarehouse
from ontos.warehouse.dialect.writer import Untranslatable


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


AT = "TIMESTAMP '2024-05-06 07:08:09.123456'"
Value = Callable[..., Any]

SPARK = [
    (f"date_trunc('HOUR', {AT})", at("2024-05-06 07:00:00")),
    (f"date_trunc('WEEK', {AT})", at("2024-05-06 00:00:00")),
    (f"date_trunc('QUARTER', {AT})", at("2024-04-01 00:00:00")),
    (f"date_trunc('DAY', {AT})", at("2024-05-06 00:00:00")),
    (f"date_trunc('MILLISECOND', {AT})", at("2024-05-06 07:08:09.123000")),
    ("date_trunc('MONTH', DATE '2024-05-06')", at("2024-05-01 00:00:00")),
    (f"timestampadd(MINUTE, 5, {AT})", at("2024-05-06 07:13:09.123456")),
    (f"timestampadd(DAY, -1, {AT})", at("2024-05-05 07:08:09.123456")),
    ("timestampadd(MONTH, 1, TIMESTAMP '2024-01-31 00:00:00')", at("2024-02-29 00:00:00")),
    ("timestampadd(YEAR, 1, TIMESTAMP '2024-02-29 00:00:00')", at("2025-02-28 00:00:00")),
    ("timestampadd(DAY, 1, DATE '2024-01-31')", at("2024-02-01 00:00:00")),
    (f"dateadd(HOUR, 2, {AT})", at("2024-05-06 09:08:09.123456")),
    (f"timestampdiff(SECOND, {AT}, {AT} + INTERVAL 90 SECONDS)", 90),
    (f"timestampdiff(MINUTE, {AT}, {AT} + INTERVAL 119 SECONDS)", 1),
    (f"timestampdiff(HOUR, {AT} + INTERVAL 119 MINUTES, {AT})", -1),
    ("timestampdiff(DAY, TIMESTAMP '2024-01-01 23:00:00', TIMESTAMP '2024-01-02 22:00:00')", 0),
    (f"{AT} - INTERVAL 5 MINUTES", at("2024-05-06 07:03:09.123456")),
    (f"{AT} + INTERVAL 1 DAY", at("2024-05-07 07:08:09.123456")),
    (f"{AT} + INTERVAL '2' HOUR", at("2024-05-06 09:08:09.123456")),
    (f"unix_millis({AT})", 1714979289123),
    (f"unix_seconds({AT})", 1714979289),
    (f"unix_micros({AT})", 1714979289123456),
    ("unix_millis(TIMESTAMP '1969-12-31 23:59:59.5')", -500),
    ("unix_seconds(TIMESTAMP '1969-12-31 23:59:59.5')", -1),
    ("from_unixtime(0)", "1970-01-01 00:00:00"),
    ("from_unixtime(1700000000, 'yyyy-MM-dd')", "2023-11-14"),
    ("timestamp_millis(1700000000123)", at("2023-11-14 22:13:20.123000")),
    ("timestamp_seconds(1700000000)", at("2023-11-14 22:13:20")),
    ("timestamp_micros(1700000000123456)", at("2023-11-14 22:13:20.123456")),
    ("date_add(DATE '2024-01-30', 3)", date(2024, 2, 2)),
    ("date_sub(DATE '2024-01-30', 3)", date(2024, 1, 27)),
    ("datediff(DATE '2024-01-30', DATE '2024-01-01')", 29),
    ("datediff(TIMESTAMP '2024-01-02 00:00:01', TIMESTAMP '2024-01-01 23:59:59')", 1),
    (f"year({AT})", 2024),
    (f"month({AT})", 5),
    (f"day({AT})", 6),
    (f"hour({AT})", 7),
    (f"minute({AT})", 8),
    (f"second({AT})", 9),
    (f"quarter({AT})", 2),
    (f"dayofyear({AT})", 127),
    (f"weekofyear({AT})", 19),
    ("weekofyear(DATE '2023-01-01')", 52),
    ("dayofweek(DATE '2024-01-07')", 1),
    ("dayofweek(DATE '2024-01-08')", 2),
    ("weekday(DATE '2024-01-07')", 6),
    (f"date_format({AT}, 'yyyy-MM-dd HH:mm')", "2024-05-06 07:08"),
    (f"date_format({AT}, 'HH:mm:ss')", "07:08:09"),
    ("date_format(DATE '2024-01-02', 'dd.MM.yyyy')", "02.01.2024"),
    (f"unix_timestamp({AT})", 1714979289),
    ("to_date('2024-01-02')", date(2024, 1, 2)),
    ("add_months(DATE '2024-01-31', 1)", date(2024, 2, 29)),
    (f"extract(HOUR FROM {AT})", 7),
    (f"last_day({AT})", date(2024, 5, 31)),
    (f"CAST({AT} AS DATE)", date(2024, 5, 6)),
    ("CAST('2024-01-02T03:04:05Z' AS TIMESTAMP)", at("2024-01-02 03:04:05")),
    ("CAST('2024-01-02 03:04:05' AS TIMESTAMP)", at("2024-01-02 03:04:05")),
    ("CAST('2024-01-02T03:04:05+02:00' AS TIMESTAMP)", at("2024-01-02 01:04:05")),
    ("CAST('2024-01-02' AS TIMESTAMP)", at("2024-01-02 00:00:00")),
    ("CAST(DATE '2024-01-02' AS TIMESTAMP)", at("2024-01-02 00:00:00")),
    ("try_cast('nope' AS TIMESTAMP)", None),
    ("make_date(2024,1,2)", date(2024, 1, 2)),
    ("regexp_extract('a12','([0-9]+)',1)", "12"),
    ("regexp_extract('a12','([0-9]+)',0)", "12"),
    ("regexp_extract('a','([0-9]+)',1)", ""),
    ("cast(DATE '2024-01-02' AS STRING)", "2024-01-02"),
]


@pytest.mark.parametrize(("expression", "expected"), SPARK)
def test_times_have_the_values_of_spark(value: Value, expression: str, expected: Any) -> None:
    found = value(expression)
    assert found == expected
    assert type(found) is type(expected)


def test_a_bound_number_of_minutes(value: Value) -> None:
    assert value("timestampadd(MINUTE, -:n, :at)", n=5, at=at("2024-01-01 00:02:00")) == at(
        "2023-12-31 23:57:00"
    )


def test_now_is_an_instant(value: Value) -> None:
    before = datetime.now(UTC)
    now = value("current_timestamp()")
    assert now.tzinfo is UTC
    assert abs(now - before) < timedelta(minutes=1)


def test_a_bound_instant_of_another_zone_is_the_same_instant(value: Value) -> None:
    there = datetime(2024, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert value(":at", at=there) == there
    assert value("unix_seconds(:at)", at=there) == 1704067200


def test_hours_group_rows(calculator: EmbeddedWarehouse) -> None:
    rows = calculator.rows(
        "SELECT date_trunc('HOUR', t) AS h, count(*) AS n FROM VALUES"
        " (TIMESTAMP '2024-01-01 01:30:00'), (TIMESTAMP '2024-01-01 01:40:00') AS q(t)"
        " GROUP BY date_trunc('HOUR', t)"
    )
    assert rows == [{"h": at("2024-01-01 01:00:00"), "n": 2}]


@pytest.mark.parametrize(
    "expression",
    [
        "to_timestamp('2024')", "trunc(current_date(), 'MM')", "INTERVAL :n MINUTE",
        "INTERVAL '1 02:03:04' DAY TO SECOND", "date_format(current_timestamp(), 'EEE')",
        "timestampdiff(MONTH, current_timestamp(), current_timestamp())", "date_trunc('EPOCH', :n)",
        "next_day(current_date(), 'MO')", "make_interval(0, 0, 0, 1)",
    ],
)  # fmt: skip
def test_what_is_not_translated(value: Value, expression: str) -> None:
    with pytest.raises(Untranslatable):
        value(expression, n=1)

"""Functions of time. A Databricks TIMESTAMP is an instant, so it is a TIMESTAMPTZ here, in UTC."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from ontos.warehouse.dialect.writer import Untranslatable, duck

UNITS: Mapping[str, str] = {
    "MICROSECOND": "to_microseconds(CAST({n} AS BIGINT))",
    "MILLISECOND": "to_milliseconds(CAST({n} AS DOUBLE))",
    "SECOND": "to_seconds(CAST({n} AS DOUBLE))",
    "MINUTE": "to_minutes(CAST({n} AS BIGINT))",
    "HOUR": "to_hours(CAST({n} AS BIGINT))",
    "DAY": "to_days(CAST({n} AS INTEGER))",
    "WEEK": "to_weeks(CAST({n} AS INTEGER))",
    "MONTH": "to_months(CAST({n} AS INTEGER))",
    "QUARTER": "to_months(3 * CAST({n} AS INTEGER))",
    "YEAR": "to_years(CAST({n} AS INTEGER))",
}
_PATTERN = re.compile(r"(?:%[YmdHMS]|[^%A-Za-z])*T?(?:%[YmdHMS]|[^%A-Za-z])*")

SAME = (exp.CurrentDate, exp.CurrentTimestamp)

TEMPLATES: Mapping[type[exp.Expression], str] = {
    exp.AddMonths: "CAST(CAST({this} AS DATE) + to_months(CAST({expression} AS INTEGER)) AS DATE)",
    exp.Day: "day(CAST({this} AS TIMESTAMPTZ))",
    exp.DayOfMonth: "day(CAST({this} AS TIMESTAMPTZ))",
    exp.DayOfWeek: "(dayofweek(CAST({this} AS TIMESTAMPTZ)) + 1)",
    exp.DayOfYear: "dayofyear(CAST({this} AS TIMESTAMPTZ))",
    exp.Hour: "hour(CAST({this} AS TIMESTAMPTZ))",
    exp.LastDay: "last_day(CAST({this} AS DATE))",
    exp.Minute: "minute(CAST({this} AS TIMESTAMPTZ))",
    exp.Month: "month(CAST({this} AS TIMESTAMPTZ))",
    exp.Quarter: "quarter(CAST({this} AS TIMESTAMPTZ))",
    exp.Second: "second(CAST({this} AS TIMESTAMPTZ))",
    exp.TimeStrToTime: "CAST({this} AS TIMESTAMPTZ)",
    exp.UnixMicros: "epoch_us(CAST({this} AS TIMESTAMPTZ))",
    exp.UnixMillis: "epoch_ms(CAST({this} AS TIMESTAMPTZ))",
    exp.UnixSeconds: "CAST(floor(epoch(CAST({this} AS TIMESTAMPTZ))) AS BIGINT)",
    exp.WeekOfYear: "weekofyear(CAST({this} AS TIMESTAMPTZ))",
    exp.Year: "year(CAST({this} AS TIMESTAMPTZ))",
}

NAMED: Mapping[str, str] = {
    "date_diff": "date_diff('day', CAST({1} AS DATE), CAST({0} AS DATE))",
    "datediff": "date_diff('day', CAST({1} AS DATE), CAST({0} AS DATE))",
    "make_date": "make_date({0}, {1}, {2})",
    "timestamp_micros": "make_timestamptz({0})",
    "timestamp_millis": "make_timestamptz({0} * 1000)",
    "timestamp_seconds": "to_timestamp({0})",
    "weekday": "(isodow(CAST({0} AS TIMESTAMPTZ)) - 1)",
}


def truncated(node: exp.TimestampTrunc) -> exp.Expression:
    unit = _unit(node)
    return duck("date_trunc('" + unit + "', CAST({at} AS TIMESTAMPTZ))", at=node.this)


def added(node: exp.TimestampAdd) -> exp.Expression:
    step = UNITS[_unit(node)]
    return duck("(CAST({at} AS TIMESTAMPTZ) + " + step + ")", at=node.this, n=node.expression)


def days_added(node: exp.TsOrDsAdd) -> exp.Expression:
    if _unit(node) != "DAY":
        raise Untranslatable("date_add: use timestampadd for other units than days.")
    return duck("(CAST({d} AS DATE) + CAST({n} AS INTEGER))", d=node.this, n=node.expression)


def elapsed(node: exp.TimestampDiff) -> exp.Expression:
    """Whole units that lie between, as Spark counts them; not the boundaries that are crossed."""
    unit = _unit(node)
    if unit in ("MONTH", "QUARTER", "YEAR"):
        raise Untranslatable(
            "timestampdiff in months or years: engines count month ends otherwise."
        )
    template = "date_sub('{}', CAST({{a}} AS TIMESTAMPTZ), CAST({{b}} AS TIMESTAMPTZ))"
    return duck(template.format(unit), a=node.expression, b=node.this)


def extracted(node: exp.Extract) -> exp.Expression:
    unit = node.name.lower()
    if unit not in ("year", "quarter", "month", "day", "hour", "minute"):
        raise Untranslatable(f"extract({unit} …) is not translated.")
    return duck(unit + "(CAST({at} AS TIMESTAMPTZ))", at=node.expression)


def written(node: exp.TimeToStr) -> exp.Expression:
    return duck("strftime(CAST({at} AS TIMESTAMPTZ), {how})", at=node.this, how=_pattern(node))


def unix_written(node: exp.UnixToStr) -> exp.Expression:
    return duck("strftime(to_timestamp({at}), {how})", at=node.this, how=_pattern(node))


def unix_timestamp(node: exp.Anonymous) -> exp.Expression:
    given = node.expressions
    if len(given) > 1:
        raise Untranslatable("unix_timestamp: a pattern is not translated.")
    at = given[0] if given else exp.CurrentTimestamp()
    return duck("CAST(floor(epoch(CAST({at} AS TIMESTAMPTZ))) AS BIGINT)", at=at)


def to_date(node: exp.TsOrDsToDate) -> exp.Expression:
    if node.args.get("format") is not None and node.text("format") != "%Y-%m-%d":
        raise Untranslatable("to_date: a pattern is not translated.")
    return duck("CAST({at} AS DATE)", at=node.this)


def interval(node: exp.Interval) -> exp.Expression:
    """Of a literal number and one unit; a bound number goes through timestampadd."""
    number, unit = node.this, str(node.args.get("unit") or "").upper().removesuffix("S")
    if isinstance(number, exp.Neg):
        number = number.this
    plain = isinstance(number, exp.Literal) and re.fullmatch(r"-?\d+", number.name)
    if not plain or unit not in UNITS:
        raise Untranslatable(
            "INTERVAL takes a literal whole number and one unit. Use timestampadd(unit, :n, at)."
        )
    return node


def _unit(node: exp.Expression) -> str:
    unit = str(node.args.get("unit") or "").strip("'").upper().removesuffix("S")
    if unit not in UNITS:
        raise Untranslatable(f"{unit or 'No unit'}: use one of {', '.join(UNITS)}.")
    return unit


def _pattern(node: exp.Expression) -> exp.Expression:
    pattern = node.args.get("format")
    text = pattern.name.replace("strict", "") if isinstance(pattern, exp.Literal) else "%"
    if not _PATTERN.fullmatch(text):
        raise Untranslatable("Patterns of time take yyyy, MM, dd, HH, mm and ss, in a literal.")
    return exp.Literal.string(text)


RULES: Mapping[type[exp.Expression], Callable[[Any], exp.Expression]] = {
    exp.Extract: extracted,
    exp.Interval: interval,
    exp.TimeToStr: written,
    exp.TimestampAdd: added,
    exp.TimestampDiff: elapsed,
    exp.TimestampTrunc: truncated,
    exp.TsOrDsAdd: days_added,
    exp.TsOrDsToDate: to_date,
    exp.UnixToStr: unix_written,
}
NAMED_RULES: Mapping[str, Callable[[exp.Anonymous], exp.Expression]] = {
    "unix_timestamp": unix_timestamp,
}

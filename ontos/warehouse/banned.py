"""What runs on both engines and means something different on each; no SQL of ours may hold it.

What is certainly different is refused by the translation. Here is what depends on types that a
text does not show, so a test asks it of every text that the suite has executed. What only Delta
refuses is in `delta`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlglot import exp

from ontos.warehouse.delta import refusals
from ontos.warehouse.dialect.translation import parsed, translate
from ontos.warehouse.dialect.writer import Untranslatable


@dataclass(frozen=True)
class Ban:
    kind: type[exp.Expression] | tuple[type[exp.Expression], ...]
    found: Callable[[exp.Expression], bool]
    instead: str


def lint(sql: str) -> list[str]:
    """What to change in the text, and how; empty for one that means the same on both engines."""
    try:
        tree = parsed(sql)
        translate(sql)
    except Untranslatable as error:
        return [error.detail]
    return sorted({*_of_tree(tree), *refusals(tree), *_of_text(sql)})


def _of_tree(tree: exp.Expression) -> Iterator[str]:
    for node in tree.walk():
        for ban in BANS:
            if isinstance(node, ban.kind) and ban.found(node):
                yield f"{node.sql('databricks')[:60]}: {ban.instead}"
    if isinstance(tree, exp.Select | exp.SetOperation):
        yield from _unnamed(tree)


def _of_text(sql: str) -> Iterator[str]:
    if any(found[1] for found in _QUOTED.finditer(sql)):
        yield "'it''s' depends on the version of Spark: write 'it\\'s', or bind the value."


_LITERAL = r"'(?:[^'\\]|\\.)*'"
_QUOTED = re.compile(
    rf"--[^\n]*|/\*.*?\*/|`[^`]*`|\"(?:[^\"\\]|\\.)*\"|{_LITERAL}((?:{_LITERAL})*)", re.DOTALL
)
"""Whatever quotes; the group holds the literals that follow another at once."""


def _unnamed(tree: exp.Expression) -> Iterator[str]:
    select = tree.find(exp.Select)
    for item in select.expressions if select else ():
        named = isinstance(
            item, exp.Alias | exp.Aliases | exp.Column | exp.Star | exp.Dot | exp.Inline
        )
        if not named and not isinstance(item, exp.Posexplode):
            yield f"{item.sql('databricks')[:60]}: each engine names this column otherwise. Add AS."


_FRACTIONS = (
    exp.Div, exp.Avg, exp.Quantile, exp.Median, exp.Sqrt, exp.Exp, exp.Ln, exp.Log, exp.Pow,
    exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.SafeDivide,
)  # fmt: skip
_THROUGH = (
    exp.Add, exp.Sub, exp.Mul, exp.Neg, exp.Paren, exp.Coalesce, exp.Max, exp.Min, exp.Sum, exp.Abs,
    exp.Greatest, exp.Least, exp.Case, exp.If, exp.Nullif, exp.Window,
)  # fmt: skip
_INSTANTS = (
    exp.CurrentTimestamp,
    exp.TimestampAdd,
    exp.TimestampTrunc,
    exp.CurrentDate,
    exp.TsOrDsAdd,
)
_INSTANT_NAME = re.compile(r"(?:^|_)(?:at|time|timestamp|since|until)$", re.IGNORECASE)


def _fractional(node: exp.Expression) -> bool:
    if isinstance(node, _FRACTIONS):
        return True
    if isinstance(node, exp.Literal):
        return not node.is_string and not node.name.isdigit()
    if isinstance(node, exp.Cast):
        return bool(node.to.is_type("double", "float", "decimal"))
    inside = node.iter_expressions() if isinstance(node, _THROUGH) else ()
    return any(_fractional(child) for child in inside)


def _instant(node: exp.Expression) -> bool:
    if isinstance(node, exp.Column):
        return bool(_INSTANT_NAME.search(node.name))
    if isinstance(node, exp.Cast):
        return bool(node.to.is_type("timestamp", "timestamptz", "date"))
    inside = node.iter_expressions() if isinstance(node, _THROUGH) else ()
    return isinstance(node, _INSTANTS) or any(_instant(child) for child in inside)


def _to(node: exp.Expression, *kinds: str) -> bool:
    return isinstance(node, exp.Cast) and bool(node.to.is_type(*kinds))


def _is_rounding(node: exp.Expression) -> bool:
    return _to(node, "int", "bigint", "smallint", "tinyint") and _fractional(node.this)


def _is_printed(node: exp.Expression) -> bool:
    return _to(node, "text", "varchar") and (_instant(node.this) or _fractional(node.this))


def _joins_printed(node: exp.Expression) -> bool:
    return any(_instant(part) or _fractional(part) for part in node.iter_expressions())


def _is_uncast_path(node: exp.Expression) -> bool:
    return bool(node.args.get("variant_extract")) and not isinstance(node.parent, exp.Cast)


def _starts_from_values(node: exp.Expression) -> bool:
    using = node.args.get("using")
    return isinstance(using, exp.Values) or bool(
        isinstance(using, exp.Subquery) and isinstance(using.this, exp.Values)
    )


def _goes_in_circles(node: exp.Expression) -> bool:
    """A recursive table joined to itself by UNION, which Databricks has as UNION ALL alone."""
    unions = node.this.find_all(exp.Union) if isinstance(node, exp.CTE) else ()
    used = any(table.name == node.alias for table in node.find_all(exp.Table))
    return used and any(union.args.get("distinct") for union in unions)


def _is_foreign(node: exp.Expression) -> bool:
    return any(node.args.get(name) for name in ("from_", "returning", "conflict", "order", "limit"))


BANS = (
    Ban(exp.Cast, _is_rounding, "Spark truncates and DuckDB rounds. Use floor, ceil or round."),
    Ban(exp.Cast, _is_printed, "engines print it otherwise. Use date_format, or print in Python."),
    Ban((exp.Concat, exp.DPipe, exp.ConcatWs), _joins_printed,
        "engines print times and fractions differently. Use date_format, or print in Python."),
    Ban(exp.JSONExtract, _is_uncast_path, "a path means text on a STRING. Add ::type."),
    Ban(exp.Merge, _starts_from_values, "Spark has no VALUES here. Use SELECT … UNION ALL SELECT."),
    Ban(exp.CTE, _goes_in_circles, "Databricks recurs by UNION ALL alone. Bound the depth."),
    Ban((exp.Update, exp.Delete, exp.Insert), _is_foreign,
        "Databricks has no such clause here. Use MERGE, or a subquery in WHERE."),
    Ban(exp.Distinct, lambda node: node.args.get("on") is not None,
        "Databricks has no DISTINCT ON. Use QUALIFY row_number() OVER (…) = 1."),
)  # fmt: skip

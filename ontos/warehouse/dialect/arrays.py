"""Functions of arrays and maps: Spark knows NULL elements, keeps order, and counts from 1 or 0."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from ontos.warehouse.dialect.writer import Duck, Untranslatable, duck

_DISTINCT = "list_filter({this}, LAMBDA _e, _i : list_position({this}, _e) = _i)"
_HOLDS = (
    "CASE WHEN {this} IS NULL OR {expression} IS NULL THEN NULL"
    " WHEN list_contains({this}, {expression}) THEN TRUE"
    " WHEN list_count({this}) < len({this}) THEN NULL ELSE FALSE END"
)

SAME = (exp.Array, exp.MapKeys, exp.VarMap, exp.Map, exp.ArrayMax, exp.ArrayMin)

TEMPLATES: Mapping[type[exp.Expression], str] = {
    exp.ArrayAppend: "CASE WHEN {this} IS NOT NULL THEN list_append({this}, {expression}) END",
    exp.ArrayCompact: "list_filter({this}, LAMBDA _e : _e IS NOT NULL)",
    exp.ArrayContains: f"({_HOLDS})",
    exp.ArrayDistinct: _DISTINCT,
    exp.ArrayPosition: "CASE WHEN {this} IS NOT NULL AND {expression} IS NOT NULL"
    " THEN CAST(coalesce(list_position({this}, {expression}), 0) AS BIGINT) END",
    exp.ArrayPrepend: "CASE WHEN {this} IS NOT NULL THEN list_prepend({expression}, {this}) END",
    exp.ArrayRemove: "CASE WHEN {expression} IS NOT NULL THEN"
    " list_filter({this}, LAMBDA _e : _e IS DISTINCT FROM {expression}) END",
    exp.ArraySize: "len({this})",
    exp.ArraySlice: "list_slice({this}, {start}, CASE WHEN {start} < 0"
    " THEN least(-1, {start} + {end} - 1) ELSE {start} + {end} - 1 END)",
    exp.Explode: "unnest({this})",
    exp.Flatten: "CASE WHEN list_count({this}) = len({this}) THEN flatten({this}) END",
    exp.Inline: "unnest({this}, max_depth := 2)",
}

NAMED: Mapping[str, str] = {
    "array_union": "CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN "
    + _DISTINCT.replace("{this}", "list_concat({0}, {1})") + " END",
    "cardinality": "len({0})",
    "get": "{0}[{1} + 1]",
    "map_values": "map_values({0})",
}  # fmt: skip


def _of_both(test: str) -> Callable[[Any], exp.Expression]:
    """The distinct elements of one array that are, or are not, in another."""

    def rule(node: Any) -> exp.Expression:
        other = node.expression or node.expressions[1]
        this = node.this or node.expressions[0]
        return duck(
            "CASE WHEN {this} IS NOT NULL AND {other} IS NOT NULL THEN list_filter("
            + _DISTINCT + ", LAMBDA _e : coalesce(list_position({other}, _e), 0) " + test + ") END",
            this=this, other=other,
        )  # fmt: skip

    return rule


def sorted_array(node: exp.ArraySort) -> exp.Expression:
    """`array_sort` has NULLs last; `sort_array` first upward and last downward."""
    if node.expression is not None:
        raise Untranslatable("array_sort: a comparing lambda is not translated.")
    upward, first = node.args.get("asc"), node.args.get("nulls_first")
    if not all(isinstance(flag, exp.Boolean | None) for flag in (upward, first)):
        raise Untranslatable("sort_array: write the order as true or false.")
    way = "DESC" if isinstance(upward, exp.Boolean) and not upward.this else "ASC"
    nulls = "FIRST" if isinstance(first, exp.Boolean) and first.this else "LAST"
    return duck("list_sort({this}, '" + way + "', 'NULLS " + nulls + "')", this=node.this)


def joined(node: exp.ArrayToString) -> exp.Expression:
    instead = node.args.get("null")
    if instead is None:
        return duck("array_to_string({this}, {by})", this=node.this, by=node.expression)
    return duck(
        "array_to_string(list_transform({this}, LAMBDA _e : coalesce(_e, {instead})), {by})",
        this=node.this, by=node.expression, instead=instead,
    )  # fmt: skip


def sequence(node: exp.GenerateSeries) -> exp.Expression:
    start, end, step = node.args.get("start"), node.args.get("end"), node.args.get("step")
    if step is not None:
        return duck("generate_series({start}, {end}, {step})", start=start, end=end, step=step)
    return duck(
        "CASE WHEN {start} <= {end} THEN generate_series({start}, {end})"
        " ELSE generate_series({start}, {end}, -1) END",
        start=start, end=end,
    )  # fmt: skip


def lambda_from_zero(node: exp.Lambda) -> exp.Expression:
    """The second variable of transform and filter counts from 0 there and from 1 here."""
    if len(node.expressions) != 2 or not isinstance(node.parent, exp.Transform | exp.ArrayFilter):
        return node
    index = node.expressions[1].name
    for name in list(node.this.find_all(exp.Identifier)):
        if name.name == index and not isinstance(name.parent, exp.Dot):
            name.replace(exp.paren(exp.Sub(this=name.copy(), expression=exp.Literal.number(1))))
    return node


def exists(node: exp.Exists) -> exp.Expression:
    """`EXISTS (SELECT …)` as it is; `exists(array, x -> …)` by three-valued logic."""
    if node.args.get("expression") is None:
        return node
    return any_true(node.this, node.expression)


def any_true(array: exp.Expression, test: exp.Expression) -> Duck:
    tested = duck("list_transform({array}, {test})", array=array, test=test)
    return duck(f"({_HOLDS})", this=tested, expression=exp.true())


def forall(node: exp.Anonymous) -> exp.Expression:
    array, test = _arguments(node, 2)
    tested = duck("list_transform({array}, {test})", array=array, test=test)
    return duck(f"(NOT ({_HOLDS}))", this=tested, expression=exp.false())


def reduced(node: exp.Reduce) -> exp.Expression:
    if node.args.get("finish") is not None:
        raise Untranslatable("aggregate: a finishing lambda is not translated.")
    return duck(
        "list_reduce({this}, {merge}, {initial})",
        this=node.this, merge=node.args["merge"], initial=node.args["initial"],
    )  # fmt: skip


def bracket(node: exp.Bracket) -> exp.Expression:
    """`array[0]` counts from 0 and raises beyond the end; `map['key']` is NULL for unknown keys."""
    (key,) = node.expressions
    if isinstance(key, exp.Literal) and key.is_string:
        return duck("{this}[{key}]", this=node.this, key=key)
    if isinstance(key, exp.Literal):
        return _at(node.this, int(key.name) + 1, strict=True)
    raise Untranslatable("array[i] is translated for literals. Use get(array, i).")


def element_at(node: exp.Anonymous) -> exp.Expression:
    array, key = _arguments(node, 2)
    if isinstance(key, exp.Literal) and key.is_string:
        return duck("{this}[{key}]", this=array, key=key)
    negative = isinstance(key, exp.Neg)
    number = key.this if isinstance(key, exp.Neg) else key
    if not isinstance(number, exp.Literal):
        raise Untranslatable(f"{node.name} is translated for literals. Use get(array, i).")
    at = -int(number.name) if negative else int(number.name)
    return _at(array, at, strict=not node.name.lower().startswith("try_"))


def _at(array: exp.Expression, at: int, *, strict: bool) -> exp.Expression:
    if not strict:
        return duck("{this}[" + str(at) + "]", this=array)
    return duck(
        f"CASE WHEN len({{this}}) < {abs(at)} THEN error('The array has no element {at}.')"
        f" ELSE {{this}}[{at}] END",
        this=array,
    )


def explode_outer(node: exp.Anonymous) -> exp.Expression:
    (array,) = _arguments(node, 1)
    return duck("unnest(CASE WHEN len({this}) > 0 THEN {this} ELSE [NULL] END)", this=array)


def _arguments(node: exp.Anonymous, count: int) -> list[exp.Expression]:
    if len(node.expressions) != count:
        raise Untranslatable(f"{node.name}() takes {count} arguments here.")
    return list(node.expressions)


def _function(name: str, inner: str) -> Callable[[Any], exp.Expression]:
    def rule(node: Any) -> exp.Expression:
        return duck(f"{name}({{this}}, {{{inner}}})", this=node.this, **{inner: node.args[inner]})

    return rule


RULES: Mapping[type[exp.Expression], Callable[[Any], exp.Expression]] = {
    exp.ArrayExcept: _of_both("= 0"),
    exp.ArrayFilter: _function("list_filter", "expression"),
    exp.ArrayIntersect: _of_both("> 0"),
    exp.ArraySort: sorted_array,
    exp.ArrayToString: joined,
    exp.Bracket: bracket,
    exp.Exists: exists,
    exp.GenerateSeries: sequence,
    exp.Lambda: lambda_from_zero,
    exp.Reduce: reduced,
    exp.Transform: _function("list_transform", "expression"),
}
NAMED_RULES: Mapping[str, Callable[[exp.Anonymous], exp.Expression]] = {
    "element_at": element_at,
    "explode_outer": explode_outer,
    "forall": forall,
    "try_element_at": element_at,
}

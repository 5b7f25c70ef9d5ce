"""Functions of text, numbers and aggregates, each as DuckDB writes what Spark means."""

import re
from collections.abc import Callable, Mapping
from string import Formatter
from typing import Any

from sqlglot import exp

from ontos.warehouse.dialect.writer import Duck, Untranslatable, duck

Rule = Callable[[Any], exp.Expression]

SAME: tuple[type[exp.Expression], ...] = (
    exp.Abs, exp.AnyValue, exp.Avg, exp.Case, exp.Cast, exp.Coalesce, exp.ConcatWs, exp.Contains,
    exp.Count, exp.CumeDist, exp.DenseRank, exp.EndsWith, exp.Exp, exp.First, exp.FirstValue,
    exp.Greatest, exp.Grouping, exp.If, exp.Lag, exp.Last, exp.LastValue, exp.Lead, exp.Least,
    exp.Length, exp.Levenshtein, exp.Ln, exp.Lower, exp.MD5, exp.Max, exp.Median, exp.Min, exp.Mode,
    exp.NthValue, exp.Reverse, exp.Ntile, exp.Nullif, exp.Nvl2, exp.PercentRank, exp.Pow, exp.Rank,
    exp.RegexpLike, exp.Repeat, exp.RowNumber, exp.SHA, exp.SplitPart, exp.Sqrt, exp.StartsWith,
    exp.Struct, exp.Sum, exp.Translate, exp.Trim, exp.TryCast, exp.Upper, exp.And, exp.Or, exp.Xor,
    exp.ApproxDistinct,
)  # fmt: skip
"""sqlglot's own rendering is right."""

TEMPLATES: Mapping[type[exp.Expression], str] = {
    exp.ApproxQuantile: "quantile_disc({this}, {quantile})",
    exp.ArgMax: "arg_max_null({this}, {expression})",
    exp.ArgMin: "arg_min_null({this}, {expression})",
    exp.Ceil: "CAST(ceil({this}) AS BIGINT)",
    exp.Corr: "corr({this}, {expression})",
    # count_if would count in 128 bits
    exp.CountIf: "count(CASE WHEN {this} THEN 1 END)",
    exp.Floor: "CAST(floor({this}) AS BIGINT)",
    exp.IsNan: "coalesce(isnan({this}), FALSE)",
    exp.Left: "left({this}, greatest({expression}, 0))",
    exp.Log: "log({this}, {expression})",
    exp.LogicalAnd: "bool_and({this})",
    exp.LogicalOr: "bool_or({this})",
    exp.Quantile: "quantile_cont({this}, {quantile})",
    exp.RegexpExtract: "regexp_extract({this}, {expression}, {group})",
    exp.Right: "right({this}, greatest({expression}, 0))",
    exp.SafeDivide: "({this} / nullif({expression}, 0))",
    exp.Sign: "CAST(sign({this}) AS DOUBLE)",
    exp.Stddev: "stddev_samp({this})",
    exp.StddevPop: "stddev_pop({this})",
    exp.StddevSamp: "stddev_samp({this})",
    exp.StrPosition: "strpos({this}, {substr})",
    exp.Uuid: "CAST(uuid() AS VARCHAR)",
    exp.Variance: "var_samp({this})",
    exp.VariancePop: "var_pop({this})",
}

NAMED: Mapping[str, str] = {
    "btrim": "trim({0})",
    "char_length": "length({0})",
    "every": "bool_and({0})",
    "isnotnull": "({0} IS NOT NULL)",
    "isnull": "({0} IS NULL)",
    "log10": "log({0})",
    "log2": "log2({0})",
    "mean": "avg({0})",
    "pmod": "((({0} % {1}) + {1}) % {1})",
    "raise_error": "error({0})",
    "some": "bool_or({0})",
}


def from_template(template: str, node: exp.Expression) -> Duck:
    """Fill a template from the node's arguments; an argument without a place is refused."""
    places = {name for _, name, _, _ in Formatter().parse(template) if name}
    for name, value in node.args.items():
        if name not in places and isinstance(value, exp.Expression | list) and value:
            raise Untranslatable(f"{node.sql_name()}: its argument `{name}` is not translated.")
    return duck(template, **{name: node.args.get(name) for name in places})


def from_positions(template: str, node: exp.Anonymous) -> Duck:
    places = {name for _, name, _, _ in Formatter().parse(template) if name}
    if len(places) != len(node.expressions):
        raise Untranslatable(f"{node.name}() is known with {len(places)} argument(s) here.")
    named = re.sub(r"\{(\d)\}", r"{a\1}", template)
    return duck(named, **{f"a{at}": value for at, value in enumerate(node.expressions)})


def concat(node: exp.Expression) -> exp.Expression:
    """NULL where any part is NULL; the parts may be arrays."""
    parts = node.expressions or [node.this, node.expression]
    if len(parts) == 1:
        return duck("CAST({this} AS VARCHAR)", this=parts[0])
    texts = [_as_text(part) for part in parts]
    written = {f"p{at}": part for at, part in enumerate(texts)}
    if len(texts) > 2 and all(_is_told(part) for part in texts):
        return duck(_in_one_pass(written), **written)
    return duck("(" + " || ".join(f"{{{name}}}" for name in written) + ")", **written)


def _in_one_pass(written: Mapping[str, exp.Expression]) -> str:
    """DuckDB's concat skips NULL, but copies once, where `||` copies for each part."""
    whole = f"concat({', '.join(f'{{{name}}}' for name in written)})"
    bound = [name for name, part in written.items() if isinstance(part, exp.Placeholder)]
    missing = " OR ".join(f"{{{name}}} IS NULL" for name in bound)
    return f"CASE WHEN {missing} THEN NULL ELSE {whole} END" if bound else whole


def _is_told(part: exp.Expression) -> bool:
    """A text of which one knows before the rows are read whether it is NULL."""
    if isinstance(part, exp.Coalesce):
        return any(isinstance(e, exp.Literal) and e.is_string for e in part.expressions)
    return isinstance(part, exp.Placeholder) or (isinstance(part, exp.Literal) and part.is_string)


def _as_text(part: exp.Expression) -> exp.Expression:
    number = isinstance(part, exp.Literal) and not part.is_string
    return exp.Literal.string(part.name) if number else part


def substring(node: exp.Substring) -> exp.Expression:
    """Position 0 is position 1, and a negative length is none."""
    start, length = node.args.get("start"), node.args.get("length")
    if not isinstance(start, exp.Literal | exp.Neg):
        begin = duck("CASE WHEN {s} = 0 THEN 1 ELSE {s} END", s=start)
    else:
        begin = duck("{s}", s=exp.Literal.number(1) if start.name == "0" else start)
    if length is None:
        return duck("substring({this}, {begin})", this=node.this, begin=begin)
    if not isinstance(length, exp.Literal):
        length = duck("greatest({length}, 0)", length=length)
    return duck("substring({this}, {begin}, {length})", this=node.this, begin=begin, length=length)


def replaced(node: exp.Replace) -> exp.Expression:
    by = node.args.get("replacement") or exp.Literal.string("")
    return duck("replace({this}, {what}, {by})", this=node.this, what=node.expression, by=by)


def regexp_replace(node: exp.RegexpReplace) -> exp.Expression:
    """Groups are `$1` in Java and `\\1` here, so the replacement must be a plain literal."""
    by = node.args.get("replacement")
    if not isinstance(by, exp.Literal) or any(sign in by.name for sign in "\\$"):
        raise Untranslatable("regexp_replace: write the replacement as a literal without \\ and $.")
    if node.args.get("position") is not None and node.args["position"].name != "1":
        raise Untranslatable("regexp_replace: a start position is not translated.")
    return duck(
        "regexp_replace({this}, {what}, {by}, 'g')", this=node.this, what=node.expression, by=by
    )


def split(node: exp.RegexpSplit) -> exp.Expression:
    if node.args.get("limit") is not None:
        raise Untranslatable("split: a limit is not translated. Use slice on the result.")
    if isinstance(node.expression, exp.Literal) and not node.expression.name:
        raise Untranslatable("split: an empty separator is not translated.")
    return duck("str_split_regex({this}, {by})", this=node.this, by=node.expression)


def padded(node: exp.Pad) -> exp.Expression:
    name = "lpad" if node.args.get("is_left") else "rpad"
    fill = node.args.get("fill_pattern") or exp.Literal.string(" ")
    return duck(name + "({this}, {n}, {fill})", this=node.this, n=node.expression, fill=fill)


def rounded(node: exp.Round) -> exp.Expression:
    decimals = node.args.get("decimals") or exp.Literal.number(0)
    return duck("round({this}, {decimals})", this=node.this, decimals=decimals)


def sha2(node: exp.SHA2) -> exp.Expression:
    if node.text("length") not in ("256", "0", ""):
        raise Untranslatable("sha2: only 256 bits are translated.")
    return duck("sha256({this})", this=node.this)


def divided(node: exp.Div) -> exp.Expression:
    """Division by zero is an error, as in Databricks; here it would be infinite."""
    by = node.expression
    if (isinstance(by, exp.Literal) and by.name.strip("0.")) or isinstance(by, exp.Nullif):
        return duck("({a} / {b})", a=node.this, b=by)
    return duck(
        "({a} / CASE WHEN {b} = 0 THEN error('Division by zero') ELSE {b} END)", a=node.this, b=by
    )


def whole_division(node: exp.IntDiv) -> exp.Expression:
    return duck("CAST(trunc({a} / {b}) AS BIGINT)", a=node.this, b=node.expression)


def like(node: exp.Like | exp.ILike) -> exp.Expression:
    """Spark's patterns escape by a backslash unless another sign is named."""
    if isinstance(node.parent, exp.Escape):
        return node
    if not isinstance(node.expression, exp.Literal | exp.Placeholder | exp.Column | exp.Func):
        raise Untranslatable("LIKE ANY and LIKE ALL are not translated. Write them out.")
    if isinstance(node.expression, exp.Literal) and "\\" not in node.expression.name:
        return node
    word = "ILIKE" if isinstance(node, exp.ILike) else "LIKE"
    return duck(
        "({this} " + word + " {pattern} ESCAPE '\\')", this=node.this, pattern=node.expression
    )


RULES: Mapping[type[exp.Expression], Rule] = {
    exp.Concat: concat,
    exp.DPipe: concat,
    exp.Div: divided,
    exp.ILike: like,
    exp.IntDiv: whole_division,
    exp.Like: like,
    exp.Pad: padded,
    exp.RegexpReplace: regexp_replace,
    exp.RegexpSplit: split,
    exp.Replace: replaced,
    exp.Round: rounded,
    exp.SHA2: sha2,
    exp.Substring: substring,
}

"""`to_json` as text put together in SQL: Spark leaves out fields that are NULL, DuckDB keeps them.

A struct, an array or a CASE that is written inside the call is taken apart here. For a value whose
type the text does not show (a column) the type is looked at when the statement is planned; one that
engines write differently (an array of structs, a local time) is an error.
"""

import json

from sqlglot import exp

from ontos.warehouse.dialect.writer import Duck, Untranslatable, duck

_TEXT = "CAST(to_json({v}) AS VARCHAR)"
_INSTANT = (
    f"(substring({_TEXT}, 1, 11) || 'T' || substring({_TEXT}, 13, 8) || '.' || rpad("
    f"regexp_extract({_TEXT}, '\\.([0-9]{{{{1,3}}}})', 1), 3, '0') || 'Z\"')"
)
_STRUCT = (
    "CAST(json_merge_patch(CASE WHEN {v} IS NOT NULL THEN '{{}}' END, to_json({v})) AS VARCHAR)"
)
_BY_TYPE = (
    f"CASE WHEN typeof({{v}}) = 'TIMESTAMP WITH TIME ZONE' THEN {_INSTANT}"
    " WHEN regexp_matches(typeof({v}), 'STRUCT.*\\[\\]|TIMESTAMP')"
    " THEN error('to_json is not known for this type.')"
    f" WHEN starts_with(typeof({{v}}), 'STRUCT') THEN {_STRUCT} ELSE {_TEXT} END"
)
_PLAIN = (
    exp.Concat, exp.ConcatWs, exp.Count, exp.CountIf, exp.DPipe, exp.Div, 
    exp.Length, exp.Literal, exp.Lower, exp.MD5, exp.Replace, exp.Substring, exp.Trim, exp.Upper,
)  # fmt: skip
"""Functions whose value is text or a number."""


def unfold(root: exp.Expression) -> None:
    """Replace every to_json in the tree; it runs before the rules of other functions."""
    while (call := root.find(exp.JSONFormat)) is not None:
        if call.args.get("options"):
            raise Untranslatable("to_json: options are not translated.")
        call.replace(json_text(call.this))


def json_text(node: exp.Expression) -> exp.Expression:
    """The JSON text of a value; NULL where the value is NULL."""
    if isinstance(node, exp.Paren):
        return json_text(node.this)
    if isinstance(node, exp.Literal) and node.is_string and node.name.isprintable():
        return exp.Literal.string(json.dumps(node.name, ensure_ascii=False))
    if isinstance(node, exp.Struct):
        return _object(node)
    if isinstance(node, exp.Array):
        return _array(node.expressions)
    return _carried(node) if node.find(exp.Struct) else _scalar(node)


def fields(node: exp.Struct) -> list[tuple[str, exp.Expression]]:
    """(name, value) of each field."""
    found = []
    for at, field in enumerate(node.expressions, 1):
        if isinstance(field, exp.PropertyEQ):
            found.append((field.this.name, field.expression))
        elif isinstance(field, exp.Star) or field.is_star:
            raise Untranslatable("struct(*) is not translated. Name the fields.")
        else:
            found.append((f"col{at}", field))
    return found


def _object(node: exp.Struct) -> Duck:
    parts = [_member(name, value) for name, value in fields(node)]
    if not parts:
        return duck("'{{}}'")
    return duck("('{{' || concat_ws(',', {parts}) || '}}')", parts=parts)


def _member(name: str, value: exp.Expression) -> exp.Expression:
    """`"name":value`, or NULL."""
    key = json.dumps(name, ensure_ascii=False) + ":"
    text = json_text(value)
    if isinstance(text, exp.Literal):
        return exp.Literal.string(key + text.name)
    return duck("({key} || {text})", key=exp.Literal.string(key), text=text)


def _array(values: list[exp.Expression]) -> Duck:
    if not values:
        return duck("'[]'")
    parts = [duck("coalesce({text}, 'null')", text=json_text(value)) for value in values]
    return duck("('[' || concat_ws(',', {parts}) || ']')", parts=parts)


def _scalar(node: exp.Expression) -> Duck:
    """Instants as ISO 8601 with milliseconds, as Spark writes them."""
    return duck(_TEXT if isinstance(node, _PLAIN) else _BY_TYPE, v=node)


def _carried(node: exp.Expression) -> exp.Expression:
    """A struct that something hands on without looking at its value."""
    if isinstance(node, exp.Transform):
        return _each(node)
    if isinstance(node, exp.ArrayAgg) and not isinstance(node.this, exp.Distinct):
        template = "('[' || coalesce(string_agg({text}, ','), '') || ']')"
        return duck(template, text=json_text(node.this))
    if isinstance(node, exp.Coalesce):
        parts = [json_text(value) for value in (node.this, *node.expressions)]
        return duck("coalesce({parts})", parts=parts)
    if isinstance(node, exp.If | exp.Case):
        return _chosen(node)
    raise Untranslatable(
        f"to_json: a struct inside {type(node).__name__} is not translated. Build it outside."
    )


def _each(node: exp.Transform) -> Duck:
    test = node.expression
    body = duck("coalesce({text}, 'null')", text=json_text(test.this))
    texts = exp.Transform(
        this=node.this.copy(),
        expression=exp.Lambda(this=body, expressions=[name.copy() for name in test.expressions]),
    )
    return duck("('[' || array_to_string({texts}, ',') || ']')", texts=texts)


def _chosen(node: exp.If | exp.Case) -> exp.Expression:
    chosen = node.copy()
    branches = chosen.args["ifs"] if isinstance(chosen, exp.Case) else [chosen]
    for branch in branches:
        branch.set("true", json_text(branch.args["true"]))
    other = "default" if isinstance(chosen, exp.Case) else "false"
    if chosen.args.get(other) is not None:
        chosen.set(other, json_text(chosen.args[other]))
    return chosen

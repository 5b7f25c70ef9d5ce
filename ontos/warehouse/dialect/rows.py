"""What makes rows out of arrays and arrays out of rows: LATERAL VIEW, posexplode, collect_list."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from ontos.warehouse.dialect.writer import Duck, Untranslatable, Written, duck

_ELEMENTS = "CASE WHEN len({this}) > 0 THEN {this} ELSE [NULL] END"
_POSITIONS = "CASE WHEN len({this}) > 0 THEN range(len({this})) ELSE [NULL] END"


def collect(root: exp.Expression) -> None:
    """collect_list and collect_set skip NULLs, and are empty, never NULL."""
    for node in list(root.find_all(exp.ArrayAgg, exp.ArrayUniqueAgg)):
        outer, kept = node, None
        if isinstance(node.parent, exp.Filter):
            outer, kept = node.parent, node.parent.expression.this
        whole = outer.parent if _windowed(outer) else outer
        outer.replace(listed := _listed(node, kept))
        whole = listed if whole is outer else whole
        whole.replace(duck("coalesce({list}, [])", list=whole))


def _windowed(node: exp.Expression) -> bool:
    return isinstance(node.parent, exp.Window) and node.arg_key == "this"


def _listed(node: exp.Expression, kept: exp.Expression | None) -> Duck:
    distinct = isinstance(node, exp.ArrayUniqueAgg)
    value = node.this
    if isinstance(value, exp.Distinct):
        distinct, value = True, value.expressions[0]
    word = "DISTINCT " if distinct else ""
    only = " AND {kept}" if kept is not None else ""
    return duck(
        "list(" + word + "{value}) FILTER (WHERE {value} IS NOT NULL" + only + ")",
        value=value, kept=kept,
    )  # fmt: skip


def laterals(root: exp.Expression) -> None:
    """LATERAL VIEW as a join with a lateral subquery."""
    for select in list(root.find_all(exp.Select)):
        views = select.args.pop("laterals", None) or []
        for view in views:
            select.append("joins", exp.Join(this=_lateral(view), kind="CROSS"))
        for join in select.args.get("joins") or []:
            if isinstance(join.this, exp.Lateral):
                join.set("this", _lateral(join.this))


def _lateral(view: exp.Lateral) -> exp.Expression:
    alias = view.args.get("alias")
    names = [name.name for name in alias.columns] if alias else []
    select, default = _generated(view.this, bool(view.args.get("outer")))
    names = names or default
    table = (alias.name if alias else "") or "exploded"
    listed = ", ".join(_quoted(name) for name in names)
    return duck(f"LATERAL (SELECT {{select}}) AS {_quoted(table)}({listed})", select=select)


def _generated(call: exp.Expression, outer: bool) -> tuple[list[exp.Expression], list[str]]:
    name, array = _call(call)
    outer = outer or name.endswith("_outer")
    if name.startswith("posexplode"):
        return pos_and_element(array, outer), ["pos", "col"]
    if name.startswith("explode"):
        shape = f"unnest({_ELEMENTS})" if outer else "unnest({this})"
        return [duck(shape, this=array)], ["col"]
    raise Untranslatable("LATERAL takes explode and posexplode.")


def _call(node: exp.Expression) -> tuple[str, exp.Expression]:
    """The generator's name and its array; no name for what is no generator."""
    if isinstance(node, exp.Anonymous) and len(node.expressions) == 1:
        return node.name.lower(), node.expressions[0]
    generates = isinstance(node, exp.Posexplode | exp.Explode)
    return (node.sql_name().lower() if generates else ""), node.this


def pos_and_element(array: exp.Expression, outer: bool) -> list[exp.Expression]:
    if outer:
        shapes = (f"unnest({_POSITIONS})", f"unnest({_ELEMENTS})")
    else:
        shapes = ("unnest(range(len({this})))", "unnest({this})")
    return [duck(shape, this=array) for shape in shapes]


def projections(root: exp.Expression) -> None:
    """`posexplode` and `stack` in a SELECT list are two columns."""
    for select in list(root.find_all(exp.Select)):
        listed: list[exp.Expression] = []
        for item in select.expressions:
            listed += _projected(item)
        select.set("expressions", listed)


def _projected(item: exp.Expression) -> list[exp.Expression]:
    call: Any = item.this if isinstance(item, exp.Aliases) else item
    name, array = _call(call)
    if not name.startswith("posexplode"):
        if isinstance(item, exp.Aliases):
            raise Untranslatable("`AS (a, b)` is translated for posexplode alone.")
        return [item]
    names = [name.name for name in item.expressions] if isinstance(item, exp.Aliases) else []
    made = pos_and_element(array, name.endswith("_outer"))
    return [
        exp.alias_(value, name, quoted=True)
        for value, name in zip(made, names or ["pos", "col"], strict=True)
    ]


def _quoted(name: str) -> str:
    text = str(exp.to_identifier(name, quoted=True).sql(Written))
    return text.replace("{", "{{").replace("}", "}}")


def sampled(node: exp.TableSample) -> exp.TableSample:
    """A percentage is of rows; DuckDB alone would take or leave blocks of them."""
    if node.args.get("percent") is not None:
        node.set("method", exp.var("BERNOULLI"))
    return node


RULES: Mapping[type[exp.Expression], Callable[[Any], exp.Expression]] = {exp.TableSample: sampled}

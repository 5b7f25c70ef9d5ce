"""Whether a statement may be sent again when nobody knows whether it was done.

Read from the text, and decided for the careful side:

    READS    what changes nothing.
    ALWAYS   CREATE … IF NOT EXISTS, DROP … IF EXISTS, CREATE OR REPLACE, INSERT OVERWRITE,
             OPTIMIZE; UPDATE and MERGE that set the same values again. A MERGE that inserts must
             insert the very columns that ON compares, so that the second finds them.
    GUARDED  what matches nothing once it is done: DELETE; a compare-and-set (its condition asks
             for the old value of a column that it sets); a MERGE that only inserts. Sending it
             again is safe, and if the second changes rows, the first was not done. If it changes
             none, that stays undecided.
    NEVER    everything else: INSERT, `SET n = n + 1` without a condition on n, ALTER; and every
             write that reads its own table, or draws random values.
"""

from collections.abc import Iterable, Iterator
from enum import Enum
from functools import lru_cache
from typing import Any


class Repeat(Enum):
    READS = "reads"
    ALWAYS = "always"
    GUARDED = "guarded"
    NEVER = "never"


@lru_cache(maxsize=4096)
def repeatable(sql: str) -> Repeat:
    """What the text allows. One that cannot be read is never repeated."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        tree = sqlglot.parse_one(sql, read="databricks")
    except SqlglotError:
        return Repeat.NEVER
    if isinstance(tree, exp.Select | exp.SetOperation | exp.Values | exp.Describe | exp.Subquery):
        return Repeat.READS
    for kind, rule in _RULES.items():
        if isinstance(tree, getattr(exp, kind)):
            return Repeat.NEVER if _unsteady(tree) else rule(tree)
    words = sql.split(None, 1)
    return _COMMANDS.get(words[0].upper() if words else "", Repeat.NEVER)


_COMMANDS = {
    "SHOW": Repeat.READS, "DESCRIBE": Repeat.READS, "EXPLAIN": Repeat.READS,
    "OPTIMIZE": Repeat.ALWAYS, "VACUUM": Repeat.ALWAYS, "ANALYZE": Repeat.ALWAYS,
}  # fmt: skip


def _unsteady(tree: Any) -> bool:
    """Whether a second run would read something else: its own table, or chance."""
    from sqlglot import exp

    names = [table.name.lower() for table in tree.find_all(exp.Table)]
    target = tree.this.find(exp.Table) if tree.this is not None else None
    itself = target is not None and names.count(target.name.lower()) > 1
    return itself or tree.find(exp.Uuid, exp.Rand) is not None


def _delete(_: Any) -> Repeat:
    return Repeat.GUARDED


def _insert(tree: Any) -> Repeat:
    return Repeat.ALWAYS if tree.args.get("overwrite") else Repeat.NEVER


def _definition(tree: Any) -> Repeat:
    again = tree.args.get("exists") or tree.args.get("replace")
    return Repeat.ALWAYS if again else Repeat.NEVER


def _update(tree: Any) -> Repeat:
    where = tree.args.get("where")
    asked = _conjuncts(where.this if where else None)
    return _assignments(tree.expressions, asked, {tree.this.alias_or_name.lower(), ""})


def _merge(tree: Any) -> Repeat:
    target = {tree.this.alias_or_name.lower(), ""}
    asked = list(_conjuncts(tree.args["on"]))
    source = _projected(tree.args["using"])
    found = [_when(when, asked, target, source) for when in tree.args["whens"].expressions]
    if Repeat.NEVER in found:
        return Repeat.NEVER
    changes = any(when.args.get("matched") for when in tree.args["whens"].expressions)
    return Repeat.ALWAYS if changes and Repeat.GUARDED not in found else Repeat.GUARDED


def _projected(source: Any) -> dict[str, str]:
    """What the columns of the source are: `s.id` may be no more than `:id`."""
    from sqlglot import exp

    select = source.this if isinstance(source, exp.Subquery) else None
    if not isinstance(select, exp.Select):
        return {}
    return {
        f"{source.alias}.{item.alias}".lower(): item.this.sql()
        for item in select.expressions
        if isinstance(item, exp.Alias) and isinstance(item.this, exp.Placeholder | exp.Cast)
    }


def _when(when: Any, asked: list[Any], target: set[str], source: dict[str, str]) -> Repeat:
    """One branch of a MERGE; without a condition on the target it does the same again."""
    from sqlglot import exp

    then = when.args["then"]
    if not when.args.get("matched"):
        inserts = isinstance(then, exp.Insert) and _found_again(then, asked, target, source)
        return Repeat.ALWAYS if inserts else Repeat.NEVER
    condition = when.args.get("condition")
    if not isinstance(then, exp.Update):
        return Repeat.GUARDED  # DELETE
    if then.args.get("expressions") is None:
        return Repeat.ALWAYS  # UPDATE SET *
    return _assignments(then.expressions, _conjuncts(condition), target)


def _found_again(insert: Any, asked: list[Any], target: set[str], source: dict[str, str]) -> bool:
    """Whether what is inserted satisfies ON: for each `t.k = s.k`, k is set to s.k."""
    from sqlglot import exp

    if insert.this is None or isinstance(insert.this, exp.Star):
        given: dict[str, str] | None = None  # INSERT *
    else:
        values = insert.expression.expressions if insert.expression is not None else []
        given = {
            column.name.lower(): value.sql()
            for column, value in zip(insert.this.expressions, values, strict=False)
        }
    for part in asked:
        sides = _sides(part, target)
        if sides is None:
            return False
        column, other = sides
        if given is None:
            if not isinstance(other, exp.Column) or other.name.lower() != column:
                return False
        elif (value := given.get(column)) is None or value not in (
            other.sql(),
            source.get(other.sql().lower()),
        ):
            return False
    return bool(asked)


def _assignments(pairs: Iterable[Any], asked: Iterable[Any], target: set[str]) -> Repeat:
    """SET of values: the same again, guarded by what was asked of them, or neither."""
    from sqlglot import exp

    pinned = {sides[0] for part in asked if (sides := _sides(part, target))}
    guarded = False
    for pair in pairs:
        if not isinstance(pair, exp.EQ):
            return Repeat.NEVER
        name = pair.this.name.lower()
        guarded = guarded or name in pinned
        own = {c.name.lower() for c in pair.expression.find_all(exp.Column) if _of(c, target)}
        if own - pinned:
            return Repeat.NEVER
    return Repeat.GUARDED if guarded else Repeat.ALWAYS


def _sides(part: Any, target: set[str]) -> tuple[str, Any] | None:
    """(column of the target, the other side) of an equality; None for any other condition."""
    from sqlglot import exp

    if not isinstance(part, exp.EQ | exp.NullSafeEQ):
        return None
    for one, other in ((part.this, part.expression), (part.expression, part.this)):
        if isinstance(one, exp.Column) and _of(one, target):
            return one.name.lower(), other
    return None


def _of(column: Any, target: set[str]) -> bool:
    return column.table.lower() in target


def _conjuncts(condition: Any) -> Iterator[Any]:
    from sqlglot import exp

    if condition is None:
        return
    if isinstance(condition, exp.And | exp.Paren):
        for part in condition.iter_expressions():
            yield from _conjuncts(part)
        return
    yield condition


_RULES = {
    "Insert": _insert, "Update": _update, "Delete": _delete, "Merge": _merge,
    "Create": _definition, "Drop": _definition,
}  # fmt: skip

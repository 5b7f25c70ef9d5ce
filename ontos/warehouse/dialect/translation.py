"""One statement of Databricks SQL as the DuckDB statements that do the same."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import ErrorLevel, exp

from ontos.warehouse.dialect import (
    arrays,
    documents,
    functions,
    json_text,
    rows,
    statements,
    times,
)
from ontos.warehouse.dialect.known import KNOWN
from ontos.warehouse.dialect.writer import Read, Untranslatable, Written

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of every SHOW and OPTIMIZE

Rule = Callable[[exp.Expression], exp.Expression]
_PARTS = (functions, times, arrays, documents, rows)
SAME = frozenset(kind for part in _PARTS for kind in getattr(part, "SAME", ()))
TEMPLATES = {kind: text for part in _PARTS for kind, text in getattr(part, "TEMPLATES", {}).items()}
NAMED = {name: text for part in _PARTS for name, text in getattr(part, "NAMED", {}).items()}
RULES: Mapping[type, Rule] = {kind: rule for part in _PARTS for kind, rule in part.RULES.items()}
NAMED_RULES: Mapping[str, Callable[[exp.Anonymous], exp.Expression]] = {
    name: rule for part in _PARTS for name, rule in getattr(part, "NAMED_RULES", {}).items()
}
BEFORE: tuple[tuple[frozenset[type], Callable[[exp.Expression], None]], ...] = (
    (frozenset({exp.Update}), statements.assigned),
    (frozenset({exp.JSONFormat}), json_text.unfold),
    (frozenset({exp.Lateral}), rows.laterals),
    (frozenset({exp.Posexplode, exp.Aliases, exp.Anonymous}), rows.projections),
)
"""What looks at more than one node goes first, where such nodes are."""
AFTER = ((frozenset({exp.ArrayAgg, exp.ArrayUniqueAgg}), rows.collect),)
ELSEWHERE = (exp.ArrayAgg, exp.ArrayUniqueAgg, exp.JSONFormat, exp.Posexplode)
ELSEWHERE_NAMED = ("posexplode_outer",)
"""Functions that `rows` and `json_text` replace as a whole."""
READS = (exp.Select, exp.SetOperation, exp.Values, exp.Subquery, exp.Describe)
WHOLE = (
    *READS, exp.Alter, exp.Command, exp.Comment, exp.Create, exp.Delete, exp.Drop, exp.Insert,
    exp.Merge, exp.TruncateTable, exp.Update,
)  # fmt: skip
"""What can be a statement."""


@dataclass(frozen=True)
class Statement:
    """DuckDB text, and the names of the values that it binds: it refuses others."""

    text: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Translation:
    """`unless_exists` is the (schema, table) whose presence makes it do nothing; `describes` the
    table whose columns it lists."""

    statements: tuple[Statement, ...]
    writes: bool
    unless_exists: tuple[str | None, str] | None = None
    describes: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple({name: None for each in self.statements for name in each.names})

    @property
    def last(self) -> str:
        return self.statements[-1].text


@lru_cache(maxsize=4096)
def translate(sql: str) -> Translation:
    """The DuckDB statements that mean the same; raises where that is not known."""
    tree = parsed(sql)
    if isinstance(tree, exp.Command):
        return Translation((Statement(statements.command(tree), ()),), writes=False)
    if isinstance(tree, exp.Describe):
        text = statements.described(tree)
        return Translation((Statement(text, ()),), writes=False, describes=tree.this.name)
    kinds = refuse_unknown(tree)
    guard = _guard(tree)
    made = [_written(_rewritten(part, kinds)) for part in _split(tree)]
    return Translation(tuple(made), not isinstance(tree, READS), guard)


def parsed(sql: str) -> exp.Expression:
    """The tree of exactly one statement."""
    try:
        trees = [tree for tree in sqlglot.parse(sql, read=Read) if tree is not None]
    except sqlglot.errors.SqlglotError as error:
        raise Untranslatable(f"This is not Databricks SQL: {_where(error)}") from error
    if len(trees) != 1:
        raise Untranslatable(f"One statement at a time, not {len(trees)}.")
    if not isinstance(trees[0], WHOLE):
        raise Untranslatable(f"`{sql[:60]}` is no statement that is translated.")
    return trees[0]


def _where(error: Exception) -> str:
    found = getattr(error, "errors", None)
    if not found:
        return str(error)[:200]
    what = str(found[0]["description"]).partition(" but got")[0]
    return f"{what}, at {found[0]['highlight']!r} in line {found[0]['line']}."


def refuse_unknown(tree: exp.Expression) -> set[type]:
    """Only what is listed passes; the types of node that were seen."""
    kinds: set[type] = set()
    for node in tree.walk():
        kinds.add(type(node))
        if isinstance(node, exp.Anonymous):
            if node.name.lower() not in (*NAMED, *NAMED_RULES, *ELSEWHERE_NAMED):
                raise Untranslatable(f"{node.name}() is not translated: engines may differ in it.")
        elif type(node) not in KNOWN and not _has_rule(type(node)):
            name = node.sql_name() if isinstance(node, exp.Func) else type(node).__name__
            raise Untranslatable(f"{name} is not translated: engines may differ in it.")
    return kinds


def _has_rule(kind: type) -> bool:
    return kind in SAME or kind in TEMPLATES or kind in RULES or kind in ELSEWHERE


def _guard(tree: exp.Expression) -> tuple[str | None, str] | None:
    if not isinstance(tree, exp.Create) or not tree.args.get("exists"):
        return None
    table = tree.find(exp.Table)
    kind = str(tree.args.get("kind")).upper()
    return (table.db or None, table.name) if table is not None and kind == "TABLE" else None


def _split(tree: exp.Expression) -> list[exp.Expression]:
    if isinstance(tree, exp.Create):
        return statements.created(tree)
    if isinstance(tree, exp.Alter):
        return statements.altered(tree)
    if isinstance(tree, exp.Insert) and tree.args.get("overwrite"):
        return statements.overwritten(tree)
    return [tree]


def _rewritten(tree: exp.Expression, kinds: set[type]) -> exp.Expression:
    for wanted, rewrite in BEFORE:
        if wanted & kinds:
            rewrite(tree)
    for node in reversed(list(tree.walk(bfs=False))):
        _apply(node)
    for wanted, rewrite in AFTER:
        if wanted & kinds:
            rewrite(tree)
    return tree


def _apply(node: exp.Expression) -> None:
    new = _replacement(node)
    if new is not node:
        node.replace(new)


def _replacement(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Anonymous):
        name = node.name.lower()
        if name in NAMED_RULES:
            return NAMED_RULES[name](node)
        return functions.from_positions(NAMED[name], node)
    kind = type(node)
    if kind in RULES:
        return RULES[kind](node)
    return functions.from_template(TEMPLATES[kind], node) if kind in TEMPLATES else node


def _written(tree: exp.Expression) -> Statement:
    try:
        text = tree.sql(
            Written, identify=True, unsupported_level=ErrorLevel.RAISE, comments=False, copy=False
        )
    except sqlglot.errors.UnsupportedError as error:
        raise Untranslatable(f"The embedded engine cannot do this: {error}") from error
    names = {node.name: None for node in tree.find_all(exp.Placeholder) if node.name}
    return Statement(statements.stars(text), tuple(names))

"""Databricks SQL to DuckDB, through sqlglot and rewrites of our own.

What is not known to mean the same on both engines raises `Untranslatable`; it is never passed on in
the hope that it works. `lint` names what would translate but differ in silence.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import sqlglot
from sqlglot import ErrorLevel, exp

from ontos.kernel.errors import OntosError

N = TypeVar("N", bound=exp.Expression)


class Untranslatable(OntosError):
    """The SQL means nothing, or something else, on the embedded engine."""

    title = "SQL that the embedded engine does not know"


SAME_NAME = frozenset(
    {"count_if", "contains", "map_from_entries", "timestamp_millis", "regexp_extract", "bool_and",
     "bool_or", "unnest", "quantile_disc", "list_any", "from_json", "generate_series"}
)  # fmt: skip
"""Functions that sqlglot passes on by name, and that mean the same on both engines."""

DIFFERENT = (exp.ApproxDistinct, exp.Rand, exp.Inline) if hasattr(exp, "Inline") else (exp.Rand,)
"""Nodes without an agreed meaning on both engines."""

JSON_TYPES = {
    "STRING": "VARCHAR", "BIGINT": "BIGINT", "LONG": "BIGINT", "INT": "INTEGER", "DOUBLE": "DOUBLE",
    "BOOLEAN": "BOOLEAN", "TIMESTAMP": "TIMESTAMPTZ", "DATE": "DATE",
}  # fmt: skip


@dataclass(frozen=True)
class Statement:
    text: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Translation:
    statements: tuple[Statement, ...]
    writes: bool
    unless_exists: tuple[str | None, str] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple({n: None for s in self.statements for n in s.names})

    @property
    def last(self) -> str:
        return self.statements[-1].text


@lru_cache(maxsize=4096)
def translate(sql: str) -> Translation:
    text, names = _translate(sql)
    reads = text.lstrip("( ").upper().startswith(("SELECT", "WITH", "DESCRIBE", "FROM", "SHOW"))
    return Translation((Statement(text, names),), not reads)


def _translate(sql: str) -> tuple[str, tuple[str, ...]]:
    """DuckDB's text for one statement, and the names of the values that it binds."""
    tree = _parse(sql)
    if isinstance(tree, exp.Command):
        return _command(tree), ()
    for rewrite in _REWRITES:
        tree = tree.transform(rewrite)
    _refuse_unknown(tree)
    text = tree.sql(dialect="duckdb", identify=True, unsupported_level=ErrorLevel.RAISE)
    names = {p.name for p in tree.find_all(exp.Placeholder, exp.Parameter) if p.name}
    return text, tuple(sorted(names))


def _parse(sql: str) -> exp.Expression:
    try:
        trees = [tree for tree in sqlglot.parse(sql, read="databricks") if tree is not None]
    except sqlglot.errors.SqlglotError as error:
        raise Untranslatable(f"This is not Databricks SQL: {error}") from error
    if len(trees) != 1:
        raise Untranslatable(f"One statement at a time, not {len(trees)}.")
    return trees[0]


def _command(tree: exp.Command) -> str:
    """Maintenance of Delta files has nothing to do here; other commands are unknown."""
    if str(tree.this).upper() in ("OPTIMIZE", "VACUUM", "ANALYZE"):
        return "SELECT 1 WHERE false"
    raise Untranslatable(f"{tree.this} is not known to the embedded engine.")


def _table_options(node: exp.Expression) -> exp.Expression:
    """Storage, comments and keys are Databricks' own: informational there, absent here."""
    if isinstance(node, exp.Create) and node.args.get("properties"):
        kept = [p for p in node.args["properties"].expressions if not isinstance(p, _DELTA)]
        node.set("properties", exp.Properties(expressions=kept) if kept else None)
    if isinstance(node, exp.ColumnDef):
        kept = [c for c in node.args.get("constraints") or [] if not isinstance(c.kind, _INFORMATIONAL)]
        node.set("constraints", kept)
    if isinstance(node, exp.Schema):
        node.set("expressions", [e for e in node.expressions if not isinstance(e, _KEYS)])
    return node


_DELTA = (
    exp.FileFormatProperty, exp.SchemaCommentProperty, exp.Property, exp.ClusterProperty
    if hasattr(exp, "ClusterProperty") else exp.Cluster,
)  # fmt: skip
_INFORMATIONAL = (exp.CommentColumnConstraint, exp.PrimaryKeyColumnConstraint)
_KEYS = (exp.PrimaryKey, exp.ForeignKey, exp.Constraint)


def _functions(node: exp.Expression) -> exp.Expression:
    """Functions whose names or shapes differ."""
    if isinstance(node, exp.ApproxQuantile):
        return exp.func("quantile_disc", node.this, node.args["quantile"], dialect="duckdb")
    if isinstance(node, exp.Uuid):
        return exp.cast(exp.Anonymous(this="gen_random_uuid"), exp.DataType.Type.TEXT)
    if isinstance(node, exp.CountIf):
        return exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=node.this.copy()))
    if isinstance(node, exp.Exists) and isinstance(node.expression, exp.Lambda):
        raise Untranslatable("exists(array, lambda): use size(filter(array, lambda)) > 0.")
    if isinstance(node, exp.CurrentUser):
        return exp.column("user", quoted=True)
    if isinstance(node, exp.Struct):
        return _struct(node)
    return node


def _struct(node: exp.Struct) -> exp.Struct:
    """struct(a, b) names its fields by their columns on Databricks."""
    if any(isinstance(part, exp.Star) for part in node.expressions):
        raise Untranslatable("struct(*): name the columns.")
    return node


def _from_json(node: exp.Expression) -> exp.Expression:
    """from_json(text, 'TYPE') takes a DDL type there and a JSON sketch of it here."""
    if not (isinstance(node, exp.Func) and node.sql_name().lower() == "from_json") and not (
        isinstance(node, exp.Anonymous) and node.name.lower() == "from_json"
    ):
        return node
    arguments = node.expressions or [node.this, node.expression]
    text, kind = arguments[0], arguments[1]
    if not (isinstance(kind, exp.Literal) and kind.is_string) or kind.name.startswith(("[", "{", '"')):
        return node
    sketch = json.dumps(_sketch(exp.DataType.build(kind.name, dialect="databricks")))
    return exp.Anonymous(this="from_json", expressions=[text.copy(), exp.Literal.string(sketch)])


def _sketch(kind: exp.DataType) -> object:
    if kind.is_type("array", "list"):
        return [_sketch(kind.expressions[0])]
    if kind.is_type("struct"):
        return {field.name: _sketch(field.args["kind"]) for field in kind.expressions}
    if kind.is_type("map"):
        return f"MAP({_sketch(kind.expressions[0])}, {_sketch(kind.expressions[1])})"
    name = kind.sql(dialect="databricks").upper()
    if name not in JSON_TYPES:
        raise Untranslatable(f"from_json: the type {name} is not known here.")
    return JSON_TYPES[name]


def _assignments(node: exp.Expression) -> exp.Expression:
    """`SET t.a = …` names the table there and must not here; `UPDATE SET *` lists nothing."""
    if isinstance(node, exp.Update) or (isinstance(node, exp.When)):
        holder = node if isinstance(node, exp.Update) else node.args.get("then")
        for assignment in (holder.expressions if isinstance(holder, exp.Update) else ()):
            if isinstance(assignment, exp.EQ) and isinstance(assignment.this, exp.Column):
                assignment.set("this", exp.column(assignment.this.this.copy()))
    return node


_REWRITES: tuple[Callable[[exp.Expression], exp.Expression], ...] = (
    _table_options, _functions, _from_json, _assignments,
)  # fmt: skip


def _refuse_unknown(tree: exp.Expression) -> None:
    for node in tree.find_all(exp.Anonymous):
        if node.name.lower() not in SAME_NAME | {"gen_random_uuid"}:
            raise Untranslatable(f"{node.name}() is not known to mean the same on both engines.")
    if isinstance(tree, exp.Insert) and tree.args.get("overwrite"):
        raise Untranslatable("INSERT OVERWRITE: delete first, then insert.")


def lint(sql: str) -> list[str]:
    """What would run on both engines and mean something different on each."""
    tree = _parse(sql)
    found = [message for kind, test, message in _BANNED for n in tree.find_all(kind) if test(n)]
    return sorted(set(found))


def _is_int_cast(node: exp.Expression) -> bool:
    return isinstance(node, exp.Cast) and node.to.is_type("int", "bigint", "smallint") and (
        isinstance(node.this, exp.Div | exp.Mul) or bool(node.this.find(exp.Div))
    )  # fmt: skip


_BANNED: tuple[tuple[type[exp.Expression], Callable[[exp.Expression], bool], str], ...] = (
    (exp.Cast, _is_int_cast, "CAST(double AS INT) truncates on Spark and rounds on DuckDB: use floor()"),
    (exp.Rand, lambda n: True, "rand() differs by engine"),
    (exp.Values, lambda n: bool(n.find_ancestor(exp.Merge)), "MERGE USING (VALUES …) is illegal in Spark"),
    (exp.TimestampTrunc, lambda n: n.args.get("unit") is None, "date_trunc needs a unit"),
    (exp.JSONExtract, lambda n: not isinstance(n.this, exp.Func | exp.Column), "path on a literal"),
    (exp.Pivot, lambda n: True, "PIVOT differs by engine"),
)  # fmt: skip

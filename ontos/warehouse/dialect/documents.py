"""JSON: `from_json`, paths, and VARIANT, which is JSON here."""

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from sqlglot import exp

from ontos.warehouse.dialect.json_text import fields
from ontos.warehouse.dialect.writer import Duck, Read, Untranslatable, Written, duck

TEMPLATES: Mapping[type[exp.Expression], str] = {
    exp.JSONKeys: "CASE WHEN json_type({this}) = 'OBJECT' THEN json_keys({this}) END",
    exp.ParseJSON: "CAST({this} AS JSON)",
}
NAMED: Mapping[str, str] = {
    "json_array_length": "CASE WHEN json_type({0}) = 'ARRAY'"
    " THEN CAST(json_array_length({0}) AS BIGINT) END",
    "try_parse_json": "TRY_CAST({0} AS JSON)",
}
_SCALARS = frozenset(
    {"STRING", "TEXT", "VARCHAR", "BIGINT", "INT", "SMALLINT", "TINYINT", "DOUBLE", "FLOAT",
     "BOOLEAN", "TIMESTAMP", "TIMESTAMPTZ", "DATE", "DECIMAL", "VARIANT", "TIMESTAMPNTZ", "BINARY",
     "VARBINARY", "NULL"}
)  # fmt: skip


def from_json(node: exp.FromJson) -> exp.Expression:
    """The type is written in DDL there; here it is a DuckDB type inside a JSON text."""
    kind = node.expression
    if not isinstance(kind, exp.Literal) or not kind.is_string or node.args.get("options"):
        raise Untranslatable("from_json takes its type as a literal, and no options.")
    sketch = exp.Literal.string(json.dumps(duck_type(kind.name)))
    return duck("from_json({text}, {sketch})", text=node.this, sketch=sketch)


def duck_type(kind: str) -> str:
    """DuckDB's name of a Databricks type, or of a list of columns `a INT, b STRING`."""
    try:
        built = exp.DataType.build(kind, dialect=Read)
    except Exception:  # sqlglot raises several kinds; a list of columns is the other form
        built = _columns(kind)
    return str(typed(built).sql(Written, identify=True))


@lru_cache(maxsize=1024)
def databricks_type(kind: str) -> str:
    """Databricks' name of a DuckDB type, in lower case as DESCRIBE writes it."""
    return str(exp.DataType.build(kind, dialect="duckdb").sql("databricks")).lower()


def typed(kind: exp.DataType) -> exp.DataType:
    """The type as DuckDB has it; one that it lacks is refused."""
    for part in kind.find_all(exp.DataType):
        name = part.this.name if hasattr(part.this, "name") else str(part.this)
        if name not in (*_SCALARS, "ARRAY", "STRUCT", "MAP", "LIST"):
            raise Untranslatable(f"The type {part.sql('databricks')} is not translated.")
    return kind.transform(_variant_as_json)


def _columns(kind: str) -> exp.DataType:
    try:
        return exp.DataType.build(f"STRUCT<{kind}>", dialect=Read)
    except Exception as error:
        raise Untranslatable(f"{kind[:80]!r} is not a type.") from error


def _variant_as_json(node: exp.Expression) -> exp.Expression:
    variant = isinstance(node, exp.DataType) and node.this == exp.DataType.Type.VARIANT
    return exp.DataType.build("JSON", dialect="duckdb") if variant else node


def struct(node: exp.Struct) -> exp.Expression:
    """Named by its columns on both engines; a star in it names nothing here."""
    fields(node)
    return node


def cast(node: exp.Cast) -> exp.Expression:
    """`variant:path::type` takes the value out of its JSON."""
    typed(node.to)
    inner = node.this.unnest()
    if not isinstance(inner, Duck) or inner.args.get("path") is None:
        if isinstance(node.to.this, exp.DataType.Type) and node.to.this.name == "VARIANT":
            return duck("CAST(to_json({this}) AS JSON)", this=inner)
        node.set("to", typed(node.to))
        return node
    return taken(
        inner.args["path"][0], inner.args["path"][1], node.to, isinstance(node, exp.TryCast)
    )


def path(node: exp.JSONExtract) -> exp.Expression:
    where = _plain_path(node.expression)
    found = duck("({this} -> {path})", this=node.this, path=where)
    found.args["path"] = (node.this, where)
    return found


def taken(
    value: exp.Expression, where: exp.Expression, kind: exp.DataType, lenient: bool
) -> exp.Expression:
    """The value at a path as a SQL type."""
    if kind.is_type("text", "varchar"):
        return duck("({v} ->> {path})", v=value, path=where)
    if kind.is_type("array", "struct", "map"):
        sketch = json.dumps(typed(kind).sql(Written, identify=True))
        return duck("from_json({v} -> {path}, {sketch})", v=value, path=where, sketch=sketch)
    word = "TRY_CAST" if lenient else "CAST"
    return duck(word + "({v} ->> {path} AS " + typed(kind).sql(Written) + ")", v=value, path=where)


def _plain_path(where: exp.Expression) -> exp.Expression:
    text = where.name if isinstance(where, exp.Literal) else _written(where)
    if not text.startswith("$") or "*" in text or ".." in text:
        raise Untranslatable("A JSON path is a literal `$.a.b[0]`, without wildcards.")
    return exp.Literal.string(text)


def _written(where: exp.Expression) -> str:
    if not isinstance(where, exp.JSONPath):
        return ""
    out = ""
    for part in where.expressions:
        if isinstance(part, exp.JSONPathRoot):
            out += "$"
        elif isinstance(part, exp.JSONPathKey) and isinstance(part.this, str):
            out += '."' + part.this.replace('"', '\\"') + '"'
        elif isinstance(part, exp.JSONPathSubscript) and isinstance(part.this, int):
            out += f"[{part.this}]"
        else:
            return ""
    return out


def get_json_object(node: exp.Anonymous) -> exp.Expression:
    if len(node.expressions) != 2:
        raise Untranslatable("get_json_object takes a text and a path.")
    text, where = node.expressions
    return duck("({this} ->> {path})", this=text, path=_plain_path(where))


def variant_get(node: exp.Anonymous) -> exp.Expression:
    if len(node.expressions) != 3 or not all(
        isinstance(e, exp.Literal) for e in node.expressions[1:]
    ):
        raise Untranslatable("variant_get takes a variant, a literal path and a literal type.")
    value, where, kind = node.expressions
    lenient = node.name.lower().startswith("try_")
    wanted = exp.DataType.build(kind.name, dialect=Read)
    return taken(value, _plain_path(where), wanted, lenient)


RULES: Mapping[type[exp.Expression], Callable[[Any], exp.Expression]] = {
    exp.Cast: cast,
    exp.FromJson: from_json,
    exp.JSONExtract: path,
    exp.Struct: struct,
    exp.TryCast: cast,
}
NAMED_RULES: Mapping[str, Callable[[exp.Anonymous], exp.Expression]] = {
    "get_json_object": get_json_object,
    "try_variant_get": variant_get,
    "variant_get": variant_get,
}

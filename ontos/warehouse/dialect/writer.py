"""The two dialects of the adapter: Databricks as it is read, DuckDB as it is written."""

from string import Formatter
from typing import Any

from sqlglot import exp
from sqlglot.dialects.databricks import Databricks
from sqlglot.dialects.duckdb import DuckDB

from ontos.kernel.errors import OntosError

_WHOLE = (
    exp.Column, exp.Identifier, exp.Literal, exp.Placeholder, exp.Null, exp.Boolean, exp.Cast,
    exp.Paren, exp.Subquery, exp.Anonymous, exp.Star, exp.Lambda, exp.Var,
)  # fmt: skip
"""Nodes that need no parentheses wherever they are put."""


class Untranslatable(OntosError):
    """The statement means nothing, or something else, on the embedded engine."""

    title = "SQL that the embedded engine does not know"


class Duck(exp.Expression, exp.Condition):  # type: ignore[misc]
    """DuckDB text with `{name}` for each of `values`; always whole in itself."""

    arg_types = {"template": True, "values": True}  # noqa: RUF012


def duck(template: str, **values: Any) -> Duck:
    """A node of DuckDB text; values are nodes, or lists of them that commas join."""
    used = {name for _, name, _, _ in Formatter().parse(template) if name}
    given = {name: value for name, value in values.items() if name in used and value is not None}
    if used - set(given):
        raise Untranslatable(f"An argument is missing: {', '.join(sorted(used - set(given)))}.")
    return Duck(template=template, values=[_Slot(name=n, this=_list(v)) for n, v in given.items()])


class _Slot(exp.Expression):  # type: ignore[misc]
    arg_types = {"name": True, "this": True}  # noqa: RUF012


class _Many(exp.Expression):  # type: ignore[misc]
    arg_types = {"expressions": True}  # noqa: RUF012


def _list(value: Any) -> exp.Expression:
    if isinstance(value, list):
        return _Many(expressions=[item.copy() for item in value])
    if isinstance(value, str):
        return exp.Literal.string(value)
    return value.copy()


def _write(self: Any, node: Duck) -> str:
    parts = {slot.args["name"]: _part(self, slot.this) for slot in node.args["values"]}
    return str(node.args["template"]).format(**parts)


def _part(self: Any, node: exp.Expression) -> str:
    if isinstance(node, _Many):
        return ", ".join(_part(self, item) for item in node.expressions)
    text = str(self.sql(node))
    return text if isinstance(node, (Duck, *_WHOLE)) else f"({text})"


class Written(DuckDB):  # type: ignore[misc]
    """DuckDB's dialect, with `Duck` nodes."""

    class Generator(DuckDB.Generator):  # type: ignore[misc]
        TRANSFORMS = {**DuckDB.Generator.TRANSFORMS, Duck: _write}  # noqa: RUF012


def _by_name(name: str) -> Any:
    return lambda args: exp.Anonymous(this=name, expressions=args)


class Read(Databricks):  # type: ignore[misc]
    """Databricks' dialect, without readings that forget which function was called."""

    class Parser(Databricks.Parser):  # type: ignore[misc]
        FUNCTIONS = {  # noqa: RUF012
            **Databricks.Parser.FUNCTIONS,
            **{
                name: _by_name(name.lower())
                for name in (
                    "TO_TIMESTAMP", "TIMESTAMP", "UNIX_TIMESTAMP", "ELEMENT_AT", "TRY_ELEMENT_AT",
                    "DATEDIFF", "DATE_DIFF", "LOG10", "LOG2", "CHAR_LENGTH", "SPACE",
                    "EXPLODE_OUTER", "POSEXPLODE_OUTER", "TYPEOF",
                    "GET_JSON_OBJECT",
                )
            },
        }  # fmt: skip

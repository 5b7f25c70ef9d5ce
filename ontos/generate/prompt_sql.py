"""Prompts as SQL: a template of placeholders and simple filters becomes one expression.

Its result equals that of `rendering.render` byte for byte. What SQL would do differently (other
types than text and whole numbers, other filters, logic) is left to Jinja.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from jinja2 import nodes

from ontos.generate.rendering import environment
from ontos.warehouse import quote
from ontos.workspace import Column

WHOLE_NUMBERS = frozenset({"TINYINT", "SMALLINT", "INT", "BIGINT"})

WHITESPACE = "".join(c for c in map(chr, range(0x3001)) if c.isspace())
"""What Python strips; SQL's own trim takes spaces alone."""


@dataclass(frozen=True)
class PromptSql:
    """`literals` are bound under their names. It holds only where `cased` columns are ASCII."""

    expression: str
    literals: Mapping[str, str]
    cased: tuple[str, ...]


class _OnlyJinja(Exception):
    """The template asks for something that SQL does not do in the same way."""


@dataclass(frozen=True)
class _Text:
    """A SQL expression of type STRING."""

    sql: str
    nullable: bool = False

    @property
    def shown(self) -> str:
        return f"coalesce({self.sql}, '')" if self.nullable else self.sql


def prompt_sql(template: str, columns: Mapping[str, Column]) -> PromptSql | None:
    """The expression over the columns of the placeholders; None where only Jinja will do."""
    writer = _Writer(columns)
    try:
        parts = [writer.text(node).shown for node in _outputs(environment().parse(template))]
    except _OnlyJinja:
        return None
    written = f"concat({', '.join(parts)})" if parts else "''"
    return PromptSql(written, writer.literals, tuple(writer.cased))


def _outputs(tree: nodes.Template) -> Iterator[nodes.Node]:
    for node in tree.body:
        if not isinstance(node, nodes.Output):
            raise _OnlyJinja
        yield from node.nodes


class _Writer:
    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._columns = columns
        self.literals: dict[str, str] = {}
        self.cased: dict[str, None] = {}

    def text(self, node: nodes.Node) -> _Text:
        if isinstance(node, nodes.TemplateData):
            return self._literal(node.data)
        if isinstance(node, nodes.Name):
            return self._column(self._mapped(node))
        if isinstance(node, nodes.Filter) and node.node is not None:
            return self._filter(node, node.node)
        raise _OnlyJinja

    def _literal(self, text: str) -> _Text:
        name = f"t{len(self.literals)}"
        self.literals[name] = text
        return _Text(f":{name}")

    def _mapped(self, name: nodes.Name) -> Column:
        if name.name not in self._columns:
            raise _OnlyJinja
        return self._columns[name.name]

    def _column(self, column: Column) -> _Text:
        if column.type == "STRING":
            return _Text(quote(column.name), nullable=True)
        if column.type in WHOLE_NUMBERS:
            return _Text(f"CAST({quote(column.name)} AS STRING)", nullable=True)
        raise _OnlyJinja

    def _filter(self, node: nodes.Filter, inner: nodes.Node) -> _Text:
        write = _FILTERS.get(node.name)
        if write is None or node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise _OnlyJinja
        return write(self, inner, [_constant(arg) for arg in node.args])

    def _upper(self, inner: nodes.Node, given: list[str]) -> _Text:
        return self._case("upper", inner, given)

    def _lower(self, inner: nodes.Node, given: list[str]) -> _Text:
        return self._case("lower", inner, given)

    def _case(self, function: str, inner: nodes.Node, given: list[str]) -> _Text:
        """Engines agree with Python on the case of ASCII alone."""
        _expect(not given and all(c.value.isascii() for c in inner.find_all(nodes.Const)))
        names = [*inner.find_all(nodes.Name), *([inner] if isinstance(inner, nodes.Name) else [])]
        columns = [self._mapped(name) for name in names]
        self.cased |= {column.name: None for column in columns if column.type == "STRING"}
        return _Text(f"{function}({self.text(inner).shown})")

    def _trim(self, inner: nodes.Node, given: list[str]) -> _Text:
        _expect(not given)
        return _Text(f"trim(BOTH {self._literal(WHITESPACE).sql} FROM {self.text(inner).shown})")

    def _default(self, inner: nodes.Node, given: list[str]) -> _Text:
        _expect(len(given) == 1)
        before = self.text(inner)
        if not before.nullable:
            return before
        return _Text(f"coalesce({before.sql}, {self._literal(given[0]).sql})")

    def _replace(self, inner: nodes.Node, given: list[str]) -> _Text:
        _expect(len(given) == 2 and given[0] != "")
        old, new = (self._literal(text).sql for text in given)
        return _Text(f"replace({self.text(inner).shown}, {old}, {new})")


_FILTERS: Mapping[str, Callable[[_Writer, nodes.Node, list[str]], _Text]] = {
    "upper": _Writer._upper,
    "lower": _Writer._lower,
    "trim": _Writer._trim,
    "default": _Writer._default,
    "d": _Writer._default,
    "replace": _Writer._replace,
}


def _constant(node: nodes.Node) -> str:
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        return node.value
    raise _OnlyJinja


def _expect(holds: bool) -> None:
    if not holds:
        raise _OnlyJinja

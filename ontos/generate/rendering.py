"""Prompts from templates: one sandbox for assembling pairs and for the models that are served.

A value of None renders as nothing and gives way to `default`. One newline at the very end
of a template is dropped.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from jinja2 import (
    StrictUndefined,
    Template,
    TemplateError,
    TemplateSyntaxError,
    Undefined,
    meta,
    nodes,
    pass_context,
)
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment

from ontos.kernel.errors import Invalid

MAX_PROMPT = 1_000_000
"""Characters that one rendered prompt may have."""
MAX_STEPS = 200_000
"""Turns of loops and calls that one prompt may take: about a tenth of a second."""

_FROM_ELSEWHERE = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)
# What a template's own expressions raise on values that do not fit them.
_VALUE_ERRORS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TemplateError,
    TypeError,
    ValueError,
)


_STEPS = "steps taken"
"""No template can name this variable of its own context."""


class _Steps:
    """What one prompt has cost so far."""

    def __init__(self) -> None:
        self._left = MAX_STEPS

    def take(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise SecurityError(f"it takes over {MAX_STEPS:,} turns of loops and calls")


def _asked(name: str, *given: nodes.Node) -> nodes.Call:
    """A call of the sandbox itself."""
    return nodes.Call(nodes.EnvironmentAttribute(name), list(given), [], None, None)


class _Watched(CodeGenerator):
    """Has the sandbox count the turns of loops, and join text."""

    def visit_For(self, node: nodes.For, frame: Frame) -> None:
        node.iter = _asked("counted", node.iter)
        super().visit_For(node, frame)

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
        self.visit(_asked("joined", *node.nodes), frame)


class _Sandbox(SandboxedEnvironment):
    """Also refuses what would fill the memory or never end before anything is written."""

    code_generator_class = _Watched
    intercepted_binops = frozenset({"*", "**", "+"})

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Counted, too: a macro may call itself, and a recursive loop goes on by a call."""
        __context[_STEPS].take()
        return super().call(__context, __obj, *args, **kwargs)

    @staticmethod
    @pass_context
    def counted(context: Context, values: Iterable[Any]) -> Iterator[Any]:
        for value in values:
            context[_STEPS].take()
            yield value

    @staticmethod
    def joined(*parts: Any) -> str:
        """What `~` makes, unless it grows too long: text that is doubled fills the memory."""
        texts = [str(part) for part in parts]
        _fitting(*texts)
        return "".join(texts)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if operator == "**" and not (numbers and abs(left) <= 1e6 and abs(right) <= 64):
            raise SecurityError("a power of these numbers is too large")
        if operator == "*" and not numbers:
            times, what = (left, right) if isinstance(left, int) else (right, left)
            if isinstance(times, int) and times * len(what) > MAX_PROMPT:
                raise SecurityError("the repeated text is too long")
        if operator == "+" and isinstance(left, str | list) and isinstance(right, str | list):
            _fitting(left, right)
        return super().call_binop(context, operator, left, right)


class _Null(Undefined):
    """Stands for None in a template: `upper`, `~` and `default` take it for missing text."""

    def __eq__(self, other: object) -> bool:
        return other is None or isinstance(other, _Null)

    __hash__ = Undefined.__hash__


def _fitting(*parts: Any) -> None:
    if sum(map(len, parts)) > MAX_PROMPT:
        raise SecurityError("the joined text is too long")


@cache
def environment() -> SandboxedEnvironment:
    """The sandbox in which every template runs; autoescape is off, prompts are no HTML."""
    sandbox = _Sandbox(undefined=StrictUndefined, autoescape=False, finalize=_shown)
    sandbox.tests["none"] = lambda value: value is None or isinstance(value, _Null)
    del sandbox.globals["lipsum"]  # random text: a prompt must come out the same each time
    del sandbox.filters["attr"]  # reaches for attributes by names that nobody can check
    return sandbox


def compile_prompt(text: str, field: str = "user_prompt") -> Template:
    """The template, ready to render; Invalid names `field` and the line at fault."""
    _parse(text, field)
    try:
        return environment().from_string(text)
    except (TemplateError, RecursionError, SyntaxError) as error:
        raise _mistake(error, field) from error


def placeholders(text: str, field: str = "user_prompt") -> list[str]:
    """The variables that the template wants from outside, in order of first appearance."""
    tree = _parse(text, field)
    wanted = meta.find_undeclared_variables(tree)
    names = (node.name for node in tree.find_all(nodes.Name))
    return [name for name in dict.fromkeys(names) if name in wanted]


def render(template: Template, variables: Mapping[str, Any]) -> str:
    """The prompt; Invalid where a variable is missing or the template cannot use the values."""
    pieces, size = [], 0
    given = {
        name: _Null(f"{name!r} is empty") if value is None else value
        for name, value in variables.items()
    }
    try:
        for piece in template.generate(given | {_STEPS: _Steps()}):
            pieces.append(piece)
            if (size := size + len(piece)) > MAX_PROMPT:
                raise SecurityError(f"the prompt grows over {MAX_PROMPT:,} characters")
    except UndefinedError as error:
        raise Invalid(
            f"The template wants what it was not given: {error.message}. Map a column "
            "to it, or give it a value.",
            field="variables",
        ) from error
    except SecurityError as error:
        raise Invalid(
            f"The template does what templates may not: {str(error).rstrip('.')}. "
            "Take that part out.",
            field="user_prompt",
        ) from error
    except _VALUE_ERRORS as error:
        raise Invalid(
            f"The template cannot be filled with these values: {error}. Correct the "
            "expression or the values.",
            field="variables",
        ) from error
    return "".join(pieces)


def _shown(value: Any) -> Any:
    return "" if value is None else value


def _parse(text: str, field: str) -> nodes.Template:
    try:
        tree = environment().parse(text)
        _refuse_escapes(tree, field)
    except (TemplateError, RecursionError) as error:
        raise _mistake(error, field) from error
    return tree


def _refuse_escapes(tree: nodes.Template, field: str) -> None:
    """What is sure to fail when rendered is refused when written."""
    for node in tree.find_all((nodes.Getattr, nodes.Getitem, *_FROM_ELSEWHERE)):
        if (what := _escape(node)) is None:
            continue
        raise Invalid(
            f"The template {what} in line {node.lineno}, which templates may not. "
            "Use variables and filters only.",
            field=field,
        )


def _escape(node: nodes.Node) -> str | None:
    """What a node does that templates may not."""
    if isinstance(node, nodes.Getattr):
        return f"reaches for .{node.attr}" if node.attr.startswith("_") else None
    if not isinstance(node, nodes.Getitem):
        return "takes in another template"
    key = node.arg.value if isinstance(node.arg, nodes.Const) else None
    return f"reaches for [{key!r}]" if isinstance(key, str) and key.startswith("__") else None


def _mistake(error: Exception, field: str) -> Invalid:
    if isinstance(error, TemplateSyntaxError):
        return Invalid(
            f"The template has a mistake in line {error.lineno}: {_plainly(error.message or '')}",
            field=field,
            line=error.lineno,
        )
    return Invalid("The template is nested too deep to be read. Make it simpler.", field=field)


_CAUSES = (
    ("unexpected end of template, expected 'end of print statement'",
     "a placeholder is not closed. Close the placeholder with }}."),
    ("unexpected end of template, expected 'end of statement block'",
     "a block is not closed. Close it with %}."),
    ("expected token 'end of print statement', got '(.+)'",
     r"'\1' does not belong into the placeholder. Close the placeholder with }} before it; a name "
     "is one word."),
    ("Expected an expression, got 'end of print statement'",
     "a placeholder is empty. Write a name into it, such as {{ text }}."),
    (r"unexpected '\}'",
     "a brace is alone. Close the placeholder with }}, and a block with %}."),
    ("Unexpected end of template.* needs to be closed is '(.+)'",
     r"the block '\1' has no end. Write {% end\1 %} where it ends."),
    ("Missing end of comment tag", "a comment is not closed. Close it with #}."),
    ("No filter named '(.+)'",
     r"there is no filter '\1'. Take it out, or use one such as upper, trim or default('none')."),
)  # fmt: skip
"""What Jinja2 says, as a pattern, and what a person can do about it."""


def _plainly(said: str) -> str:
    """The cause and its remedy where they are known, else what Jinja2 says."""
    for pattern, words in _CAUSES:
        if found := re.match(pattern + r"\.?$", said.strip()):
            return found.expand(words)
    return f"{said.rstrip('.')}. Correct it."

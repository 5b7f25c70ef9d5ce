"""Prompts from templates: one sandbox for assembling pairs and for the models that are served.

A value of None renders as nothing and gives way to `default`. One newline at the very end
of a template is dropped.
"""

import re
from collections.abc import Mapping
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
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.runtime import Context

from ontos.generate import bounds
from ontos.generate.sandbox import STEPS, Sandbox, Steps
from ontos.kernel.errors import Invalid

MAX_PROMPT = bounds.MAX_TEXT
"""Characters that one rendered prompt may have."""

_FROM_ELSEWHERE = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)
# What a template's own expressions raise on values that do not fit them.
_VALUE_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    TemplateError,
    TypeError,
    ValueError,
)


class _Null(Undefined):
    """Stands for None in a template: `upper`, `~` and `default` take it for missing text."""

    def __eq__(self, other: object) -> bool:
        return other is None or isinstance(other, _Null)

    __hash__ = Undefined.__hash__


@cache
def environment() -> Sandbox:
    """The sandbox in which every template runs; autoescape is off, prompts are no HTML."""
    sandbox = Sandbox(undefined=StrictUndefined, autoescape=False, finalize=_shown)
    sandbox.tests["none"] = lambda value: value is None or isinstance(value, _Null)
    return sandbox


def compile_prompt(text: str, field: str = "user_prompt") -> Template:
    """The template, ready to render; Invalid names `field` and the line at fault."""
    _parse(text, field)
    try:
        return environment().from_string(text)
    except (TemplateError, RecursionError, SyntaxError, ValueError) as error:
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
        for piece in template.generate(given | {STEPS: Steps()}):
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


@pass_context
def _shown(context: Context, value: Any) -> Any:
    context[STEPS].weigh(value)
    return "" if value is None else value


def _parse(text: str, field: str) -> nodes.Template:
    try:
        tree = environment().parse(text)
        _refuse_escapes(tree, field)
    except (TemplateError, RecursionError, ValueError) as error:
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
    if isinstance(error, ValueError):
        return Invalid("A number in the template is too long. Shorten it.", field=field)
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

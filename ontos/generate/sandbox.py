"""The sandbox of templates: it counts what a prompt costs, and refuses what would never end."""

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any

from jinja2 import Undefined, nodes, pass_context
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment, SandboxedFormatter
from jinja2.tests import TESTS
from jinja2.utils import Namespace
from markupsafe import Markup

from ontos.generate import bounds

MAX_STEPS = 200_000
"""Turns of loops and calls that one prompt may take: about a tenth of a second."""
STEPS = "steps taken"
"""No template can name this variable of its own context."""

_SHARE = 100  # of weight, for one step


class Steps:
    """What one prompt has cost so far."""

    def __init__(self) -> None:
        self._left = MAX_STEPS

    def take(self, count: int = 1) -> None:
        self._left -= count
        if self._left < 0:
            raise SecurityError(f"it takes over {MAX_STEPS:,} turns of loops and calls")

    def weigh(self, value: Any) -> None:
        if isinstance(value, str):
            self.take(len(value) // (10 * _SHARE))
        elif isinstance(value, list | tuple | dict):
            self.take(bounds.weight(value, self._left * _SHARE) // _SHARE)


class _Namespace(Namespace):
    """Is not written out with all that it holds."""

    def __repr__(self) -> str:
        return "<Namespace>"


class _Formatter(SandboxedFormatter):
    """Text of bounded length."""

    made = 0

    def format_field(self, value: Any, format_spec: str) -> Any:
        bounds.check_width(format_spec)
        text = super().format_field(value, format_spec)
        self.made += len(text)
        bounds.fit(self.made)
        return text


def _asked(name: str, *given: nodes.Node) -> nodes.Call:
    """A call of the sandbox itself."""
    return nodes.Call(nodes.EnvironmentAttribute(name), list(given), [], None, None)


def _weighed(visit: Callable[..., None]) -> Callable[..., None]:
    """Has the sandbox weigh what the node gives."""

    def visit_weighed(self: CodeGenerator, node: Any, frame: Frame) -> None:
        if getattr(node, "ctx", "load") != "load":
            return visit(self, node, frame)
        self.write("environment.weighed(context, ")
        visit(self, node, frame)
        self.write(")")

    return visit_weighed


class _Watched(CodeGenerator):
    """Has the sandbox count the turns of loops, join text, and weigh what is made or compared."""

    visit_List = _weighed(CodeGenerator.visit_List)
    visit_Tuple = _weighed(CodeGenerator.visit_Tuple)
    visit_Dict = _weighed(CodeGenerator.visit_Dict)

    def visit_For(self, node: nodes.For, frame: Frame) -> None:
        node.iter = _asked("counted", node.iter)
        super().visit_For(node, frame)

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
        self.visit(_asked("joined", *node.nodes), frame)

    def visit_Compare(self, node: nodes.Compare, frame: Frame) -> None:
        others = [nodes.Operand(o.op, _asked("same", o.expr)) for o in node.ops]
        super().visit_Compare(nodes.Compare(_asked("same", node.expr), others), frame)

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:
        whole = _asked("same", node.node) if isinstance(node.arg, nodes.Slice) else node.node
        super().visit_Getitem(nodes.Getitem(whole, node.arg, node.ctx), frame)


class Sandbox(SandboxedEnvironment):
    """Also refuses what would fill the memory or never end before anything is written."""

    code_generator_class = _Watched
    intercepted_binops = frozenset({"*", "**", "+", "-", "%", "//"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.filters = {
            name: _filter(name, use) for name, use in bounds.ALLOWED_FILTERS.items()
        }  # what is not listed may have no end
        self.tests = {name: _test(use) for name, use in TESTS.items()}
        self.globals["namespace"] = _Namespace
        del self.globals["lipsum"]  # random text: a prompt must come out the same each time
        self.policies["json.dumps_kwargs"] = {"sort_keys": True, "default": bounds.plain}

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if not super().is_safe_attribute(obj, attr, value):
            return False
        return not callable(value) or bounds.may_call(obj, attr)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Counted, too: a macro may call itself, and a recursive loop goes on by a call."""
        steps = __context[STEPS]
        steps.take()
        for given in (*args, *kwargs.values()):
            steps.weigh(given)
        owner = getattr(getattr(__obj, "__wrapped__", __obj), "__self__", None)
        if owner is not None:
            steps.weigh(owner)
            bounds.check_method(owner, __obj.__name__, args, kwargs)
        made = super().call(__context, __obj, *args, **kwargs)
        steps.weigh(made)
        return made

    @staticmethod
    def concat(parts: Iterable[str]) -> str:
        """What a macro or a block makes, unless it grows too long."""
        texts = [*parts]
        bounds.fit(sum(map(len, texts)))
        return "".join(texts)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        wrapped = super().wrap_str_format(value)
        if wrapped is None:
            return None
        text = value.__self__

        @pass_context
        @wraps(wrapped)
        def formatted(context: Context, *args: Any, **kwargs: Any) -> str:
            if isinstance(text, Markup):
                raise SecurityError("text that is marked safe cannot be a format")
            context[STEPS].take(text.count("{"))
            if value.__name__ == "format_map":
                args, kwargs = (), *args
            return _Formatter(self).vformat(text, args, kwargs)

        return formatted

    @staticmethod
    def weighed(context: Context, value: Any) -> Any:
        context[STEPS].weigh(value)
        return value

    @staticmethod
    def same(value: Any) -> Any:
        """Its weight was taken when this was called."""
        return value

    @staticmethod
    @pass_context
    def counted(context: Context, values: Iterable[Any]) -> Iterator[Any]:
        for value in values:
            context[STEPS].take()
            yield value

    @staticmethod
    def joined(*parts: Any) -> str:
        """What `~` makes, unless it grows too long: text that is doubled fills the memory."""
        return Sandbox.concat(map(str, parts))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        context[STEPS].weigh(left)
        context[STEPS].weigh(right)
        _check_operands(operator, left, right)
        made = super().call_binop(context, operator, left, right)
        bounds.check_number(made)
        context[STEPS].weigh(made)
        return made


def _check_operands(operator: str, left: Any, right: Any) -> None:
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    if operator == "**" and not (numbers and abs(left) <= 1e6 and abs(right) <= 64):
        bounds.refuse("a power of these numbers is too large")
    if operator == "%" and isinstance(left, bytes):
        bounds.refuse("bytes cannot be a format")
    if operator == "%" and isinstance(left, str):
        bounds.check_percent(left, right)
    if operator == "*" and isinstance(left, int) and isinstance(right, int):
        if left.bit_length() + right.bit_length() > bounds.MAX_BITS:
            bounds.refuse(f"a whole number has over {bounds.MAX_BITS:,} bits")
    elif operator == "*" and not numbers:
        times, what = (left, right) if isinstance(left, int) else (right, left)
        counted = isinstance(times, int) and hasattr(what, "__len__")
        if counted and times * len(what) > bounds.MAX_ITEMS:
            bounds.refuse("the repeated text is too long")
    if operator == "+" and hasattr(left, "__len__") and hasattr(right, "__len__"):
        bounds.fit(len(left) + len(right))


def _filter(name: str, use: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that is bounded: what it is given, what it is asked, and what it makes."""
    check = bounds.FILTER_CHECKS.get(name)
    passed = getattr(use, "jinja_pass_arg", None)

    @pass_context
    @wraps(use)
    def filtered(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        steps = context[STEPS]
        if isinstance(value, Iterator):
            value = [*Sandbox.counted(context, value)]
        _take_all(steps, value, *args, *kwargs.values())
        if check and not isinstance(value, Undefined):
            check(value, *args, **kwargs)
        made = use(*_wanted(passed, context), value, *args, **kwargs)
        if isinstance(made, Iterator):
            made = [*Sandbox.counted(context, made)]
        bounds.check_number(made)
        steps.weigh(made)
        return made

    return filtered


def _take_all(steps: Steps, value: Any, *others: Any) -> None:
    steps.take()
    if hasattr(value, "__len__") and not isinstance(value, Undefined):
        steps.take(len(value) // (_SHARE if isinstance(value, str) else 10))
    for given in (value, *others):
        steps.weigh(given)


def _wanted(passed: Any, context: Context) -> tuple[Any, ...]:
    """What a filter of Jinja2 takes before its value."""
    if passed is None:
        return ()
    found = {"context": context, "eval_context": context.eval_ctx}
    return (found.get(passed.name, context.environment),)


def _test(use: Any) -> Callable[..., Any]:
    passed = getattr(use, "jinja_pass_arg", None)

    @pass_context
    def tested(context: Context, value: Any, *args: Any) -> Any:
        _take_all(context[STEPS], value, *args)
        return use(*_wanted(passed, context), value, *args)

    return tested

"""Operations: everything that the workbench can do, declared once, called one way.

    @operation("POST /sheets", needs=write("sheets"))
    def create_sheet(caller: Caller, spec: SheetSpec) -> Sheet: ...

Calling it checks permission, runs gates, times and traces it, runs it, and writes the journal in
the same transaction. Doors are derived from `OPERATIONS`; none of them repeats any of this.
"""

import functools
import inspect
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar, get_type_hints

from opentelemetry import trace
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from ontos.kernel import journal
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Denied, Invalid, OntosError, Refused
from ontos.kernel.fields import explain
from ontos.kernel.metrics import OPERATION_SECONDS
from ontos.kernel.metrics import OPERATIONS as COUNTER
from ontos.kernel.observers import gates
from ontos.kernel.permission import Need, decide
from ontos.kernel.soundness import unsound

P = ParamSpec("P")
R = TypeVar("R")
Rights = Literal["app", "person"]
Subject = tuple[str | None, str | None]
"""Kind and id of what an operation is about."""

_tracer = trace.get_tracer("ontos")
_course: ContextVar["Course"] = ContextVar("operation_course")
_depth: ContextVar[int] = ContextVar("operation_depth", default=0)


@dataclass
class Course:
    """An operation under way; `beside` is the journal row that its own statements carry, if so."""

    op: "Operation"
    caller: Caller
    arguments: Mapping[str, Any]
    beside: journal.Beside | None = None


@dataclass(frozen=True)
class Operation:
    """`journaled` tells whether a success leaves a row; refusals and failed writes always do.

    `rights` says as whom tables are read that are not the workbench's own: with `person`, by the
    token that the workspace forwards for whoever asks; with `app`, they are not read at all. The
    workbench's own tables are always the app's.
    """

    function: Callable[..., Any]
    method: str
    path: str
    needs: Need
    effect: Literal["read", "write"]
    journaled: bool
    rights: Rights

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def stage(self) -> str:
        """The package that declares it: data, generate, …, govern."""
        return self.function.__module__.split(".")[1]

    @property
    def summary(self) -> str:
        return (inspect.getdoc(self.function) or self.name).splitlines()[0]

    @functools.cached_property
    def hints(self) -> Mapping[str, Any]:
        return get_type_hints(self.function, include_extras=True)

    @functools.cached_property
    def parameters(self) -> tuple[inspect.Parameter, ...]:
        """All but `caller`, with resolved annotations."""
        _, *rest = inspect.signature(self.function).parameters.values()
        return tuple(p.replace(annotation=self.hints[p.name]) for p in rest)

    @functools.cached_property
    def signature(self) -> inspect.Signature:
        return inspect.Signature(list(self.parameters), return_annotation=self.returns)

    @property
    def returns(self) -> Any:
        return self.hints["return"]

    @functools.cached_property
    def arguments(self) -> type[BaseModel]:
        """A model of the arguments: every door's input is checked against it."""
        return arguments_model(self.name, self.parameters)

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Named and checked arguments; raises Invalid that names the first wrong one."""
        try:
            placed = self.signature.bind_partial(*args).arguments
            if twice := placed.keys() & kwargs.keys():
                raise TypeError(f"{min(twice)} is given twice")
            checked = self.arguments.model_validate(placed | dict(kwargs))
        except TypeError as error:
            raise Invalid(f"{self.name}: {error}") from error
        except ValidationError as error:
            field, message = explain(error.errors())
            raise Invalid(message, field=field) from error
        arguments = {p.name: getattr(checked, f"{p.name}_") for p in self.parameters}
        if found := unsound(arguments):
            *path, why = found
            inside = path[1:] if isinstance(arguments[path[0]], BaseModel) else path
            field = ".".join(part[:60] for part in inside)
            raise Invalid(f"{field}: {why}.", field=field)
        return arguments


def arguments_model(name: str, parameters: Iterable[inspect.Parameter]) -> type[BaseModel]:
    """Fields are named by alias, so that a parameter may be called `schema`, `copy` or the like."""
    fields: dict[str, Any] = {}
    for p in parameters:
        default = ... if p.default is p.empty else p.default
        fields[f"{p.name}_"] = (p.annotation, Field(default, alias=p.name))
    config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")
    return create_model(f"{name}_arguments", __config__=config, **fields)


OPERATIONS: dict[str, Operation] = {}


def operation(
    route: str,
    *,
    needs: Need,
    effect: Literal["read", "write"] | None = None,
    journaled: bool | None = None,
    rights: Rights = "app",
) -> Callable[[Callable[Concatenate[Caller, P], R]], Callable[Concatenate[Caller, P], R]]:
    """Declare an operation under `"METHOD /path/{parameter}"`. GET reads; all else writes."""
    method, path = route.split(" ")
    does: Literal["read", "write"] = effect or ("read" if method == "GET" else "write")

    def declare(
        function: Callable[Concatenate[Caller, P], R],
    ) -> Callable[Concatenate[Caller, P], R]:
        writes = does == "write"
        kept = writes if journaled is None else journaled
        declared = Operation(function, method, path, needs, does, kept, rights)
        if declared.name in OPERATIONS:
            raise ValueError(f"operation {declared.name} is declared twice")
        OPERATIONS[declared.name] = declared

        @functools.wraps(function)
        def call(caller: Caller, /, *args: P.args, **kwargs: P.kwargs) -> R:
            result: R = perform(declared, caller, args, kwargs)
            return result

        return call

    return declare


def perform(op: Operation, caller: Caller, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """The single call path. See DESIGN: permission, gates, span, function, journal, subscribers."""
    with _observed(op, caller) as watch:
        _permit(op, caller)
        arguments = op.bind(args, kwargs)
        watch["arguments"] = arguments
        for gate in gates(op.name) if op.effect == "write" else ():
            gate(caller, arguments)
        if op.effect == "read":
            result = op.function(caller, **arguments)
            if op.journaled:
                _journal(op, caller, arguments, result, watch)
            return result
        with caller.warehouse.transaction() as warehouse:
            inside = caller.inside(warehouse)
            with _under_way(Course(op, inside, arguments)) as course:
                result = op.function(inside, **arguments)
            if op.journaled and not (course.beside and course.beside.written):
                _journal(op, inside, arguments, result, watch)
        if _depth.get() == 1:
            caller.seen.renew(caller.tenant, result)
    caller.pulse.beat(op.name)
    return result


def signed(condition: str, about: Subject = (None, None)) -> journal.Beside:
    """The journal row of the operation under way, for its own script: one wait instead of two.

    It is appended if the query `condition` finds what the operation has done. The call path writes
    the row itself unless it was `written`. `about` is what is made, where no path names it.
    """
    course = _course.get()
    named = subject(course.op, course.arguments, None)
    course.beside = journal.beside(
        course.caller, course.op.name, condition,
        subject=about if named == (None, None) else named, arguments=course.arguments,
    )  # fmt: skip
    return course.beside


@contextmanager
def _under_way(course: Course) -> Iterator[Course]:
    token = _course.set(course)
    try:
        yield course
    finally:
        _course.reset(token)


def permit(caller: Caller, *operations: str) -> None:
    """Raise Denied unless the caller may call all of these; for one that does their work itself."""
    for name in operations:
        _permit(OPERATIONS[name], caller)


def _permit(op: Operation, caller: Caller) -> None:
    decision = decide(caller, op.needs)
    if not decision.allowed:
        raise Denied(f"{op.name}: {decision.reason}")


def _journal(
    op: Operation, caller: Caller, arguments: Mapping[str, Any], result: Any, watch: dict[str, Any]
) -> None:
    journal.record(
        caller, op.name, "done", subject=subject(op, arguments, result), arguments=arguments,
        seconds=time.perf_counter() - watch["began"],
    )  # fmt: skip


@contextmanager
def _observed(op: Operation, caller: Caller) -> Iterator[dict[str, Any]]:
    """Span, timer, counter; and a journal row for what was refused or failed."""
    watch: dict[str, Any] = {"began": time.perf_counter(), "arguments": None}
    outcome = "done"
    token = _depth.set(_depth.get() + 1)
    try:
        with _tracer.start_as_current_span(op.name):
            yield watch
    except OntosError as error:
        outcome = "refused" if isinstance(error, Denied | Refused) else "failed"
        if _depth.get() == 1 and (outcome == "refused" or op.effect == "write"):
            _journal_failure(op, caller, watch, outcome, error.detail)
        if _depth.get() == 1 and error.aftermath:
            error.aftermath(caller)
        raise
    except Exception as error:
        outcome = "failed"
        if _depth.get() == 1:
            _journal_failure(op, caller, watch, outcome, type(error).__name__)
        raise
    finally:
        _depth.reset(token)
        COUNTER.labels(op.name, outcome).inc()
        OPERATION_SECONDS.labels(op.name).observe(time.perf_counter() - watch["began"])


def _journal_failure(
    op: Operation, caller: Caller, watch: Mapping[str, Any], outcome: Any, reason: str
) -> None:
    arguments = watch["arguments"] or {}
    journal.record(
        caller, op.name, outcome, subject=subject(op, arguments, None), reason=reason[:2000],
        arguments=arguments, seconds=time.perf_counter() - watch["began"],
    )  # fmt: skip


def subject(op: Operation, arguments: Mapping[str, Any], result: Any) -> Subject:
    """What the operation was about: its first path parameter, else what it made."""
    for parameter in op.parameters:
        if "{" + parameter.name + "}" in op.path and parameter.name in arguments:
            kind = parameter.name.removesuffix("_id").removesuffix("_name")
            return kind, str(arguments[parameter.name])
    if isinstance(result, BaseModel):
        made = getattr(result, "id", None) or getattr(result, "name", None)
        if made:
            return _snake(type(result).__name__), str(made)
    return None, None


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")

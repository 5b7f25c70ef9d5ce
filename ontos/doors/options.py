"""Options and arguments of a command, derived from the parameters of its operation.

Path parameters and files are positional. Query scalars are options. A model is given field by field
(`--name x`), as a whole (`--json '{…}'` or `--json @file`), or both: fields then win.
"""

import inspect
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from inspect import Parameter
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ontos.doors.address import place, placed, scalar
from ontos.kernel.operation import Operation
from ontos.kernel.transfer import Download, Upload

_TYPES: dict[Any, click.ParamType[Any]] = {int: click.INT, float: click.FLOAT, bool: click.BOOL}


class Json(click.ParamType[Any]):
    """JSON text, or `@file`."""

    name = "json"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            text = Path(value[1:]).read_text("utf-8") if value.startswith("@") else value
            return json.loads(text)
        except (OSError, UnicodeDecodeError) as error:
            self.fail(f"{value[1:]} cannot be read: {error}.", param, ctx)
        except ValueError as error:
            self.fail(f"this is not JSON: {error}. Give JSON text, or @FILE.", param, ctx)


class Entry(click.ParamType[Any]):
    """One KEY=VALUE of a mapping; a value that is JSON is taken as that, unless it must be text."""

    name = "key=value"

    def __init__(self, text: bool) -> None:
        self._text = text

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Any]:
        key, equals, text = value.partition("=")
        if not equals:
            self.fail(f"{value!r} is not KEY=VALUE.", param, ctx)
        try:
            return key, text if self._text else json.loads(text)
        except ValueError:
            return key, text


@dataclass(frozen=True)
class Source:
    """Where a value goes: a parameter, or one `field` of the model that it takes."""

    parameter: str
    field: str | None = None

    @property
    def key(self) -> str:
        return f"{self.parameter}__{self.field}" if self.field else self.parameter


def model(annotation: Any) -> type[BaseModel] | None:
    """The model that a parameter takes, also where it may be left out."""
    bare = _bare(annotation)
    return bare if isinstance(bare, type) and issubclass(bare, BaseModel) else None


def _models(op: Operation) -> list[str]:
    """The parameters that take a model."""
    return [p.name for p in placed(op, "body") if model(p.annotation)]


def sources(op: Operation) -> Iterator[tuple[Source, Any, Any, str]]:
    """Each value that can be given as an option: source, annotation, default, description."""
    for p in (*placed(op, "query"), *placed(op, "body")):
        body = model(p.annotation)
        if body is None:
            default = ... if p.default is Parameter.empty else p.default
            yield Source(p.name), p.annotation, default, _described(p.annotation)
        for name, info in body.model_fields.items() if body else ():
            default = ... if info.is_required() else info.get_default(call_default_factory=True)
            yield Source(p.name, name), info.annotation, default, info.description or ""


def parameters(op: Operation) -> list[click.Parameter]:
    """Everything that the command accepts."""
    made: list[click.Parameter] = []
    taken = {"help", "output" if op.returns is Download else "table"}
    taken |= {"json"} if _models(op) else set()
    for p in op.parameters:
        if place(op, p) in ("path", "file"):
            kind = click.Path(exists=True, dir_okay=False, path_type=Path)
            made.append(click.Argument([p.name], type=kind if p.annotation is Upload else None))
    for source, annotation, default, about in sources(op):
        name = source.field or source.parameter
        flag = name if name not in taken else source.key.replace("__", "_")
        taken.add(flag)
        made.append(_option(flag, source, annotation, default, about))
    if _models(op):
        made.append(click.Option(["--json"], type=Json(), metavar="JSON|@FILE",
                                 help="The whole body; fields given beside it win."))  # fmt: skip
    return made


def arguments(op: Operation, given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, by parameter; what was not is left to the operation's defaults."""
    made: dict[str, Any] = {}
    for p in op.parameters:
        match place(op, p):
            case "path":
                made[p.name] = given[p.name]
            case "file":
                path: Path = given[p.name]
                made[p.name] = Upload(path, path.name, "application/octet-stream")
            case "body" if model(p.annotation) and p.default is Parameter.empty:
                made[p.name] = {}  # so that the operation names the missing fields
    bodies = _models(op)
    if (whole := given.get("json")) is not None and bodies:
        made |= {bodies[0]: whole} if len(bodies) == 1 else whole
    for source, annotation, _default, _about in sources(op):
        value = given.get(source.key)
        if value is None or value == ():
            continue
        value = _collected(annotation, value)
        if source.field is None:
            made[source.parameter] = value
        else:
            made[source.parameter] = {**(made.get(source.parameter) or {}), source.field: value}
    return made


def _option(flag: str, source: Source, annotation: Any, default: Any, about: str) -> click.Option:
    bare, name = _bare(annotation), flag.replace("_", "-")
    decls = [f"--{name}/--no-{name}" if bare is bool else f"--{name}", source.key]
    required = default is ... and source.field is None
    about = " ".join((about, _shown(default, required))).strip()
    return click.Option(
        decls, type=_type(bare), multiple=_many(bare), required=required, default=None,
        help=about, show_default=False,
    )  # fmt: skip


def _shown(default: Any, required: bool) -> str:
    """The tail of an option's help; click itself says what it requires."""
    if default is ...:
        return "[required]" if not required else ""
    plain = isinstance(default, str | int | float) and default != ""
    return f"[default: {default}]" if plain else ""


def _type(bare: Any) -> click.ParamType[Any]:
    origin = get_origin(bare)
    if origin is Literal:
        return click.Choice([str(choice) for choice in get_args(bare)])
    if origin is list and scalar(get_args(bare)[0]):
        return _type(_bare(get_args(bare)[0]))
    if origin is dict:
        return Entry(text=get_args(bare)[1:] == (str,))
    if not scalar(bare):
        return Json()
    return _TYPES.get(bare, click.STRING)


def _many(bare: Any) -> bool:
    origin = get_origin(bare)
    return origin is dict or (origin is list and scalar(get_args(bare)[0]))


def _collected(annotation: Any, value: Any) -> Any:
    bare = _bare(annotation)
    if not _many(bare):
        return value
    return dict(value) if get_origin(bare) is dict else list(value)


def _bare(annotation: Any) -> Any:
    """Without Annotated, and without the None of an optional value."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _bare(get_args(annotation)[0])
    if origin in (Union, UnionType):
        options = [a for a in get_args(annotation) if a is not NoneType]
        return _bare(options[0]) if len(options) == 1 else annotation
    return annotation


def _described(annotation: Any) -> str:
    """The description in `Annotated[…, Field(description=…)]`."""
    found = [m.description for m in get_args(annotation)[1:] if isinstance(m, FieldInfo)]
    return (found[0] if found else None) or ""


def about(op: Operation) -> str:
    """What the operation does, and what its models say of their fields."""
    docs = [op.function.__doc__ or op.summary]
    docs += [body.__doc__ or "" for p in op.parameters if (body := model(p.annotation))]
    return "\n\n".join(inspect.cleandoc(doc) for doc in docs if doc)

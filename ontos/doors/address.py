"""Where the arguments of an operation travel in a REST request. Every door that speaks of REST
addresses (REST itself, the command line, MCP) goes by this."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from inspect import Parameter
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from urllib.parse import quote, urlencode

from ontos.kernel.operation import Operation
from ontos.kernel.transfer import Upload

PREFIX = "/api/v1"
Place = Literal["path", "query", "body", "file"]
_SCALARS = (str, int, float, bool, datetime, date, Decimal, NoneType)


def place(op: Operation, parameter: Parameter) -> Place:
    """As REST reads it: named in the path, a file, a scalar of the query, or (part of) the body."""
    if "{" + parameter.name + "}" in op.path:
        return "path"
    if parameter.annotation is Upload:
        return "file"
    return "query" if scalar(parameter.annotation) else "body"


def placed(op: Operation, where: Place) -> list[Parameter]:
    return [p for p in op.parameters if place(op, p) == where]


def takes_file(op: Operation) -> bool:
    return bool(placed(op, "file"))


def scalar(annotation: Any) -> bool:
    """One value that fits in a query string."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return scalar(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return all(scalar(option) for option in get_args(annotation))
    if origin is Literal:
        return True
    return isinstance(annotation, type) and issubclass(annotation, (*_SCALARS, Enum))


def address(op: Operation, arguments: Mapping[str, Any]) -> str:
    """Path and query of the operation's route with these arguments."""
    path = PREFIX + op.path
    for parameter in placed(op, "path"):
        value = quote(str(arguments[parameter.name]), safe="")
        path = path.replace("{" + parameter.name + "}", value)
    query = {
        p.name: _text(arguments[p.name])
        for p in placed(op, "query")
        if arguments.get(p.name) is not None
    }
    return f"{path}?{urlencode(query)}" if query else path


def body(op: Operation, arguments: Mapping[str, Any]) -> Any:
    """The JSON body of the request: a single body parameter is the body, several are its fields."""
    names = [p.name for p in placed(op, "body")]
    if len(names) == 1:
        return arguments.get(names[0])
    return {name: arguments[name] for name in names if name in arguments} or None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else str(value)

"""Requests, routes and refusals: what every family of calls is written in."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


class Refusal(Exception):
    """An answer with an error code, in the form that the SDK maps to its exceptions."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def missing(message: str, code: str = "RESOURCE_DOES_NOT_EXIST") -> Refusal:
    return Refusal(404, code, message)


def denied(message: str) -> Refusal:
    return Refusal(403, "PERMISSION_DENIED", message)


def invalid(message: str) -> Refusal:
    return Refusal(400, "INVALID_PARAMETER_VALUE", message)


@dataclass(frozen=True)
class Person:
    """Who asks: a user or the app's service principal."""

    name: str
    groups: frozenset[str] = frozenset()
    admin: bool = False


@dataclass
class Request:
    """`given` holds the parts of the path that the route names, `query` the last value of each."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    content: bytes
    base: str
    person: Person = field(default_factory=lambda: Person("nobody"))
    given: dict[str, str] = field(default_factory=dict)

    @property
    def json(self) -> dict[str, Any]:
        if not self.content:
            return {}
        found = json.loads(self.content)
        assert isinstance(found, dict), f"{self.path} was not sent an object"
        return found

    @property
    def asked(self) -> dict[str, Any]:
        """The parameters, wherever the client put them: MLflow sends those of GET in the query."""
        return {**self.query, **self.json}


@dataclass(frozen=True)
class Raw:
    """An answer that is no JSON."""

    content: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Any]
Routes = list[tuple[str, str, Handler]]


class Router:
    """Finds the handler of a call. `{name}` is one part of a path, `{name*}` the rest of it."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = []

    def add(self, routes: Routes) -> None:
        for method, path, handler in routes:
            pattern = re.sub(r"\{(\w+)\*\}", r"(?P<\1>.+)", path)
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)
            self._routes.append((method, re.compile(pattern), handler))

    def find(self, request: Request) -> Handler:
        for method, pattern, handler in self._routes:
            if method == request.method and (match := pattern.fullmatch(request.path)):
                request.given = {name: unquote(part) for name, part in match.groupdict().items()}
                return handler
        raise missing(f"No API found for '{request.method} {request.path}'", "ENDPOINT_NOT_FOUND")


def read_target(target: str) -> tuple[str, dict[str, str]]:
    """Path and query of a request line; the path stays quoted, for the router to split."""
    parts = urlsplit(target)
    query = parse_qs(parts.query, keep_blank_values=True)
    return parts.path, {name: values[-1] for name, values in query.items()}


def encoded(answer: Any) -> Raw:
    """The bytes of what a handler answered: JSON, unless it is raw already."""
    if isinstance(answer, Raw):
        return answer
    if hasattr(answer, "as_dict"):
        answer = answer.as_dict()
    return Raw(json.dumps(answer or {}).encode(), 200, {"Content-Type": "application/json"})


def refused(error: Refusal) -> Raw:
    told = {"error_code": error.code, "message": error.message}
    return Raw(json.dumps(told).encode(), error.status, {"Content-Type": "application/json"})

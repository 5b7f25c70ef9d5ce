"""Arguments for any operation, made from its declaration: in good form, and of nothing known."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from httpx import Response
from starlette.testclient import TestClient

from ontos.doors.address import PREFIX, placed, takes_file
from ontos.kernel.fields import new_id
from ontos.kernel.operation import Operation, arguments_model

Path = tuple[str | int, ...]

GIVEN = {
    "table_name": "workbench.data_default.missing",
    "source_table": "workbench.data_default.missing",
    "user_prompt": "{{ message }}", "reason": "it must be", "pair_ids": [new_id()],
    "scopes": {"sheets": "read"}, "id": "nothing",
    "allowed_uses": ["training"], "prohibited_uses": ["testing"],
}  # fmt: skip
"""What a name alone tells better than its type."""

LEFT_OUT = ("cursor", "where", "response", "version", "versions")
"""What must fit the store or the other arguments; given only where it must be."""


def made_up(op: Operation) -> dict[str, Any]:
    """Every argument, those that may be left out included, as JSON values."""
    sent = [p for p in op.parameters if p not in placed(op, "file")]
    schema = arguments_model(op.name, sent).model_json_schema()
    return dict(_object(schema, schema.get("$defs", {})))


def _value(name: str, kind: Mapping[str, Any], known: Mapping[str, Any]) -> Any:
    kind = known[kind["$ref"].rsplit("/", 1)[1]] if "$ref" in kind else kind
    if name in GIVEN:
        return GIVEN[name]
    if "anyOf" in kind:
        return _value(name, kind["anyOf"][0], known)
    if "enum" in kind or "const" in kind:
        return kind.get("enum", [kind.get("const")])[0]
    match kind.get("type"):
        case "object" if "additionalProperties" in kind and "properties" not in kind:
            return {"message": _value("", kind["additionalProperties"], known)}
        case "object":
            return dict(_object(kind, known))
        case "array":
            return [_value(name.removesuffix("s"), kind["items"], known)]
        case "integer":
            return int(max(1, kind.get("minimum", 1)))
        case "number":
            return 0.5
        case "boolean":
            return True
    if kind.get("format") == "date-time":
        return "2026-01-01T00:00:00Z"
    return new_id() if name.endswith("_id") else "nothing"


def _object(kind: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, inner in kind.get("properties", {}).items():
        if name not in LEFT_OUT or name in kind.get("required", ()):
            yield name, _value(name, inner, known)


def texts(value: Any, at: Path = ()) -> Iterator[Path]:
    """Where texts are in the arguments."""
    if isinstance(value, str):
        yield at
    parts = value.items() if isinstance(value, dict) else ()
    for key, inner in enumerate(value) if isinstance(value, list) else parts:
        yield from texts(inner, (*at, key))


def put(value: Any, at: Path, text: str) -> Any:
    """The arguments with another text in one place."""
    if not at:
        return text
    key, *rest = at
    copy = list(value) if isinstance(value, list) else dict(value)
    copy[key] = put(value[key], tuple(rest), text)
    return copy


def send(
    client: TestClient, op: Operation, arguments: Mapping[str, Any], **headers: str
) -> Response:
    path = PREFIX + op.path
    for parameter in placed(op, "path"):
        value = quote(arguments[parameter.name], safe="")
        path = path.replace("{" + parameter.name + "}", value)
    bodies = [p.name for p in placed(op, "body")]
    query = {p.name: arguments[p.name] for p in placed(op, "query") if p.name in arguments}
    body = arguments.get(bodies[0]) if bodies else None
    content = b"a,b\n1,2\n" if takes_file(op) else json.dumps(body).encode() if bodies else None
    kind = {"Content-Type": "text/csv" if takes_file(op) else "application/json"}
    return client.request(op.method, path, params=query, content=content, headers=kind | headers)

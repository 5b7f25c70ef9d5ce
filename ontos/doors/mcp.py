"""MCP at /mcp and /api/mcp: each operation is a tool, derived from its declaration.

Stateless: every request says who asks and is served by itself, so nothing has to run between
requests. The `mcp` package costs most of a second to import; the first request pays for it.
"""

import functools
import inspect
import json
import tempfile
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Self

from anyio import to_thread
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from ontos import __version__
from ontos.bootstrap import Workbench
from ontos.doors.address import address, placed
from ontos.doors.envelope import MEGABYTE, Envelope, known
from ontos.doors.identity import from_request
from ontos.kernel.caller import Caller
from ontos.kernel.correlation import correlation
from ontos.kernel.errors import Invalid, NotFound, TooLarge
from ontos.kernel.fields import explain
from ontos.kernel.operation import OPERATIONS, Operation, arguments_model, perform
from ontos.kernel.permission import decide
from ontos.kernel.transfer import Download, Upload

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server
    from mcp.types import CallToolResult, Tool

CALLER = "ontos.caller"
LONGEST = MEGABYTE
"""Bytes of text that a tool returns at most."""

INSTRUCTIONS = (
    "The Ontos ML Workbench: data, sheets, templates, labels, training, deployment, monitoring, "
    "feedback. You see the tools that your token may use. An error is a problem document: `detail` "
    "says what is wrong and what to do, `field` names the argument."
)


def mcp_door(workbench: Callable[[], Workbench]) -> Envelope:
    """What answers under every path of MCP; `workbench` is asked at each request."""
    return Envelope(Door(workbench), lambda _path: _largest(workbench()))


def _largest(bench: Workbench) -> int:
    return bench.settings.max_body_mb * MEGABYTE


class Door:
    """Finds out who asks, then lets MCP answer."""

    def __init__(self, workbench: Callable[[], Workbench]) -> None:
        self._workbench = workbench
        self._lock = Lock()
        self._built: Server[Any] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[CALLER] = await to_thread.run_sync(self._caller, HTTPConnection(scope))
        server = await to_thread.run_sync(self._server)
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        manager = StreamableHTTPSessionManager(
            server, json_response=True, stateless=True,
            max_request_body_size=_largest(self._workbench()),
        )  # fmt: skip
        async with manager.run():
            await manager.handle_request(scope, receive, send)

    def _caller(self, request: HTTPConnection) -> Caller:
        client = request.client.host if request.client else None
        return from_request(self._workbench(), request.headers, client, "mcp")

    def _server(self) -> "Server[Any]":
        with self._lock:
            if self._built is None:
                self._built = mcp_server()
            return self._built


def mcp_server() -> "Server[Any]":
    """The tools of every caller; each request is shown and allowed only its own."""
    from mcp import types
    from mcp.server.lowlevel import Server

    async def list_tools(ctx: Any, _params: Any) -> types.ListToolsResult:
        shown = await to_thread.run_sync(tools, ctx.request.scope[CALLER])
        return types.ListToolsResult(tools=shown)

    async def call_tool(ctx: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        caller = ctx.request.scope[CALLER]
        return await to_thread.run_sync(call, caller, params.name, params.arguments or {})

    return Server(
        "ontos-ml-workbench", version=__version__, title="Ontos ML Workbench",
        instructions=INSTRUCTIONS, on_list_tools=list_tools, on_call_tool=call_tool,
        get_tool_input_schema=lambda name: schema(name) if name in OPERATIONS else None,
    )  # fmt: skip


def tools(caller: Caller) -> "list[Tool]":
    """The tools that the caller's roles and the token's scopes allow, by name."""
    allowed = [op for op in OPERATIONS.values() if decide(caller, op.needs).allowed]
    return [_tool(op.name) for op in sorted(allowed, key=lambda op: op.name)]


@functools.cache
def _tool(name: str) -> "Tool":
    from mcp.types import Tool, ToolAnnotations

    op = OPERATIONS[name]
    hints = ToolAnnotations(
        read_only_hint=op.effect == "read",
        destructive_hint=op.method == "DELETE",
        open_world_hint=False,
    )
    about = f"{inspect.getdoc(op.function) or op.summary}\n\nNeeds {op.needs}."
    return Tool(name=name, description=about, input_schema=schema(name), annotations=hints)


@functools.cache
def schema(name: str) -> dict[str, Any]:
    """JSON schema of a tool's arguments; models are nested objects, files are attachments."""
    received = [
        p.replace(annotation=Attachment) if p.annotation is Upload else p
        for p in OPERATIONS[name].parameters
    ]
    return arguments_model(name, received).model_json_schema()


def call(caller: Caller, name: str, arguments: Mapping[str, Any]) -> "CallToolResult":
    """Perform one operation; what it refuses is the tool's answer, marked as an error."""
    from mcp.types import CallToolResult, TextContent

    try:
        op = _operation(name)
        with carried(op, arguments) as ready:
            shown = answer(op, arguments, perform(op, caller, (), ready))
    except Exception as error:
        shown, failed = known(error).problem(correlation()), True
    else:
        failed = False
    text = shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False)
    structured = shown if isinstance(shown, dict) else {"result": shown}
    content = [TextContent(type="text", text=text)]
    return CallToolResult(content=list(content), structured_content=structured, is_error=failed)


def _operation(name: str) -> Operation:
    if name not in OPERATIONS:
        raise NotFound(f"There is no tool {name!r}. tools/list names yours.", field="name")
    return OPERATIONS[name]


def answer(op: Operation, arguments: Mapping[str, Any], result: Any) -> Any:
    """The result as JSON values; a download as its text."""
    if isinstance(result, Download):
        return _read(op, arguments, result)
    return json.loads(TypeAdapter(op.returns).dump_json(result))


def _read(op: Operation, arguments: Mapping[str, Any], download: Download) -> str:
    kept, size = [], 0
    for chunk in download.chunks:
        size += len(chunk.encode())
        if size > LONGEST:
            raise TooLarge(
                f"{download.name} is larger than {LONGEST // MEGABYTE} MB, which is too long for a "
                f"tool's answer. Download it: {op.method} {address(op, arguments)}"
            )
        kept.append(chunk)
    return "".join(kept)


class Attachment(BaseModel):
    """A file, given as `text` or as `base64`: one of the two."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="File name, with its ending.")
    content_type: str = "application/octet-stream"
    text: str | None = None
    base64: str | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.text is None) == (self.base64 is None):
            raise ValueError("give the content either as text or as base64")
        return self

    @field_validator("base64")
    @classmethod
    def _decodable(cls, value: str | None) -> str | None:
        b64decode(value or "", validate=True)  # binascii.Error is a ValueError
        return value

    def content(self) -> bytes:
        return (self.text or "").encode() if self.base64 is None else b64decode(self.base64)


@contextmanager
def carried(op: Operation, arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The arguments with attachments laid out as files, which are gone afterwards."""
    ready = dict(arguments)
    with tempfile.TemporaryDirectory(prefix="ontos-upload-") as folder:
        for field in (p.name for p in placed(op, "file") if p.name in ready):
            ready[field] = _laid_out(field, ready[field], Path(folder) / field)
        yield ready


def _laid_out(field: str, given: Any, path: Path) -> Upload:
    try:
        attachment = Attachment.model_validate(given)
    except ValidationError as error:
        inner, message = explain([{**e, "loc": (field, *e["loc"])} for e in error.errors()])
        raise Invalid(message, field=inner) from error
    path.write_bytes(attachment.content())
    return Upload(path, attachment.name, attachment.content_type)

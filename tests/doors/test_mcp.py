"""MCP, with the official client over streamable HTTP against a served app."""

import base64
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio
import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult
from starlette.testclient import TestClient

from ontos.doors.mcp import LONGEST
from ontos.kernel.operation import OPERATIONS
from tests.doors.toys import SHELF

T = TypeVar("T")


def talk(
    address: str, then: Callable[[Client], Awaitable[T]], token: str | None = None,
    mode: str = "auto",
) -> T:  # fmt: skip
    """Connect as a client does, and let `then` use the connection."""

    async def connected() -> T:
        headers = {"X-Ontos-Token": token} if token else {}
        async with (
            httpx2.AsyncClient(headers=headers) as http,
            Client(streamable_http_client(address, http_client=http), mode=mode) as client,
        ):
            return await then(client)

    return anyio.run(connected)


def called(address: str, tool: str, token: str | None = None, **arguments: Any) -> CallToolResult:
    return talk(address, lambda client: client.call_tool(tool, arguments), token)


def listed(address: str, token: str | None = None) -> dict[str, Any]:
    found = talk(address, lambda client: client.list_tools(), token)
    return {tool.name: tool for tool in found.tools}


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize("path", ["/mcp", "/api/mcp"])
def test_both_addresses_speak_both_protocols(url: str, path: str, mode: str) -> None:
    async def then(client: Client) -> CallToolResult:
        assert "create_toy" in {tool.name for tool in (await client.list_tools()).tools}
        return await client.call_tool("create_toy", {"spec": {"name": "top"}})

    made = talk(url + path, then, mode=mode)
    assert not made.is_error
    assert made.structured_content["name"] == "top"


def test_the_start_does_not_pay_for_the_doors() -> None:
    code = (
        "import sys; from ontos.doors.server import routes; routes();"
        "sys.exit(any(name in sys.modules for name in ('mcp', 'fastapi', 'duckdb', 'sqlglot')))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_every_operation_is_a_tool_of_the_administrator(url: str) -> None:
    assert set(listed(url + "/mcp")) == set(OPERATIONS)


def test_a_tool_is_described_by_its_operation(url: str) -> None:
    tools = listed(url + "/mcp")
    create, fetch, delete = tools["create_toy"], tools["get_toy"], tools["delete_toy"]
    assert create.description.startswith("Put a toy on the shelf.")
    assert fetch.annotations.read_only_hint
    assert not create.annotations.read_only_hint
    assert delete.annotations.destructive_hint
    spec = create.input_schema["$defs"]["ToySpec"]
    assert create.input_schema["required"] == ["spec"]
    assert spec["required"] == ["name"]
    assert spec["properties"]["weight"]["description"] == "In grams."


def test_a_token_sees_the_tools_of_its_scopes(url: str, reader: str) -> None:
    seen = listed(url + "/mcp", reader)
    assert {"list_toys", "get_toy"} <= set(seen)
    assert not {"create_toy", "delete_toy", "list_audit"} & set(seen)


def test_a_tool_beyond_the_scope_is_refused_with_the_reason(url: str, reader: str) -> None:
    assert not called(url + "/mcp", "list_toys", reader).is_error
    refused = called(url + "/api/mcp", "create_toy", reader, spec={"name": "top"})
    assert refused.is_error
    assert refused.structured_content["type"] == "urn:ontos:problem:denied"
    assert "token's scope is read" in refused.structured_content["detail"]
    assert SHELF == {}


def test_a_role_hides_and_refuses_too(url: str, labeler: str) -> None:
    assert "create_toy" not in listed(url + "/mcp", labeler)
    assert called(url + "/mcp", "create_toy", labeler, spec={"name": "top"}).is_error


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"spec": {}}, "spec.name"),
        ({"spec": {"name": "x", "colour": "green"}}, "spec.colour"),
        ({}, "spec"),
        ({"spec": {"name": "x"}, "more": 1}, "more"),
    ],
)
def test_wrong_arguments_are_a_problem_document(
    url: str, arguments: dict[str, Any], field: str
) -> None:
    refused = called(url + "/mcp", "create_toy", **arguments)
    assert refused.is_error
    problem = refused.structured_content
    assert problem["status"] == 422
    assert problem.get("field") == field
    assert len(problem["correlation_id"]) == 32
    assert problem["detail"] in refused.content[0].text


def test_an_unknown_tool_is_named(url: str) -> None:
    refused = called(url + "/mcp", "no_such_tool")
    assert refused.is_error
    assert "no_such_tool" in refused.structured_content["detail"]


def test_an_unforeseen_failure_hides_its_inside(url: str) -> None:
    refused = called(url + "/mcp", "break_toys")
    assert refused.is_error
    assert refused.structured_content["status"] == 500
    assert "ZeroDivision" not in refused.content[0].text


def test_what_is_no_object_is_wrapped(url: str) -> None:
    weighed = called(url + "/mcp", "weigh_toys")
    assert weighed.structured_content == {"result": [1.5, None]}
    assert weighed.content[0].text == "[1.5, null]"


@pytest.mark.parametrize(
    "content", [{"text": "top\nball\n"}, {"base64": base64.b64encode(b"top\nball\n").decode()}]
)
def test_a_file_is_an_attachment(url: str, content: dict[str, str]) -> None:
    file = {"name": "a.csv", "content_type": "text/csv"} | content
    answer = called(url + "/mcp", "upload_toys", file=file, name="shelf")
    expected = {"to": "shelf", "rows": 2, "file": "a.csv", "type": "text/csv"}
    assert answer.structured_content == expected


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({}, "file"),
        ({"text": "a", "base64": "YQ=="}, "file"),
        ({"base64": "no!"}, "file.base64"),
        ({"path": "/etc/hostname", "text": "a"}, "file.path"),
    ],
)
def test_a_wrong_attachment_is_named(url: str, content: dict[str, str], field: str) -> None:
    answer = called(url + "/mcp", "upload_toys", file={"name": "toys.csv"} | content)
    assert answer.is_error
    assert answer.structured_content["field"] == field


def test_a_download_is_text(url: str) -> None:
    answer = called(url + "/mcp", "export_toys", lines=2)
    assert answer.content[0].text == "toy ünit 0\ntoy ünit 1\n"


def test_a_long_download_names_its_rest_address(url: str) -> None:
    lines = LONGEST // len("toy ünit 1")
    answer = called(url + "/mcp", "export_toys", lines=lines)
    assert answer.is_error
    assert f"GET /api/v1/toys/export?lines={lines}" in answer.structured_content["detail"]


def test_calls_do_not_wait_for_each_other(url: str) -> None:
    async def then(client: Client) -> int:
        results: list[CallToolResult] = []

        async def one(n: int) -> None:
            results.append(await client.call_tool("create_toy", {"spec": {"name": f"t{n}"}}))

        async with anyio.create_task_group() as group:
            for n in range(8):
                group.start_soon(one, n)
        return sum(not result.is_error for result in results)

    assert talk(url + "/mcp", then) == 8
    assert len(SHELF) == 8


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example.com"}, {"Host": "example.com"},
                {"Sec-Fetch-Site": "cross-site"}, {"X-Ontos-Token": "made up"}],
)  # fmt: skip
def test_nobody_is_let_in_from_elsewhere(api: TestClient, headers: dict[str, str]) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    kinds = {"Accept": "application/json, text/event-stream"}
    answer = api.post("/mcp", json=body, headers=kinds | headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == answer.json()["correlation_id"]


def test_a_body_over_the_limit_is_refused(api: TestClient) -> None:
    answer = api.post("/mcp", content=b" " * (17 * 1024 * 1024))
    assert answer.status_code == 413

"""The same project through every door: named by a header, an option, or the token itself."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from click.testing import CliRunner
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from starlette.testclient import TestClient

from ontos.bootstrap import Workbench, open_workbench
from ontos.doors.cli import root
from ontos.govern.members import MemberSpec, grant_role
from ontos.govern.projects import ProjectSpec, create_project, list_projects
from ontos.govern.tokens import TokenSpec, create_token
from ontos.kernel.settings import settings
from ontos.workspace import Person

Ask = Callable[..., dict[str, Any]]
READ = TokenSpec(title="reads", scopes={"sheets": "read"})


@pytest.fixture(autouse=True)
def projects(bench: Workbench) -> None:
    """Two of them, and somebody who has a role in the first alone."""
    me = bench.local_caller()
    if not list_projects(me):
        for key in ("alpha", "beta"):
            create_project(me, ProjectSpec(id=key, title=key.capitalize()))
        spec = MemberSpec(principal="ann@example.org", role="admin", project="alpha")
        grant_role(me, spec)


@pytest.fixture
def bound(bench: Workbench) -> str:
    """A token made in the first project by its administrator."""
    ann = bench.directory.of_person(Person("ann@example.org"), project="alpha")
    return create_token(ann, READ).secret


@pytest.fixture
def wide(bench: Workbench) -> str:
    """A token of the org's administrator, made in the common project."""
    return create_token(bench.local_caller(), READ).secret


def rest(api: TestClient, _url: str, headers: dict[str, str]) -> dict[str, Any]:
    return dict(api.get("/api/v1/me", headers=headers).json())


def mcp(_api: TestClient, url: str, headers: dict[str, str]) -> dict[str, Any]:
    async def asked() -> dict[str, Any]:
        async with httpx2.AsyncClient(headers=headers) as http:
            if (answer := await http.post(f"{url}/mcp", json={})).status_code == 403:
                return dict(answer.json())
            async with Client(streamable_http_client(f"{url}/mcp", http_client=http)) as client:
                return dict((await client.call_tool("whoami", {})).structured_content or {})

    return anyio.run(asked)


def command(_api: TestClient, url: str, headers: dict[str, str]) -> dict[str, Any]:
    options = {"X-Ontos-Token": "--token", "X-Ontos-Project": "--project", "X-Ontos-Org": "--org"}
    given = [word for name, value in headers.items() for word in (options[name], value)]
    asked = CliRunner().invoke(root, ["--url", url, *given, "govern", "whoami"])
    return dict(json.loads(asked.stdout or asked.stderr))


@pytest.fixture(params=[rest, mcp, command], ids=lambda door: door.__name__)
def ask(request: pytest.FixtureRequest, api: TestClient, url: str) -> Ask:
    """Who one is, through one of the doors: `ask(token=…, project=…, org=…)`."""

    def through(**given: str) -> dict[str, Any]:
        headers = {f"X-Ontos-{name.capitalize()}": value for name, value in given.items()}
        return dict(request.param(api, url, headers))

    return through


def test_a_project_is_asked_for_by_name(ask: Ask) -> None:
    assert ask()["project"] is None
    assert ask(project="alpha")["project"] == "alpha"
    assert ask(project="beta", org="default")["project"] == "beta"


def test_what_there_is_not_is_denied(ask: Ask) -> None:
    for name in ("nope", "a'; --", "../alpha", "alpha__x"):
        assert (ask(project=name)["status"], ask(project=name)["field"]) == (403, "project")


def test_a_bound_token_needs_no_header_and_takes_no_other(ask: Ask, bound: str) -> None:
    me = ask(token=bound)
    assert (me["user"], me["project"]) == ("ann@example.org", "alpha")
    assert ask(token=bound, project="alpha")["project"] == "alpha"
    for other in ("beta", "nope"):
        refused = ask(token=bound, project=other)
        assert (refused["status"], refused["field"]) == (403, "project")


def test_a_wide_token_goes_where_its_user_may(ask: Ask, wide: str) -> None:
    places = [ask(token=wide, **at)["project"] for at in ({}, {"project": "alpha"})]
    assert places == [None, "alpha"]
    assert ask(token=wide, project="nope")["status"] == 403


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A store with a project, for the command line to open itself."""
    monkeypatch.setenv("ONTOS_HOME", str(tmp_path / "cli"))
    monkeypatch.setenv("PORT", "9")
    settings.cache_clear()
    bench = open_workbench()
    create_project(bench.local_caller(), ProjectSpec(id="alpha", title="Alpha"))
    bench.close()
    yield tmp_path
    settings.cache_clear()


def test_the_command_line_works_in_a_project_of_the_store(home: Path) -> None:
    def run(*words: str) -> Any:
        done = CliRunner().invoke(root, words, prog_name="python -m ontos")
        return json.loads(done.stdout or done.stderr)

    spec = ("generate", "create-template", "--name", "t", "--label-type", "k", "--user-prompt", "x")
    made = run("--project", "alpha", *spec)
    assert [t["id"] for t in run("--project", "alpha", "generate", "list-templates")] == [
        made["id"]
    ]
    assert run("generate", "list-templates") == []
    assert run("--project", "nope", "generate", "list-templates")["field"] == "project"

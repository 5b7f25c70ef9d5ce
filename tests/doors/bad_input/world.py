"""One workbench with something of everything in it, and the form in which it must refuse."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from httpx import Response
from starlette.applications import Starlette
from starlette.testclient import TestClient

from ontos.bootstrap import Workbench, declare
from ontos.doors.server import routes
from ontos.govern.tokens import TokenSpec, create_token
from ontos.kernel.caller import Caller
from ontos.kernel.permission import FEATURES
from ontos.workspace import Person

declare()  # tables of cases are made out of the operations while tests are collected

REMEDY = re.compile(
    r"\b(add|allow|analyse|approve|archive|ask|assemble|browse|change|choose|close|correct|create|deploy"
    r"|evaluate|give|it has|it may|keep|leave|list|load|make|move|must|name|nothing to|pass|publish"
    r"|review|revise|save|say|see|send|should|sign|split|take|train|try|update|upload|use|wait|wants"
    r"|write)\b|(Features|Roles|Versions): ",
    re.I,
)
"""A refusal tells what to do, or that there is nothing to do: one of these is in it."""

UNCOUNTED = ("journal", "outbox_positions", "endpoint_metrics")
"""Tables that a refusal may write to: that it was asked, and that it was refused."""


@dataclass(frozen=True)
class Case:
    """What is sent, and the refusal that it gets: its status, the field at fault, and some words.

    `{sheet}` and the like, in the path or as a whole value, stand for ids of the world.
    """

    what: str
    call: str
    status: int
    field: str | None
    says: str
    body: Any = None
    query: Mapping[str, Any] = field(default_factory=dict)
    content: bytes | str | None = None
    kind: str = "application/json"

    def __str__(self) -> str:
        return self.what


class World:
    """`ids` are those that cases may name; `unchanged` is asked after each refusal."""

    def __init__(self, bench: Workbench, ids: dict[str, str]) -> None:
        self.bench, self.ids = bench, ids
        self.app = Starlette(routes=routes(lambda *_: bench))
        self.before: Mapping[str, Any] = {}

    @cached_property
    def api(self) -> TestClient:
        """The local administrator."""
        return TestClient(self.app, "http://127.0.0.1:8501", client=("127.0.0.1", 50000))

    def client(self, caller: Caller, **scopes: str) -> TestClient:
        """Somebody else, with all of their rights unless `scopes` are named."""
        given = scopes or {
            f.key: caller.levels[f.key].name for f in FEATURES if caller.levels.get(f.key)
        }
        token = create_token(caller, TokenSpec(title="test", scopes=given)).secret
        return TestClient(self.app, "http://127.0.0.1:8501", headers={"X-Ontos-Token": token})

    def person(self, name: str) -> Caller:
        return self.bench.directory.of_person(Person(name))

    def ask(self, case: Case) -> Response:
        method, _, path = case.call.partition(" ")
        sent: dict[str, Any] = {"params": filled(case.query, self.ids)}
        if case.content is not None:
            sent |= {"content": case.content, "headers": {"Content-Type": case.kind}}
        elif case.body is not None:
            sent["json"] = filled(case.body, self.ids)
        return self.api.request(method, f"/api/v1{path.format(**self.ids)}", **sent)

    def make(self, method: str, path: str, **sent: Any) -> Any:
        """What an accepted request answers."""
        answer = self.api.request(method, f"/api/v1{path}", **sent)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def begin(self) -> None:
        """From here on nothing may change."""
        self.before = self.state()

    def state(self) -> dict[str, Any]:
        """How many rows each table has and how often they were changed; and the uploads' tables."""
        uploads = self.bench.engine.rows(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'data_default'"
        )
        store = self.bench.store("default")
        found = store.rows(" UNION ALL ".join(self._counts))
        system = store.within("ontos_system").rows(
            "SELECT (SELECT count(*) FROM orgs) AS orgs, (SELECT count(*) FROM members) AS members,"
            " (SELECT count(*) FROM tokens WHERE revoked_at IS NULL) AS tokens"
        )
        counted = {row["name"]: (row["n"], row["changes"]) for row in found}
        return {"uploads": sorted(row["table_name"] for row in uploads), **counted, **system[0]}

    @cached_property
    def _counts(self) -> list[str]:
        columns = self.bench.engine.rows(
            "SELECT table_name, count_if(column_name = 'version') AS versions"
            " FROM information_schema.columns WHERE table_schema = 'org_default'"
            " GROUP BY table_name ORDER BY table_name"
        )
        return [
            f"SELECT '{row['table_name']}' AS name, count(*) AS n,"
            f" {'CAST(sum(version) AS BIGINT)' if row['versions'] else '0'} AS changes"
            f" FROM {row['table_name']}"
            for row in columns
            if row["table_name"] not in UNCOUNTED
        ]


def filled(value: Any, ids: Mapping[str, str]) -> Any:
    """The value with ids in place of `{name}`."""
    if isinstance(value, Mapping):
        return {filled(k, ids): filled(v, ids) for k, v in value.items()}
    if isinstance(value, list):
        return [filled(each, ids) for each in value]
    named = re.fullmatch(r"\{(\w+)\}", value) if isinstance(value, str) else None
    return ids[named[1]] if named else value


def problem(answer: Response) -> dict[str, Any]:
    """The RFC 9457 document of a refusal, in its proper form."""
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "correlation_id"} <= set(document), document
    assert document["status"] == answer.status_code
    assert document["correlation_id"] == answer.headers["x-request-id"]
    assert len(document["detail"]) <= 1_200
    return document


def refused(world: World, case: Case) -> dict[str, Any]:
    """The case is refused as it says, in words that tell what to do, and nothing is changed."""
    answer = world.ask(case)
    assert answer.status_code == case.status, answer.text
    document = problem(answer)
    assert document.get("field") == case.field, document
    assert case.says in document["detail"], document["detail"]
    assert REMEDY.search(document["detail"]), document["detail"]
    assert world.state() == world.before
    return document

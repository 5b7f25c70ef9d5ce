"""REST: routes, documents and limits are the same for every operation."""

import json
import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from ontos.bootstrap import Workbench
from ontos.doors.envelope import MEGABYTE
from ontos.govern.audit import list_audit
from ontos.kernel.operation import OPERATIONS
from tests.doors.toys import SHELF

TOY = {"name": "top", "colour": "blue"}


def make(api: TestClient, **spec: object) -> dict:
    answer = api.post("/api/v1/toys", json=TOY | spec)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_every_operation_has_its_route(api: TestClient) -> None:
    paths = api.get("/api/openapi.json").json()["paths"]
    documented = {entry["operationId"] for methods in paths.values() for entry in methods.values()}
    assert documented == set(OPERATIONS)


def test_each_model_has_a_name_of_its_own(api: TestClient) -> None:
    """Of two that are called alike the documentation would give the names of their modules."""
    schemas = api.get("/api/openapi.json").json()["components"]["schemas"]
    assert [name for name in schemas if "__" in name] == []


def test_openapi_says_how_refusals_look_and_who_may(api: TestClient) -> None:
    paths = api.get("/api/openapi.json").json()["paths"]
    create, upload = paths["/v1/toys"]["post"], paths["/v1/toys/files"]["post"]
    assert "application/problem+json" in create["responses"]["default"]["content"]
    assert "Needs write on sheets" in create["description"]
    assert "text/csv" in upload["requestBody"]["content"]
    assert {p["name"] for p in upload["parameters"]} == {"name", "file_name"}


def test_docs_page_needs_no_other_host(api: TestClient) -> None:
    page = api.get("/api/docs").text
    brought = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert "/api/openapi.json" in page and len(brought) >= 3
    assert [api.get(path).status_code for path in brought] == [200] * len(brought)
    assert all(path.startswith("/api/") for path in brought)


def test_create_read_list_delete(api: TestClient) -> None:
    made = make(api, sizes={"s": 1}, parts=[{"title": "peg"}])
    assert api.get(f"/api/v1/toys/{made['id']}").json() == made
    assert api.get("/api/v1/toys", params={"colour": "red"}).json()["items"] == []
    assert api.get("/api/v1/toys", params={"colour": "blue"}).json()["items"] == [made]
    assert api.delete(f"/api/v1/toys/{made['id']}").status_code == 200
    assert api.get(f"/api/v1/toys/{made['id']}").status_code == 404


def test_pages_follow_the_cursor(api: TestClient) -> None:
    made = [make(api, name=f"t{n}")["id"] for n in range(5)]
    seen, more = [], {}
    while more is not None:
        found = api.get("/api/v1/toys", params={"limit": 2} | more).json()
        seen += [toy["id"] for toy in found["items"]]
        more = {"cursor": found["next_cursor"]} if found["next_cursor"] else None
    assert seen == made


def test_a_figure_that_json_cannot_hold_is_null(api: TestClient) -> None:
    assert api.get("/api/v1/toys/weights").json() == [1.5, None]


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/v1/nothing", "/api/v2"])
def test_unknown_paths_are_problem_documents(api: TestClient, path: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "/api/docs" in answer.json()["detail"]


def test_a_wrong_method_names_what_was_tried(api: TestClient) -> None:
    answer = api.patch("/api/v1/toys")
    assert answer.status_code == 405
    assert "PATCH" in answer.json()["detail"]
    assert answer.headers["allow"]


def test_correlation_id_is_in_header_document_and_journal(
    api: TestClient, bench: Workbench
) -> None:
    answer = api.post("/api/v1/toys", json={}, headers={"X-Request-Id": "walk-1"})
    assert answer.headers["x-request-id"] == "walk-1"
    assert answer.json()["correlation_id"] == "walk-1"
    made = api.post("/api/v1/toys", json=TOY, headers={"X-Request-Id": "walk-2"})
    assert made.headers["x-request-id"] == "walk-2"
    trail = list_audit(bench.local_caller()).items
    assert [e.operation for e in trail if e.correlation_id == "walk-2"] == ["create_toy"]


def test_an_implausible_correlation_id_is_replaced(api: TestClient) -> None:
    answer = api.get("/api/v1/toys", headers={"X-Request-Id": "a b\tc" * 40})
    assert len(answer.headers["x-request-id"]) == 32


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({}, "name"),
        (TOY | {"colour": "green"}, "colour"),
        (TOY | {"nonsense": 1}, "nonsense"),
        (TOY | {"parts": [{}]}, "parts.0.title"),
        (TOY | {"path": 7}, "path"),
        (TOY | {"name": "two\nlines"}, "name"),
        (TOY | {"name": "x" * 10_000}, "name"),
    ],
)
def test_a_wrong_body_names_the_field(api: TestClient, spec: dict, field: str) -> None:
    answer = api.post("/api/v1/toys", json=spec)
    assert answer.status_code == 422
    assert answer.json()["field"] == field
    assert answer.json()["detail"].startswith(field)
    assert answer.json()["type"] == "urn:ontos:problem:invalid"


@pytest.mark.parametrize("name", ["O'Toole; DROP TABLE toys", "🧸", 'a "quoted" one'])
def test_names_are_taken_as_they_are(api: TestClient, name: str) -> None:
    assert make(api, name=name)["name"] == name


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/toys?limit=0", "limit"),
        ("/toys?limit=many", "limit"),
        ("/toys?cursor=%25%25", "cursor"),
        ("/toys/not-an-id", "toy_id"),
    ],
)
def test_a_wrong_parameter_names_the_field(api: TestClient, path: str, field: str) -> None:
    answer = api.get(f"/api/v1{path}")
    assert answer.status_code == 422
    assert answer.json()["field"] == field


def test_what_is_not_json_is_said_to_be_not_json(api: TestClient) -> None:
    answer = api.post(
        "/api/v1/toys", content=b'{"name": ', headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.json()["field"] == "body"
    assert "not JSON" in answer.json()["detail"]


def test_a_missing_body_is_named(api: TestClient) -> None:
    assert api.post("/api/v1/toys").json()["field"] == "body"


def test_an_unforeseen_failure_hides_its_inside(
    api: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = api.get("/api/v1/toys/breakage", headers={"X-Request-Id": "broke"})
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] == answer.json()["correlation_id"] == "broke"
    assert "ZeroDivisionError" not in answer.text


def test_an_upload_arrives_as_a_file(api: TestClient) -> None:
    answer = api.post(
        "/api/v1/toys/files", params={"name": "shelf"}, content="top\nball\n",
        headers={"Content-Type": "text/csv; charset=utf-8"},
    )  # fmt: skip
    assert answer.status_code == 201
    assert answer.json() == {"to": "shelf", "rows": 2, "file": "shelf", "type": "text/csv"}
    named = api.post("/api/v1/toys/files", params={"file_name": "a.csv"}, content="top\n")
    assert (named.json()["to"], named.json()["file"]) == ("toys", "a.csv")
    assert {toy.name for toy in SHELF.values()} == {"top", "ball"}


def test_a_download_is_streamed_under_its_name(api: TestClient) -> None:
    answer = api.get("/api/v1/toys/export", params={"lines": 2})
    assert answer.text == "toy ünit 0\ntoy ünit 1\n"
    assert answer.headers["content-type"].startswith("text/plain")
    assert "t%C3%B6ys.txt" in answer.headers["content-disposition"]
    assert api.get("/api/v1/toys/export", params={"lines": 0}).text == ""


def test_a_download_that_fails_at_once_says_so(api: TestClient) -> None:
    answer = api.get("/api/v1/toys/export", params={"broken": True})
    assert answer.status_code == 503
    assert "does not answer" in answer.json()["detail"]


def parts(megabytes: int) -> Iterator[bytes]:
    """A body of unannounced length."""
    yield from (b" " * MEGABYTE for _ in range(megabytes))


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_over_the_limit_is_refused(
    api: TestClient, bench: Workbench, announced: bool
) -> None:
    limit = bench.settings.max_body_mb
    body = b" " * (limit * MEGABYTE + 1) if announced else parts(limit + 1)
    answer = api.post("/api/v1/toys", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.json()["field"] == "body"
    assert f"{limit} MB" in answer.json()["detail"]
    assert answer.headers["x-request-id"] == answer.json()["correlation_id"]


def test_files_have_a_larger_limit(api: TestClient, bench: Workbench) -> None:
    body = b"x" * (bench.settings.max_body_mb * MEGABYTE + 1)
    answer = api.post("/api/v1/toys/files", content=body, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 201


def test_a_file_content_type_does_not_raise_the_limit_elsewhere(
    api: TestClient, bench: Workbench
) -> None:
    body = b"x" * (bench.settings.max_body_mb * MEGABYTE + 1)
    answer = api.post("/api/v1/toys", content=body, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "workbench.example.com"},
        {"Origin": "http://evil.example.com"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Ontos-Token": "made up"},
    ],
)
def test_nobody_is_let_in_from_elsewhere(api: TestClient, headers: dict[str, str]) -> None:
    answer = api.get("/api/v1/toys", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["type"] == "urn:ontos:problem:unauthenticated"


def test_a_token_carries_its_scopes_only(api: TestClient, reader: str) -> None:
    seen = api.get(
        "/api/v1/toys", headers={"X-Ontos-Token": reader, "Host": "elsewhere.example.com"}
    )
    assert seen.status_code == 200
    refused = api.post("/api/v1/toys", json=TOY, headers={"X-Ontos-Token": reader})
    assert refused.status_code == 403
    assert "token's scope is read" in refused.json()["detail"]


def test_a_role_is_the_ceiling_of_its_tokens(api: TestClient, labeler: str) -> None:
    refused = api.post("/api/v1/toys", json=TOY, headers={"X-Ontos-Token": labeler})
    assert refused.status_code == 403
    assert "labeler" in refused.json()["detail"]


def test_an_org_of_others_is_denied(api: TestClient) -> None:
    answer = api.get("/api/v1/toys", headers={"X-Ontos-Org": "nobodys"})
    assert answer.status_code == 403
    assert answer.json()["field"] == "org"


def test_operations_are_counted(api: TestClient) -> None:
    make(api)
    assert (
        'ontos_operations_total{operation="create_toy",outcome="done"}' in api.get("/metrics").text
    )


def test_health_names_what_it_leans_on(api: TestClient) -> None:
    assert api.get("/healthz").json() == {"status": "ok"}
    ready = api.get("/readyz")
    assert set(ready.json()["checks"]) == {"warehouse", "models"}
    assert ready.status_code == 200, json.dumps(ready.json())

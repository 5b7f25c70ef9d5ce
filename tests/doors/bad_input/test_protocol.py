"""What goes wrong before any operation is asked: JSON, sizes, paths, methods, pages, cursors."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from ontos.kernel.operation import OPERATIONS
from ontos.kernel.paging import encode
from tests.doors.bad_input.world import Case, World, problem, refused

SHEETS = "POST /sheets"
HALF_MEGABYTE = 1 << 19


def body(what: str, content: bytes | str, says: str, field: str = "body") -> Case:
    return Case(what, SHEETS, 422, field, says, content=content)


def spec(what: str, field: str, says: str, **fields: object) -> Case:
    given = {"name": "x", "source_table": "{table}"} | fields
    return Case(what, SHEETS, 422, field, says, given)


BODIES = [
    body("no body", b"", "is missing. Add it"),
    body("cut JSON", '{"name": ', "is not JSON that can be read (Expecting value, at character 9)"),
    body("no JSON", "name=x", "Correct it, then send it again"),
    body("not UTF-8", b'{"name": "\xff"}', "it is not UTF-8"),
    body("nested too deep", '{"a":' * 50_000, "it is nested too deep"),
    body("lists nested too deep", "[" * 100_000, "it is nested too deep"),
    body("number of 5,000 digits", "1" * 5_000, "a number in it is too long"),
    *(body(f"only {text}", text, "must be an object with named fields")
      for text in ("null", "[]", "7", '"x"', "NaN")),
    Case("JSON called text", SHEETS, 422, "body", "Content-Type: application/json",
         content='{"name": "x"}', kind="text/plain"),
    Case("a form", SHEETS, 422, "body", "Content-Type: application/json",
         content="name=x", kind="application/x-www-form-urlencoded"),
    body("NaN for text", '{"name": NaN, "source_table": "a"}', "must be a valid string", "name"),
    body("half a character", r'{"name": "x", "source_table": "\ud800"}', "Send whole characters",
         "source_table"),
    body("half a character in a name", r'{"name": "a\udfff", "source_table": "a.b.c"}',
         "Send whole characters", "name"),
    body("field of half a character", r'{"\ud800": 1}', "Send whole characters"),
    spec("unknown field", "colour", "Correct its name, or leave it out", colour="red"),
    spec("endless unknown field", "x" * 60, "is not known here", **{"x" * 9_999: 1}),
    spec("number for text", "name", "must be a valid string", name=7),
    spec("text for an object", "modalities", "must be a valid dictionary", modalities="text"),
    spec("null for text", "source_table", "must be a valid string", source_table=None),
    spec("zero byte", "description", "holds a zero byte. Take it out", description="a\0b"),
    spec("zero byte in a key", "modalities", "holds a zero byte", modalities={"a\0": "text"}),
    spec("endless text", "description", "at most 100000 characters", description="x" * 100_001),
    Case("number beyond all numbers", "PUT /sheets/{sheet}", 422, "version", "64 bits",
         {"version": 10**30}),
]  # fmt: skip

LISTS = [op for op in OPERATIONS.values() if any(p.name == "cursor" for p in op.parameters)]
PAGES = [
    Case(f"{op.name}: {what}", f"GET {op.path}", 422, field, says, query={field: value})
    for op in LISTS
    for what, field, value, says in (
        ("huge page", "limit", 10**9, "must be less than or equal to 1000"),
        ("page beyond all numbers", "limit", 10**30, "must be less than or equal to 1000"),
        ("page of nothing", "limit", 0, "must be greater than or equal to 1"),
        ("page that is no number", "limit", "NaN", "must be a valid integer"),
        ("cursor that is none", "cursor", "%%%", "Pass `next_cursor` of the page before"),
        ("cursor of a number", "cursor", encode(7), "is not a cursor of this list"),
        ("cursor of nothing", "cursor", encode(None), "is not a cursor of this list"),
        ("cursor of an object", "cursor", encode({"id": 1}), "is not a cursor of this list"),
        ("unknown filter", "colour", "red", "limit, cursor"),
    )
]
LOOKS = ("/sheets/{sheet}/preview", "/catalog/tables/{table}/preview",
         "/training-sheets/{pairs}/pairs")  # fmt: skip
OFFSETS = [
    Case(f"{path}: {what}", f"GET {path}", 422, "offset", says, query={"offset": value})
    for path in LOOKS
    for what, value, says in (
        ("negative offset", -1, "must be greater than or equal to 0"),
        ("offset beyond all numbers", 2**63, "is beyond 64 bits"),
        ("offset that is no number", "1e3", "must be a valid integer"),
    )
]


@pytest.mark.parametrize("case", BODIES + PAGES + OFFSETS, ids=str)
def test_it_is_refused(world: World, case: Case) -> None:
    path = case.call.replace("{training_sheet_id}", "{pairs}")
    refused(world, Case(**{**vars(case), "call": path}))


def test_every_paged_list_is_tried() -> None:
    assert len(LISTS) >= 15


def chunks() -> Iterator[bytes]:
    """One and a half megabytes, of which nobody says so before."""
    yield from (b" " * HALF_MEGABYTE for _ in range(3))


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
@pytest.mark.parametrize("path", ["/sheets", "/sources/files?name=big"])
def test_what_is_too_large_is_refused(world: World, path: str, announced: bool) -> None:
    content = b"".join(chunks()) if announced else chunks()
    headers = {"Content-Type": "application/json"}
    answer = world.api.post(f"/api/v1{path}", content=content, headers=headers)
    document = problem(answer)
    assert (answer.status_code, document["field"]) == (413, "body")
    assert "larger than 1 MB. Send it in parts" in document["detail"]
    assert world.state() == world.before


HOSTILE = ["'; DROP TABLE sheets; --", "a/b", "../../etc/passwd", "%", "%00", "\0", "🧸", "a\nb",
           "a\u2028b", "\u202e", "x" * 4_000, "{id}", "<script>", "\\", "?", "#"]  # fmt: skip
PLACES = ["/sheets/{}", "/sheets/{}/preview", "/catalog/tables/{}", "/catalog/tables/{}/preview",
          "/pairs/{}", "/models/{}/versions", "/deployment/endpoints/{}", "/gaps/{}/evidence",
          "/monitoring/performance/{}/series", "/audit/{}/event",
          "/training/compare/{}?version_a=1&version_b=2"]  # fmt: skip


@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize("value", HOSTILE, ids=[ascii(value)[:20] for value in HOSTILE])
def test_nothing_strange_in_a_path_finds_anything(world: World, path: str, value: str) -> None:
    answer = world.api.get(f"/api/v1{path.format(quote(value, safe=''))}")
    assert answer.status_code in (404, 422)
    problem(answer)
    assert world.state() == world.before


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_a_wrong_method_is_told_the_right_ones(world: World, method: str) -> None:
    answer = world.api.request(method, "/api/v1/sheets")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"
    assert problem(answer)["detail"] == f"/api/v1/sheets does not take {method}. Use GET or POST."


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/nothing", "/v2/sheets", "/v1//sheets"])
def test_an_unknown_path_points_to_the_documentation(world: World, path: str) -> None:
    answer = world.api.get(f"/api{path}")
    assert (answer.status_code, "/api/docs" in problem(answer)["detail"]) == (404, True)


@pytest.mark.parametrize("token", ["", " ", "ontos_made_up", "'; --", "x" * 9_000])
def test_a_token_that_is_none_is_nobody_s(world: World, token: str) -> None:
    headers = {"X-Ontos-Token": token, "Host": "workbench.example.com"}
    assert problem(world.api.get("/api/v1/sheets", headers=headers))["status"] == 401


@pytest.mark.parametrize("org", ["nobodys", "a'; --", "../default", "x" * 9_000])
def test_an_org_that_is_none_is_denied(world: World, org: str) -> None:
    answer = world.api.get("/api/v1/sheets", headers={"X-Ontos-Org": org})
    assert (answer.status_code, problem(answer)["field"]) == (403, "org")

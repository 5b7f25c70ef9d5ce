"""Every operation: asked for the unknown, without a right, by nobody, and with strange texts."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from ontos.bootstrap import open_workbench
from ontos.kernel.operation import OPERATIONS, Operation
from ontos.kernel.settings import Settings
from tests.doors.bad_input.arguments import made_up, put, send, texts
from tests.doors.bad_input.world import World, problem

EVERY = sorted(OPERATIONS.values(), key=lambda op: op.name)
NAMED = [op for op in EVERY if "{" in op.path]
GUARDED = [op for op in EVERY if op.needs.feature]


def called(op: Operation) -> str:
    return op.name


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A workbench with nothing in it, so that everything is unknown."""
    home = tmp_path_factory.mktemp("empty")
    bench = open_workbench(Settings(home=home, log_level="ERROR"))
    yield World(bench, {})
    bench.close()


@pytest.fixture(scope="module")
def nobody(empty: World) -> TestClient:
    """A token of which no operation takes anything."""
    return empty.client(empty.bench.local_caller(), registries="read")


@pytest.mark.parametrize("op", NAMED, ids=called)
def test_what_is_unknown_is_not_found(empty: World, op: Operation) -> None:
    answer = send(empty.api, op, made_up(op))
    document = problem(answer)
    assert answer.status_code == 404, document
    assert document["field"], document


@pytest.mark.parametrize("op", EVERY, ids=called)
def test_nothing_unknown_makes_it_fail(empty: World, op: Operation) -> None:
    answer = send(empty.api, op, made_up(op))
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        problem(answer)


@pytest.mark.parametrize("op", GUARDED, ids=called)
def test_without_the_right_it_is_denied(nobody: TestClient, op: Operation) -> None:
    answer = send(nobody, op, made_up(op))
    document = problem(answer)
    assert answer.status_code == 403, document
    assert f"needs {op.needs}" in document["detail"]


@pytest.mark.parametrize("op", EVERY, ids=called)
def test_without_a_name_it_is_refused(empty: World, op: Operation) -> None:
    before = empty.state()
    answer = send(empty.api, op, made_up(op), Host="workbench.example.com")
    assert (answer.status_code, problem(answer)["title"]) == (401, "Sign in first")
    assert empty.state() == before


TAKEN = {"quoted": "'\"; DROP TABLE sheets; --", "two lines": "a\nb", "emoji": "🧸👩‍👩‍👧",
         "endless": "x" * 10_000}  # fmt: skip
REFUSED = {"zero byte": "a\0b", "half a character": "a\ud800"}


@pytest.mark.parametrize("op", [op for op in EVERY if list(texts(made_up(op)))], ids=called)
def test_no_text_makes_it_fail(empty: World, op: Operation) -> None:
    """Each text that it takes is made strange in turn."""
    good = made_up(op)
    for at in texts(good):
        for what, text in TAKEN.items():
            answer = send(empty.api, op, put(good, at, text))
            assert answer.status_code < 500, (at, what, answer.text)
            if answer.status_code >= 400:
                problem(answer)


@pytest.mark.parametrize("op", [op for op in EVERY if list(texts(made_up(op)))], ids=called)
def test_what_no_store_can_hold_is_refused(empty: World, op: Operation) -> None:
    good = made_up(op)
    in_url = {p.name for p in op.parameters if not isinstance(good.get(p.name), dict)}
    for at in texts(good):
        for what, text in REFUSED.items():
            if at[0] in in_url and what == "half a character":
                continue  # an address cannot carry it
            answer = send(empty.api, op, put(good, at, text))
            assert answer.status_code == 422, (at, what, answer.text)
            named = [part for part in at if isinstance(part, str)][-1]
            assert named in problem(answer)["field"].split("."), (at, what, answer.text)

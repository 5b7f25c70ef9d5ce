"""Nothing of one project can be named, listed or changed from another: for every operation."""

import json
import re
from collections.abc import Iterator

import pytest

from ontos.bootstrap import declare, open_workbench
from ontos.kernel.operation import OPERATIONS, Operation
from ontos.kernel.settings import Settings
from tests.doors.bad_input.arguments import made_up, put, send, texts
from tests.doors.bad_input.world import problem
from tests.govern.projects import IDS, Two
from tests.govern.projects import two as make

declare()
EVERY = sorted(OPERATIONS.values(), key=lambda op: op.name)
NAMED = [op for op in EVERY if "{" in op.path]
UNNAMED = [op for op in EVERY if "{" not in op.path]
READ = [op for op in NAMED if op.effect == "read"]
UNMADE = ("get_evaluation",)
"""Of what the first project has not."""

NOBODYS = {"key"}
"""Path parameters that name nothing which a project holds: checks of the setup."""

DENIED = ("archive_project", "restore_project", "make_setup", "revoke_token")
"""Denied before anything is looked for: asked in the common project alone, or by no token."""


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    settings = Settings(home=tmp_path_factory.mktemp("isolation"), log_level="ERROR")
    bench = open_workbench(settings)
    bench.start()
    yield make(bench)
    bench.close()


@pytest.fixture
def first_untouched(two: Two) -> Iterator[None]:
    """Whatever is asked in the second project: no row of the first comes or goes."""
    before = two.state()
    yield
    assert two.state() == before


def named(op: Operation) -> str:
    return op.name


def theirs(op: Operation, ids: dict[str, str]) -> dict[str, object]:
    """Arguments in which everything that can name a thing names one of the first project."""
    arguments = made_up(op)
    for at in texts(arguments):
        if at[-1] in ids:
            arguments = put(arguments, at, ids[str(at[-1])])
    return arguments


def test_every_path_parameter_is_known_here() -> None:
    asked = {name for op in NAMED for name in re.findall(r"\{(\w+)\}", op.path)}
    assert asked - {"project_id"} - NOBODYS == set(IDS) | {"table_name", "token_id"}


@pytest.mark.parametrize("op", [op for op in READ if op.name not in UNMADE], ids=named)
def test_what_is_asked_for_is_there(two: Two, op: Operation) -> None:
    """So that not finding it in the second project means something."""
    answer = send(two.in_first, op, theirs(op, two.ids))
    unknown = None if answer.status_code == 200 else problem(answer)["field"]
    assert f"{{{unknown}}}" not in op.path, answer.text


@pytest.mark.usefixtures("first_untouched")
@pytest.mark.parametrize("op", NAMED, ids=named)
def test_what_another_project_made_is_not_found(two: Two, op: Operation) -> None:
    answer = send(two.in_second, op, theirs(op, two.ids | {"project_id": "alpha"}))
    assert answer.status_code == (403 if op.name in DENIED else 404), answer.text
    assert problem(answer)["field"]


@pytest.mark.usefixtures("first_untouched")
@pytest.mark.parametrize("op", UNNAMED, ids=named)
def test_no_answer_holds_anything_of_another_project(two: Two, op: Operation) -> None:
    arguments = made_up(op)
    said = send(two.in_second, op, arguments).text
    asked = json.dumps(arguments)
    told = [key for key in two.ids.values() if key in said and len(key) > 8 and key not in asked]
    assert told == []
    assert "alpha" not in said


@pytest.mark.usefixtures("first_untouched")
@pytest.mark.parametrize("op", UNNAMED, ids=named)
def test_arguments_do_not_reach_another_project(two: Two, op: Operation) -> None:
    """The same with arguments that name its things: refused, or about nothing."""
    answer = send(two.in_second, op, theirs(op, two.ids))
    assert answer.status_code < 500, answer.text
    for text in ("alpha's", "alpha@example.org"):
        assert text not in answer.text


@pytest.mark.parametrize(
    "path", ["/sheets", "/templates", "/sources", "/training-sheets", "/labels", "/tasks",
             "/training/jobs", "/models", "/deployment/endpoints", "/feedback", "/gaps",
             "/lineage/entities", "/overview/notices"],
)  # fmt: skip
def test_lists_are_full_there_and_empty_here(two: Two, path: str) -> None:
    there, here = (client.get(f"/api/v1{path}").json() for client in (two.in_first, two.in_second))
    assert there.get("items") if isinstance(there, dict) else there
    own = here["items"] if isinstance(here, dict) else here
    assert not any(key in json.dumps(own) for key in two.ids.values() if len(key) > 8)

"""Names are kept as people write them, wherever one is taken; what is no name is refused."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.doors.bad_input.world import World, problem

NAMES = ["O'Toole", 'a "quoted" one', "'; DROP TABLE sheets; --", "{{ 7 * 7 }}", "🧸 Bärchen 熊",
         "<b>bold</b>", "100 %", "a\\b", "x" * 200]  # fmt: skip
NONE = [
    ("", "give a name"), (" \t ", "give a name"), ("\u200b", "give a name"),
    ("two\nlines", "use one line of text"), ("two\u2028lines", "use one line of text"),
    ("a\0b", "use one line of text"), ("x" * 10_000, "use at most 200"),
]  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A request that takes a name under `field`, and answers it there."""

    what: str
    call: str
    field: str
    body: dict[str, Any]

    def __str__(self) -> str:
        return self.what


PROMPT = {"label_type": "intent", "user_prompt": "Say: {{ message }}"}
PLAN = {"template_id": "{template}", "column_mapping": {"message": "text"}}
PLACES = [
    Place("sheet", "POST /sheets", "name", {"source_table": "{table}"}),
    Place("renamed sheet", "PUT /sheets/{draft_sheet}", "name", {}),
    Place("template", "POST /templates", "name", PROMPT),
    Place("label type", "POST /templates", "label_type", PROMPT | {"name": "x"}),
    Place("renamed template", "PUT /templates/{draft_template}", "name", {}),
    Place("training sheet", "POST /sheets/{sheet}/assemble", "name", PLAN),
    Place("task", "POST /tasks", "title", {"target_record_count": 1}),
    Place("assignee", "POST /tasks", "assignee", {"title": "x", "target_record_count": 1}),
    Place("member", "PUT /members", "principal", {"role": "labeler"}),
    Place("token", "POST /tokens", "title", {"scopes": {"sheets": "read"}}),
]


def ask(world: World, place: Place, name: str) -> Any:
    method, path = place.call.format(**world.ids).split(" ")
    filled = {k: world.ids.get(str(v).strip("{}"), v) for k, v in place.body.items()}
    return world.api.request(method, f"/api/v1{path}", json=filled | {place.field: name})


@pytest.mark.parametrize("place", PLACES, ids=str)
@pytest.mark.parametrize("name", NAMES, ids=[ascii(name)[:24] for name in NAMES])
def test_a_name_is_kept_as_it_is(world: World, place: Place, name: str) -> None:
    answer = ask(world, place, name)
    assert answer.status_code in (200, 201), answer.text
    assert answer.json()[place.field] == name
    world.begin()


@pytest.mark.parametrize("place", PLACES, ids=str)
@pytest.mark.parametrize(("name", "says"), NONE, ids=[ascii(name)[:24] for name, _ in NONE])
def test_what_is_no_name_is_refused(world: World, place: Place, name: str, says: str) -> None:
    answer = ask(world, place, name)
    document = problem(answer)
    assert (answer.status_code, document["field"]) == (422, place.field)
    assert says in document["detail"]
    assert world.state() == world.before


@pytest.mark.parametrize("name", NAMES[:6])
def test_an_upload_called_so_becomes_a_plain_table(world: World, name: str) -> None:
    answer = world.api.post(
        "/api/v1/sources/files", params={"name": f"file {name}", "file_name": name},
        content="a\n1\n", headers={"Content-Type": "text/csv"},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["file_name"] == name
    assert made["table"].rsplit(".", 1)[1].replace("_", "").isalnum()
    world.begin()

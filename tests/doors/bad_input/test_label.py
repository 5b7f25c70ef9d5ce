"""LABEL: reviews that do not fit, and reviews of what another person changed meanwhile."""

import io
import math
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from ontos.kernel.caller import Caller
from ontos.label.pairs import get_pair
from tests.doors.bad_input.conftest import sheet, upload
from tests.doors.bad_input.world import Case, World, problem, refused
from tests.train.made import WORDS, training_sheet

REVIEW, BATCH = "POST /training-sheets/{pairs}/review", "POST /training-sheets/{pairs}/review/batch"
ONE = {"pair_ids": ["{pair}"]}
CHANGE = {"pair_id": "{pair}", "version": 1, "action": "approve"}
REVIEWS = [
    Case("no action", REVIEW, 422, "action", "is missing. Add it", ONE),
    Case("unknown action", REVIEW, 422, "action", "must be 'approve'", ONE | {"action": "bless"}),
    Case("neither pairs nor filter", REVIEW, 422, "pair_ids", "give either", {"action": "approve"}),
    Case("both pairs and filter", REVIEW, 422, "pair_ids", "give either",
         ONE | {"action": "approve", "where": {}}),
    Case("no pairs named", REVIEW, 422, "pair_ids", "pair_ids: must have at least 1 item",
         {"action": "approve", "pair_ids": []}),
    Case("ids that are not ids", REVIEW, 422, "pair_ids.1", "32 hexadecimal digits",
         {"action": "approve", "pair_ids": ["{pair}", "first"]}),
    Case("pair of no sheet", REVIEW, 404, "pair_id", "List its pairs",
         {"action": "approve", "pair_ids": ["{pair}", "{unknown}"]}),
    Case("edit to nothing", REVIEW, 422, "response", "Write one, or reject",
         ONE | {"action": "edit", "response": "  "}),
    Case("approval with another response", REVIEW, 422, "response", "Use the action edit",
         ONE | {"action": "approve", "response": "b"}),
    Case("rejection without a reason", REVIEW, 422, "reason", "say why",
         ONE | {"action": "reject"}),
    Case("unknown field of the filter", REVIEW, 422, "where.colour", "Correct its name",
         {"action": "approve", "where": {"colour": "red"}}),
    Case("versions of unnamed pairs", REVIEW, 422, "versions", "Give pair_ids too",
         {"action": "approve", "where": {}, "versions": {"{pair}": 1}}),
    Case("version of what is no id", REVIEW, 422, "versions.first", "32 hexadecimal digits",
         ONE | {"action": "approve", "versions": {"first": 1}}),
    Case("version beyond all numbers", REVIEW, 422, "versions.{pair}", "64 bits",
         ONE | {"action": "approve", "versions": {"{pair}": 10**30}}),
    Case("version that is not the pair's", REVIEW, 409, "version", "Load the pairs again",
         ONE | {"action": "approve", "versions": {"{pair}": 7}}),
    Case("empty batch", BATCH, 422, "changes", "at least 1 item", {"changes": []}),
    Case("pair decided twice", BATCH, 422, "changes", "Keep one",
         {"changes": [CHANGE, CHANGE | {"action": "reject", "reason": "no"}]}),
    Case("edit to nothing in a batch", BATCH, 422, "changes.0.response", "Write one, or reject",
         {"changes": [CHANGE | {"action": "edit"}]}),
    Case("version beyond all numbers in a batch", BATCH, 422, "changes.0.version", "64 bits",
         {"changes": [CHANGE | {"version": 2**63}]}),
    Case("while assembling", "POST /training-sheets/{assembling}/review", 409, None,
         "once it is ready", {"action": "approve", "where": {}}),
    Case("of an archived one", "POST /training-sheets/{archived}/review", 409, None,
         "Assemble its sheet again", {"action": "approve", "where": {}}),
]  # fmt: skip

USAGE, MANY = "PUT /pairs/{pair}/usage", "POST /training-sheets/{pairs}/usage"
OTHERS = [
    Case("usage without a reason", USAGE, 422, "reason", "is empty. Say why", {"reason": " "}),
    Case("unknown use", USAGE, 422, "allowed_uses", "uses are training, validation",
         {"reason": "x", "allowed_uses": ["selling"]}),
    Case("usage of no pairs named", MANY, 422, "pair_ids", "must have at least 1 item, not 0",
         {"reason": "x", "pair_ids": []}),
    Case("usage of no pair", MANY, 404, "pair_ids", "1 of 2 are not pairs",
         {"reason": "x", "pair_ids": ["{pair}", "{unknown}"]}),
    Case("export of nothing", "GET /training-sheets/{pairs}/export", 422, None, "Review pairs"),
    Case("unknown export format", "GET /training-sheets/{pairs}/export", 422, "format",
         "must be 'openai_chat'", query={"format": "xml"}),
    Case("unknown label", "GET /labels/{unknown}/history", 404, "label_id", "List those"),
    Case("task of nothing", "POST /tasks", 422, "target_record_count", "greater than or equal to 1",
         {"title": "x", "target_record_count": 0}),
    Case("task without end", "POST /tasks", 422, "target_record_count", "less than or equal to",
         {"title": "x", "target_record_count": 10**9}),
    Case("task on no training sheet", "POST /tasks", 404, "training_sheet_id", "List training",
         {"title": "x", "target_record_count": 1, "training_sheet_id": "{unknown}"}),
    Case("task on what is no id", "POST /tasks", 422, "training_sheet_id", "is not an id",
         {"title": "x", "target_record_count": 1, "training_sheet_id": "../pairs"}),
]  # fmt: skip


@pytest.mark.parametrize("case", REVIEWS + OTHERS, ids=str)
def test_it_is_refused(world: World, case: Case) -> None:
    named = case.field and case.field.format(**world.ids)
    refused(world, Case(**{**vars(case), "field": named}))


def test_a_pair_is_shown_beside_a_row_that_json_cannot_hold(world: World) -> None:
    content = io.BytesIO()
    row = {"key": ["i0000"], "text": ["a"], "blob": [b"\xff\xfe"], "figure": [math.nan]}
    pq.write_table(pa.table(row), content)
    table = upload(world, "strange_values", content.getvalue())["table"]
    caller = world.bench.local_caller()
    made = training_sheet(caller, WORDS[:1], sheet_id=sheet(world, "strange", table))
    shown = world.make("GET", f"/pairs/{made.pair_ids[0]}")["source"]
    assert (shown["text"], shown["blob"], shown["figure"]) == ("a", "2 bytes", None)
    world.begin()


Send = Callable[[TestClient, str, str], object]


def one_by_one(client: TestClient, sheet: str, pair: str) -> object:
    body = {"action": "reject", "reason": "no", "pair_ids": [pair], "versions": {pair: 1}}
    return client.post(f"/api/v1/training-sheets/{sheet}/review", json=body)


def in_a_batch(client: TestClient, sheet: str, pair: str) -> object:
    change = {"pair_id": pair, "version": 1, "action": "reject", "reason": "no"}
    body = {"changes": [change]}
    return client.post(f"/api/v1/training-sheets/{sheet}/review/batch", json=body)


@pytest.mark.parametrize("send", [one_by_one, in_a_batch])
def test_both_are_told_when_two_review_one_pair(world: World, send: Send) -> None:
    """The first decision stands. The second person is refused, and the first is notified."""
    ada = world.client(_reviewer(world, "ada@example.org"))
    made = training_sheet(world.bench.local_caller(), WORDS[:2], review="pending")
    first = {"action": "approve", "pair_ids": made.pair_ids[:1], "versions": {made.pair_ids[0]: 1}}
    accepted = ada.post(f"/api/v1/training-sheets/{made.id}/review", json=first)
    assert accepted.json()["changed"] == 1
    told = len(ada.get("/api/v1/overview/notices").json())

    refusal = problem(send(world.api, made.id, made.pair_ids[0]))  # type: ignore[arg-type]

    assert (refusal["status"], refusal["field"]) == (409, "version")
    assert "ada@example.org changed item i0000 to approved" in refusal["detail"]
    assert "Load the pairs again" in refusal["detail"]
    assert [c["changed_by"] for c in refusal["conflicts"]] == ["ada@example.org"]
    notices = ada.get("/api/v1/overview/notices").json()
    assert len(notices) == told + 1
    assert "Your decisions stand" in notices[0]["message"]
    pair = get_pair(world.bench.local_caller(), made.pair_ids[0])
    assert (pair.review_status, pair.version) == ("approved", 2)
    world.begin()


def _reviewer(world: World, name: str) -> Caller:
    world.make("PUT", "/members", json={"principal": name, "role": "reviewer"})
    world.bench.directory.forget()
    return world.person(name)

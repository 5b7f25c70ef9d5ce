"""DEPLOY, MONITOR, IMPROVE: versions, questions, measurements and ratings that do not fit."""

from collections.abc import Iterator

import pytest

from tests.deploy.made import ready
from tests.doors.bad_input.world import Case, World, refused
from tests.train.made import Trained

ENDPOINTS, ASKED = "POST /deployment/endpoints", "POST /deployment/endpoints/answers/query"
SPEC = {"name": "other", "model_name": "kinds", "model_version": "1"}


@pytest.fixture(scope="module")
def answering(trained: Trained) -> Iterator[World]:
    """An endpoint `answers` behind which a trained model, `kinds` version 1, answers."""
    with ready(trained, "answers"):
        world = World(trained.bench, {"unknown": "f" * 32})
        world.begin()
        yield world


def asked(what: str, field: str, says: str, inputs: object) -> Case:
    return Case(what, ASKED, 422, field, says, {"inputs": inputs})


DEPLOYED = [
    Case("missing version", ENDPOINTS, 404, "model_version", "has no version '9'. Versions: 2, 1",
         SPEC | {"model_version": "9"}),
    Case("version that is none", ENDPOINTS, 404, "model_version", "Versions: 2, 1",
         SPEC | {"model_version": "latest'; --"}),
    Case("missing model", ENDPOINTS, 404, "model_name", "Train one, or list models",
         SPEC | {"model_name": "x" * 10_000}),
    Case("no version", ENDPOINTS, 422, "model_version", "Add it", {"name": "a", "model_name": "b"}),
    Case("name taken", ENDPOINTS, 409, "name", "choose another", SPEC | {"name": "answers"}),
    *(Case(f"endpoint called {name[:12]!r}", ENDPOINTS, 422, "name", "use letters, digits, - and _",
           SPEC | {"name": name})
      for name in ("", "a b", "a'; --", "a\n", "🧸", "a/b", "x" * 10_000)),
    Case("update to a missing version", "PUT /deployment/endpoints/answers", 404, "model_version",
         "Versions: 2, 1", {"model_version": "9"}),
    Case("rollback to nowhere", "POST /deployment/endpoints/answers/rollback", 422, None,
         "Update it to one instead"),
    *(Case(what, "PUT /deployment/endpoints/answers/traffic", status, field, says,
           {"traffic": traffic})
      for what, status, field, says, traffic in (
          ("split of too little", 422, "traffic", "Give whole percents that make 100", {"1": 60}),
          ("split among three", 422, "traffic", "name one or two", {"1": 40, "2": 30, "3": 30}),
          ("split with nobody", 404, "traffic", "Versions: 2, 1", {"1": 60, "9": 40}),
          ("split in halves of percents", 422, "traffic.1", "must be", {"1": 0.5, "2": 99.5}))),
    Case("guardrail that nobody holds", "PUT /deployment/endpoints/answers/guardrails", 422,
         "safety", "leave this one out", {"safety": True}),
    Case("keyword that is none", "PUT /deployment/endpoints/answers/guardrails", 422, "keywords.0",
         "give a name", {"keywords": ["\u3000"]}),
    Case("missing endpoint", "POST /deployment/endpoints/nothing/query", 404, "endpoint_name",
         "List endpoints", {"inputs": [{"message": "a"}]}),
    asked("missing variable", "inputs", "misses message. The model wants exactly: message", [{}]),
    asked("unknown variable", "inputs", "Input 1 has unknown colour. The model wants",
          [{"message": "a"}, {"message": "a", "colour": "red"}]),
    asked("no question", "inputs", "at least 1 item", []),
    asked("too many questions", "inputs", "at most 1000 items", [{"message": "a"}] * 1001),
    asked("list in a variable", "inputs.0.message", "must be text", [{"message": ["a"]}]),
    asked("endless text", "inputs.0.message", "at most 100,000", [{"message": "x" * 100_001}]),
    asked("zero byte", "inputs.0.message", "Take it out", [{"message": "a\0b"}]),
    Case("figure that is no number", ASKED, 422, "inputs.0.message", "Send one",
         content='{"inputs": [{"message": Infinity}]}'),
    Case("half a character", ASKED, 422, "inputs.0.message", "Send whole characters",
         content=r'{"inputs": [{"message": "\ud800"}]}'),
    Case("gap without a rate", "POST /gaps/analyze", 422, "min_rate", "must be less than or equal",
         content='{"endpoint_name": "answers", "min_rate": NaN}'),
    Case("retraining of no gap", "POST /gaps/{unknown}/retrain", 404, "gap_id", "Analyse the", {}),
]  # fmt: skip

INGEST, BATCH = "POST /monitoring/metrics/ingest", "POST /monitoring/metrics/ingest/batch"
METRIC = {"endpoint_name": "served", "latency_ms": 1.0, "status_code": 200}


def ingested(what: str, field: str, says: str, **metric: object) -> Case:
    return Case(what, INGEST, 422, field, says, METRIC | metric)


METRICS = [
    ingested("negative latency", "latency_ms", "must be greater than or equal to 0", latency_ms=-1),
    ingested("unknown endpoint", "endpoint_name", "List endpoints", endpoint_name="nothing"),
    ingested("future time", "at", "lies in the future: send", at="2999-01-01T00:00:00Z"),
    ingested("time that is none", "at", "must be a valid datetime", at="yesterday"),
    ingested("time before all", "at", "correct it", at="0001-01-01T00:00:00+14:00"),
    ingested("time after all", "at", "correct it", at="9999-12-31T23:59:59-14:00"),
    ingested("status that is none", "status_code", "less than or equal to 599", status_code=999),
    ingested("inputs beyond all numbers", "inputs", "Send a smaller number", inputs=2**63),
    ingested("zero byte", "error_message", "Take it out", error_message="a\0"),
    ingested("unknown field", "colour", "leave it out", colour="red"),
    *(Case(f"latency of {text}", INGEST, 422, "latency_ms", "must be a finite number",
           content='{"endpoint_name": "served", "status_code": 200, "latency_ms": ' + text + "}")
      for text in ("NaN", "Infinity", "1e999")),
    Case("one wrong of two", BATCH, 422, "metrics.1.latency_ms", "must be greater",
         {"metrics": [METRIC, METRIC | {"latency_ms": -0.1}]}),
    Case("one unknown of two", BATCH, 422, "metrics.1.endpoint_name", "nothing was ingested",
         {"metrics": [METRIC, METRIC | {"endpoint_name": "nothing"}]}),
    Case("empty batch", BATCH, 422, "metrics", "at least 1 item", {"metrics": []}),
    Case("window of no time", "GET /monitoring/performance/served", 422, "minutes", "must be",
         query={"minutes": 0}),
    Case("figures of no endpoint", "GET /monitoring/performance/nothing/series", 404,
         "endpoint_name", "List endpoints"),
]  # fmt: skip

RATING = {"endpoint_name": "served", "input": {"message": "a"}, "output": "b", "rating": "up"}
RATINGS = [
    Case("rating of no endpoint", "POST /feedback", 404, "endpoint_name", "List endpoints",
         RATING | {"endpoint_name": "nothing"}),
    Case("unknown rating", "POST /feedback", 422, "rating", "must be 'up' or 'down'",
         RATING | {"rating": "meh"}),
    Case("no input", "POST /feedback", 422, "input", "at least 1 item", RATING | {"input": {}}),
    Case("nested input", "POST /feedback", 422, "input.message", "must be text",
         RATING | {"input": {"message": {"a": 1}}}),
    Case("input beyond all numbers", "POST /feedback", 422, "input.message", "64 bits",
         RATING | {"input": {"message": 10**30}}),
    Case("empty correction", "POST /feedback", 422, "correction", "Say the right answer",
         RATING | {"correction": " "}),
    Case("thumbs-down without a correction", "POST /feedback/{thumbs_down}/to-training", 422,
         "correction", "Add a correction", {"training_sheet_id": "{approved}"}),
    Case("correction for another template", "POST /feedback/{correction}/to-training", 422,
         "training_sheet_id", "wants message, which this feedback does not hold",
         {"training_sheet_id": "{approved}"}),
    Case("correction for an archived sheet", "POST /feedback/{correction}/to-training", 409,
         "training_sheet_id", "choose one that is ready", {"training_sheet_id": "{archived}"}),
    Case("gaps of what was not trained here", "POST /gaps/analyze", 422, "endpoint_name",
         "Deploy a version of a training job", {"endpoint_name": "served"}),
]  # fmt: skip


@pytest.mark.parametrize("case", METRICS + RATINGS, ids=str)
def test_it_is_refused(world: World, case: Case) -> None:
    refused(world, case)


@pytest.mark.parametrize("case", DEPLOYED, ids=str)
def test_it_is_refused_where_a_model_answers(answering: World, case: Case) -> None:
    refused(answering, case)

"""Generation against a real OpenAI-compatible server: answers, errors, slowness, cancel, resume."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import SecretStr

from ontos.bootstrap import Workbench, open_workbench
from ontos.generate.generation import (
    GenerateSpec,
    generate_responses,
    get_generation_model,
    list_generation_errors,
)
from ontos.generate.training_sheets import (
    archive_training_sheet,
    cancel_training_sheet_job,
    get_training_sheet,
)
from ontos.kernel.errors import Conflict, Denied, Invalid, NotNow, Unavailable
from ontos.kernel.jobs import KINDS, Job, Run, latest
from ontos.kernel.settings import Settings
from ontos.workspace import databricks_workspace
from tests.generate.conftest import ended, pairs

ODD = {"cut": "cut \ud83d", "nul": "a\0b"}
"""Answers that are no text."""


class Model(ThreadingHTTPServer):
    """Answers in capitals; what the prompt says decides whether it fails or is slow."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.asked: list[dict] = []
        self.together, self.most = 0, 0
        self.lock = threading.Lock()
        self.hold = threading.Event()
        self.hold.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Talk(BaseHTTPRequestHandler):
    server: Model

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.asked.append(body)
            self.server.together += 1
            self.server.most = max(self.server.most, self.server.together)
        said = body["messages"][-1]["content"]
        if "slow" in said:
            time.sleep(0.3)
        self.server.hold.wait(20)
        with self.server.lock:
            self.server.together -= 1
        if "broken" in said:
            why = "cannot read this prompt" + ("\0\ud83d" if "odd" in said else "")
            self.reply(400, {"error": {"message": why}})
        else:
            text = ODD.get(said) or ("  " if "silent" in said else said.upper())
            self.reply(200, {"model": "capitals-2", "choices": [{"message": {"content": text}}]})

    def reply(self, status: int, document: dict) -> None:
        payload = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def model() -> Iterator[Model]:
    server = Model()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.hold.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def bench(request: pytest.FixtureRequest, own_home: Path) -> Iterator[Workbench]:
    """A workbench that has a model where the test asks for one."""
    asked = {}
    if "model" in request.fixturenames:
        asked = {"llm_base_url": request.getfixturevalue("model").url, "llm_model": "capitals",
                 "llm_api_key": SecretStr("k"), "llm_concurrency": 3}  # fmt: skip
    opened = open_workbench(Settings(home=own_home, log_level="ERROR", **asked))
    opened.start()
    yield opened
    opened.close()


@pytest.fixture
def open_pairs(sheet_of, template_of, assembled) -> Callable[..., str]:
    """A training sheet whose pairs have these prompts and no response; its id."""

    def make(*texts: str) -> str:
        sheet = sheet_of([{"ref": f"r{n:03d}", "text": text} for n, text in enumerate(texts)])
        return assembled(sheet, template_of("{{ message }}", "Shout."), response_column=None).id

    return make


def test_empty_pairs_are_answered_and_wait_for_review(caller, model, open_pairs):
    key = open_pairs("hello", "slow one", "bye")
    work = generate_responses(caller, key, GenerateSpec(max_tokens=9, temperature=0.5))
    assert (work.kind, work.entity_id) == ("generate", key)
    assert ended(caller, key).message == "3 responses through the API"
    seen = pairs(caller, key)
    assert [seen[r]["response"] for r in ("r000", "r001", "r002")] == ["HELLO", "SLOW ONE", "BYE"]
    for pair in seen.values():
        assert (pair["response_source"], pair["review_status"]) == ("generated", "pending")
        assert (pair["generation_model"], pair["generation_error"]) == ("capitals-2", None)
        assert pair["version"] == 2
    asked = model.asked[0]
    assert asked["messages"][0] == {"role": "system", "content": "Shout."}
    assert (asked["model"], asked["max_tokens"], asked["temperature"]) == ("capitals", 9, 0.5)


def test_each_error_is_kept_on_its_pair_and_the_rest_goes_on(caller, model, open_pairs):
    key = open_pairs("hello", "broken", "silent", "bye")
    generate_responses(caller, key)
    work = ended(caller, key)
    assert work.status == "succeeded" and work.message.startswith(
        "2 responses through the API, 2 failed"
    )
    seen = pairs(caller, key)
    assert "cannot read this prompt" in seen["r001"]["generation_error"]
    assert "nothing" in seen["r002"]["generation_error"]
    assert (seen["r001"]["response"], seen["r001"]["response_source"]) == (None, "none")
    told = list_generation_errors(caller, key)
    assert {error.reason: error.pairs for error in told} == {
        seen[item]["generation_error"]: 1 for item in ("r001", "r002")
    }
    assert get_training_sheet(caller, key).empty_count == 2
    asked = len(model.asked)
    with pytest.raises(Unavailable):  # nothing but broken ones left: it says so
        run_now(caller, key)
    assert len(model.asked) == asked + 2


def test_one_odd_answer_does_not_lose_the_others(caller, model, open_pairs):
    key = open_pairs("hello", "cut", "nul", "odd and broken", "whole \U0001f600")
    generate_responses(caller, key)
    work = ended(caller, key)
    assert work.status == "succeeded", work
    seen = pairs(caller, key)
    assert [seen[r]["response"] for r in ("r000", "r004")] == ["HELLO", "WHOLE \U0001f600"]
    for item in ("r001", "r002"):
        assert seen[item]["response"] is None
        assert "cannot be saved" in seen[item]["generation_error"]
    assert "cannot read this prompt?" in seen["r003"]["generation_error"]


def test_no_more_calls_than_allowed_run_side_by_side(caller, model, open_pairs):
    generate_responses(caller, key := open_pairs(*[f"slow {n}" for n in range(12)]))
    assert ended(caller, key).status == "succeeded"
    assert 1 < model.most <= 3


def test_a_limit_asks_for_the_first_so_many(caller, model, open_pairs):
    key = open_pairs(*"abcdef")
    generate_responses(caller, key, GenerateSpec(limit=4))
    assert ended(caller, key).message == "4 responses through the API"
    assert get_training_sheet(caller, key).empty_count == 2


def test_a_resumed_job_asks_only_for_what_is_still_empty(caller, model, open_pairs):
    key = open_pairs(*"abcdef")
    generate_responses(caller, key, GenerateSpec(limit=3))
    ended(caller, key)
    empty = {p["prompt"] for p in pairs(caller, key).values() if p["response"] is None}
    model.asked.clear()
    assert (
        run_now(caller, key, limit=3) == "0 responses through the API"
    )  # what it was asked for was done
    assert run_now(caller, key) == "3 responses through the API"
    assert {asked["messages"][-1]["content"] for asked in model.asked} == empty


def test_cancelling_keeps_what_was_answered(caller, model, open_pairs):
    key = open_pairs(*[f"p{n}" for n in range(60)])
    held = threading.Timer(0.0, model.hold.clear)
    generate_responses(caller, key)
    end = time.monotonic() + 60
    while len(model.asked) < 30:
        assert time.monotonic() < end, "the model was not asked"
        time.sleep(0.01)
    held.start()
    cancel_training_sheet_job(caller, key)
    held.join()
    assert ended(caller, key).status == "cancelled"
    model.hold.set()
    answered = [p for p in pairs(caller, key).values() if p["response"]]
    assert 24 <= len(answered) < 60
    assert get_training_sheet(caller, key).status == "ready"


def test_a_model_that_never_answers_ends_the_job_with_its_reason(caller, model, open_pairs):
    key = open_pairs(*["broken"] * 40)
    generate_responses(caller, key)
    work = ended(caller, key)
    assert work.status == "failed" and "cannot read this prompt" in work.error
    assert len(model.asked) == 24  # one page, not all forty


def test_what_a_person_did_meanwhile_is_kept(caller, model, open_pairs):
    key = open_pairs("one", "two")
    model.hold.clear()
    generate_responses(caller, key)
    while len(model.asked) < 2:
        time.sleep(0.01)
    caller.warehouse.execute("UPDATE pairs SET response = 'by hand', review_status = 'edited'"
                             " WHERE item_ref = 'r000'")  # fmt: skip
    model.hold.set()
    ended(caller, key)
    seen = pairs(caller, key)
    assert (seen["r000"]["response"], seen["r001"]["response"]) == ("by hand", "TWO")


def test_only_one_runs_at_a_time(caller, model, open_pairs):
    key = open_pairs("a")
    model.hold.clear()
    generate_responses(caller, key)
    with pytest.raises(Conflict, match="under way"):
        generate_responses(caller, key)
    model.hold.set()
    ended(caller, key)
    with pytest.raises(NotNow, match="already"):
        generate_responses(caller, key)


def test_archived_training_sheets_are_left_alone(caller, model, open_pairs):
    key = open_pairs("a")
    archive_training_sheet(caller, key)
    with pytest.raises(NotNow, match="archived"):
        generate_responses(caller, key)


def test_without_a_model_it_says_which_settings_and_touches_nothing(caller, open_pairs):
    key = open_pairs("a")
    with pytest.raises(Unavailable, match="ONTOS_LLM_BASE_URL and ONTOS_LLM_MODEL"):
        generate_responses(caller, key)
    assert pairs(caller, key)["r000"]["response"] is None
    assert latest(caller, ("training_sheet", key)).kind == "assemble"
    asked = get_generation_model(caller)
    assert asked.model is None and "ONTOS_LLM_BASE_URL" in asked.reason


def test_the_model_that_would_answer_is_told(caller, model):
    told = get_generation_model(caller)
    assert (told.model, told.through, told.reason) == ("capitals", "api", None)


def test_an_engine_that_cannot_ask_an_endpoint_says_so(caller):
    beside = caller.settings.model_copy(update={"workspace": "databricks", "llm_model": "writer"})
    there = databricks_workspace(beside, caller.warehouse, caller.org, caller.person)
    told = get_generation_model(replace(caller, workspace=there))
    assert (told.model, told.through) == ("writer", "api")
    assert "ai_query" in told.reason


@pytest.mark.parametrize("given", [{"limit": 0}, {"max_tokens": 0}, {"temperature": -1}, {"n": 2}])
def test_senseless_wishes_are_refused(caller, model, open_pairs, given):
    with pytest.raises(Invalid):
        generate_responses(caller, "0" * 32, given)


def test_reviewers_do_not_generate(as_role, open_pairs):
    with pytest.raises(Denied):
        generate_responses(as_role("reviewer"), open_pairs("a"))


def run_now(caller, key: str, **arguments: int) -> str:
    """The job's work again, as after a restart of the process."""
    row = caller.warehouse.rows("SELECT * FROM jobs WHERE entity_id = :id AND kind = 'generate'",
                                id=key)[0]  # fmt: skip
    return KINDS["generate"].work(Run(caller, Job(**row), arguments))

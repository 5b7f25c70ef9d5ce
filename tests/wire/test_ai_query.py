"""Generation by the warehouse itself: `ai_query` over the wire, and where it is not to be had."""

import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ontos.bootstrap import Workbench, open_workbench
from ontos.generate.generation import (
    GenerateSpec,
    generate_responses,
    get_generation_model,
    list_generation_errors,
)
from ontos.generate.training_sheets import cancel_training_sheet_job
from ontos.kernel.caller import Caller
from ontos.kernel.fields import new_id, now
from ontos.kernel.settings import Settings
from tests.generate.conftest import ended, pairs
from tests.pages.opened import opened as shown
from tests.pages.opened import texts
from tests.wire.duck import DuckEngine
from tests.wire.engine import AiQuery
from tests.wire.place import PREFIX, Stores
from tests.wire.server import Warehouse
from tests.wire.spark.engine import SparkEngine
from tests.wire.spark.session import spark
from tests.wire.warehouses import Warehouses
from tests.wire.workspace.half import opened, until
from tests.wire.workspace.server import Workspace

WRITER = "writer"


def shout(request: str) -> str:
    """Answers in capitals, unless the request is broken or makes it silent."""
    if "broken" in request:
        raise ValueError("cannot read this prompt")
    return " \n" if "silent" in request else f" {request.upper()}\n"


@dataclass
class Writer:
    """The model, which remembers what it was asked, and answers while `hold` is set."""

    asked: list[str] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)

    def __call__(self, request: str) -> str:
        self.asked.append(request)
        assert self.hold.wait(20)
        return shout(request)


@pytest.fixture(scope="module")
def warehouses() -> Warehouses:
    return Warehouses()


@pytest.fixture(scope="module")
def workspace(
    warehouses: Warehouses, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workspace]:
    """Its endpoint answers calls as the warehouse's `ai_query` does."""
    with opened(tmp_path_factory.mktemp("workspace")) as served:
        served.add(warehouses.routes())
        served.serving.chats[WRITER] = lambda messages: shout(messages[-1]["content"])
        yield served


@pytest.fixture(scope="module")
def stores() -> Iterator[Stores]:
    made = Stores()
    yield made
    made.close()


@pytest.fixture
def writer() -> Iterator[Writer]:
    made = Writer()
    made.hold.set()
    yield made
    made.hold.set()


@pytest.fixture
def engine(stores: Stores, writer: Writer) -> DuckEngine:
    made = stores.make(uuid.uuid4().hex)
    made.ai_query = AiQuery({WRITER: writer})
    return made


@pytest.fixture
def settings(workspace: Workspace, tmp_path: Path) -> Settings:
    path = f"{PREFIX}{uuid.uuid4().hex}"
    return Settings(
        warehouse="databricks", workspace="databricks", http_path=path, llm_model=WRITER,
        home=tmp_path, log_level="ERROR",
    )  # fmt: skip


@pytest.fixture
def started(warehouses: Warehouses) -> Iterator[Callable[..., Workbench]]:
    """Start a workbench over an engine."""
    made: list[Workbench] = []

    def start(settings: Settings, engine: DuckEngine | SparkEngine) -> Workbench:
        served = Warehouse(str(settings.http_path), engine)
        warehouses.served[served.path] = served
        made.append(open_workbench(settings))
        made[-1].start()
        return made[-1]

    yield start
    for bench in made:
        bench.close()
        warehouses.served.pop(str(bench.settings.http_path)).engine.close()


@pytest.fixture
def bench(
    started: Callable[..., Workbench], settings: Settings, engine: DuckEngine
) -> Workbench:
    return started(settings, engine)


@pytest.fixture
def caller(bench: Workbench) -> Caller:
    return bench.local_caller()


def open_pairs(caller: Caller, *prompts: str, system: str | None = None) -> str:
    """A training sheet with these prompts and no response; its id. Items are p000, p001, …"""
    key, at = new_id(), now()
    caller.warehouse.execute(
        "INSERT INTO training_sheets (id, name, sheet_id, sheet_name, template_id, template_name,"
        " label_type, system_prompt, user_prompt, column_mapping, status, total_items,"
        " auto_approved_count, version, created_by, created_at, updated_by, updated_at)"
        " VALUES (:id, 'sheet', 'x', 'x', 'x', 'x', 'x', :system, 'x', '{}', 'ready', 0, 0, 1,"
        " 'ann', :at, 'ann', :at)",
        id=key, system=system, at=at,
    )  # fmt: skip
    names = [f"p{n:03d}" for n in range(len(prompts))]
    listed = " UNION ALL ".join(f"SELECT '{name}' AS id, :{name} AS prompt" for name in names)
    caller.warehouse.execute(
        "INSERT INTO pairs (id, training_sheet_id, sheet_id, item_ref, prompt, response_source,"
        " review_status, version, created_at, updated_at) SELECT concat(:sheet, id), :sheet, 'x',"
        f" id, prompt, 'none', 'pending', 1, :at, :at FROM ({listed}) AS given",
        sheet=key, at=at, **dict(zip(names, prompts, strict=True)),
    )  # fmt: skip
    return key


def nothing_is_left(caller: Caller) -> bool:
    return caller.warehouse.rows("SELECT pair_id FROM generated_answers") == []


@pytest.mark.parametrize(
    "fields", [("response", "error"), ("result", "errorMessage"), ("result", "errorStatus")]
)
def test_empty_pairs_are_answered_whatever_the_fields_are_called(
    caller: Caller, engine: DuckEngine, writer: Writer, fields: tuple[str, str]
) -> None:
    engine.ai_query = AiQuery({WRITER: writer}, fields)
    key = open_pairs(caller, "hello", "it's \"odd\" \\ \U0001f600", "broken", system="Shout.")
    generate_responses(caller, key)
    said = "2 responses through the warehouse, 1 failed (each pair keeps the reason)"
    assert ended(caller, key).message == said
    assert writer.asked[0] == "Shout.\n\nhello"
    seen = pairs(caller, key)
    assert seen["p000"]["response"] == "SHOUT.\n\nHELLO"
    assert seen["p001"]["response"] == "SHOUT.\n\nIT'S \"ODD\" \\ \U0001f600"
    for name in ("p000", "p001"):
        told = {column: seen[name][column] for column in
                ("response_source", "generation_model", "generation_error", "version")}
        assert told == {"response_source": "generated", "generation_model": WRITER,
                        "generation_error": None, "version": 2}  # fmt: skip
    assert nothing_is_left(caller)


def test_each_error_is_kept_on_its_pair(caller: Caller, writer: Writer) -> None:
    key = open_pairs(caller, "hello", "broken", "silent")
    generate_responses(caller, key)
    assert ended(caller, key).status == "succeeded"
    seen = pairs(caller, key)
    assert seen["p001"]["generation_error"] == "cannot read this prompt"
    assert "nothing" in seen["p002"]["generation_error"]
    for name in ("p001", "p002"):
        assert (seen[name]["response"], seen[name]["response_source"]) == (None, "none")
        assert seen[name]["generation_model"] is None
    assert len(list_generation_errors(caller, key)) == 2


def test_many_pairs_take_few_statements(caller: Caller, writer: Writer, warehouses) -> None:
    key = open_pairs(caller, *[f"text {n}" for n in range(400)])
    generate_responses(caller, key)
    assert ended(caller, key, 60).message == "400 responses through the warehouse"
    assert len(writer.asked) == 400
    (served,) = warehouses.served.values()
    assert len(served.service.executed) < 100


def test_a_limit_asks_for_the_first_so_many(caller: Caller, writer: Writer) -> None:
    key = open_pairs(caller, *"abcdef")
    generate_responses(caller, key, GenerateSpec(limit=4))
    assert ended(caller, key).message == "4 responses through the warehouse"
    assert writer.asked == ["a", "b", "c", "d"]


def test_cancelling_keeps_what_was_answered(caller: Caller, writer: Writer) -> None:
    key = open_pairs(caller, *[f"text {n}" for n in range(60)])
    writer.hold.clear()
    generate_responses(caller, key)
    until(lambda: len(writer.asked), lambda asked: asked > 0)
    cancel_training_sheet_job(caller, key)
    writer.hold.set()
    assert ended(caller, key).status == "cancelled"
    answered = [pair for pair in pairs(caller, key).values() if pair["response"]]
    assert 0 < len(answered) == len(writer.asked) < 60
    assert nothing_is_left(caller)


def test_what_was_asked_before_a_crash_is_kept_and_not_asked_again(
    caller: Caller, writer: Writer
) -> None:
    key = open_pairs(caller, "hello", "broken", "bye")
    caller.warehouse.execute(
        "INSERT INTO generated_answers (training_sheet_id, pair_id, answer)"
        " SELECT :sheet, concat(:sheet, 'p000'), '{\"response\":\"GOOD DAY\"}'", sheet=key,
    )  # fmt: skip
    generate_responses(caller, key)
    assert ended(caller, key).status == "succeeded"
    assert writer.asked == ["broken", "bye"]
    seen = pairs(caller, key)
    assert [seen[name]["response"] for name in sorted(seen)] == ["GOOD DAY", None, "BYE"]
    assert nothing_is_left(caller)


def test_what_a_person_did_meanwhile_is_kept(caller: Caller, writer: Writer) -> None:
    key = open_pairs(caller, "one", "two")
    writer.hold.clear()
    generate_responses(caller, key)
    until(lambda: len(writer.asked), lambda asked: asked > 0)
    caller.warehouse.execute("UPDATE pairs SET response = 'by hand', review_status = 'edited'"
                             " WHERE item_ref = 'p000'")  # fmt: skip
    writer.hold.set()
    ended(caller, key)
    seen = pairs(caller, key)
    assert (seen["p000"]["response"], seen["p001"]["response"]) == ("by hand", "TWO")


def test_a_model_that_never_answers_ends_the_job_with_its_reason(
    caller: Caller, writer: Writer
) -> None:
    key = open_pairs(caller, *["broken"] * 50)
    generate_responses(caller, key)
    work = ended(caller, key)
    assert work.status == "failed"
    assert work.error == "None of the first 20 pairs got a response. cannot read this prompt"
    assert len(writer.asked) == 20  # one chunk, not all fifty


def test_a_page_says_who_asks(bench: Workbench, caller: Caller, writer: Writer) -> None:
    told = get_generation_model(caller)
    assert (told.model, told.through, told.reason) == (WRITER, "warehouse", None)
    key = open_pairs(caller, "a")
    page = shown(bench, "generate", view="training-sheets", training_sheet=key)
    assert "The warehouse asks writer for many at once" in texts(page)
    assert writer.asked == []  # looking is free


@pytest.mark.parametrize("lacks", ["function", "endpoint", "error"])
def test_where_the_warehouse_cannot_ask_the_endpoint_is_called(
    bench: Workbench, caller: Caller, engine: DuckEngine, writer: Writer, lacks: str
) -> None:
    engine.ai_query = {
        "function": None, "endpoint": AiQuery({"another": writer}),
        "error": AiQuery({WRITER: writer}, ("response", "usage")),
    }[lacks]  # fmt: skip
    told = get_generation_model(caller)
    assert told.through == "api" and told.reason
    key = open_pairs(caller, "hello", "bye")
    page = shown(bench, "generate", view="training-sheets", training_sheet=key)
    assert "The app calls writer for each" in texts(page)
    generate_responses(caller, key)
    assert ended(caller, key).message == "2 responses through the API"
    assert [pair["response"] for pair in pairs(caller, key).values()] == ["HELLO", "BYE"]
    assert writer.asked == []


def test_a_model_elsewhere_is_not_asked_by_the_warehouse(
    started: Callable[..., Workbench], settings: Settings, engine: DuckEngine, writer: Writer
) -> None:
    elsewhere = settings.model_copy(update={"llm_base_url": "http://127.0.0.1:1/v1"})
    told = get_generation_model(started(elsewhere, engine).local_caller())
    assert (told.model, told.through, told.reason) == (WRITER, "api", None)


def test_real_spark_takes_the_same_statements(
    started: Callable[..., Workbench], settings: Settings
) -> None:
    real = SparkEngine(spark(), AiQuery({WRITER: shout}, ("result", "errorMessage")))
    caller = started(settings, real).local_caller()
    key = open_pairs(caller, "hello", "broken", "silent", system="Shout.")
    generate_responses(caller, key)
    said = "1 responses through the warehouse, 2 failed (each pair keeps the reason)"
    assert ended(caller, key, 120).message == said
    seen = pairs(caller, key)
    assert seen["p000"]["response"] == "SHOUT.\n\nHELLO"
    assert seen["p001"]["generation_error"] == "cannot read this prompt"
    assert nothing_is_left(caller)

"""Generation by the warehouse itself: `ai_query` over the wire, and where it is not to be had."""

import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ontos.bootstrap import Workbench, open_workbench
from ontos.generate.answers import NOTHING
from ontos.generate.batches import FIRST
from ontos.generate.generation import (
    GenerateSpec,
    generate_responses,
    get_generation_model,
    list_generation_errors,
)
from ontos.generate.training_sheets import cancel_training_sheet_job
from ontos.kernel.caller import Caller
from ontos.kernel.jobs import KINDS, Run, enqueue, latest
from ontos.kernel.settings import Settings
from ontos.kernel.tenancy import desired
from ontos.warehouse import open_databricks
from ontos.warehouse.migrate import declarations
from tests.generate.conftest import ended, laid_open, pairs
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
    """The model, which remembers what it was asked; after `freely` answers it waits for `hold`."""

    asked: list[str] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    freely: int = 0

    def __call__(self, request: str) -> str:
        self.asked.append(request)
        assert len(self.asked) <= self.freely or self.hold.wait(20)
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

    def start(settings: Settings, engine: DuckEngine) -> Workbench:
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
def bench(started: Callable[..., Workbench], settings: Settings, engine: DuckEngine) -> Workbench:
    return started(settings, engine)


@pytest.fixture
def caller(bench: Workbench) -> Caller:
    return bench.local_caller()


def nothing_is_left(caller: Caller) -> bool:
    return caller.warehouse.rows("SELECT pair_id FROM generated_answers") == []


@pytest.mark.parametrize(
    "fields", [("response", "error"), ("result", "errorMessage"), ("result", "errorStatus")]
)
def test_empty_pairs_are_answered_whatever_the_fields_are_called(
    caller: Caller, engine: DuckEngine, writer: Writer, fields: tuple[str, str]
) -> None:
    engine.ai_query = AiQuery({WRITER: writer}, fields)
    key = laid_open(caller, "hello", 'it\'s "odd" \\ \U0001f600', "broken", system="Shout.")
    generate_responses(caller, key)
    said = "2 responses through the warehouse, 1 failed (each pair keeps the reason)"
    assert ended(caller, key).message == said
    assert writer.asked[0] == "Shout.\n\nhello"
    seen = pairs(caller, key)
    assert seen["p000"]["response"] == "SHOUT.\n\nHELLO"
    assert seen["p001"]["response"] == 'SHOUT.\n\nIT\'S "ODD" \\ \U0001f600'
    for name in ("p000", "p001"):
        told = {
            column: seen[name][column]
            for column in ("response_source", "generation_model", "generation_error", "version")
        }
        assert told == {"response_source": "generated", "generation_model": WRITER,
                        "generation_error": None, "version": 2}  # fmt: skip
    assert nothing_is_left(caller)


def test_each_error_is_kept_on_its_pair(caller: Caller, writer: Writer) -> None:
    key = laid_open(caller, "hello", "broken", "silent")
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
    key = laid_open(caller, *[f"text {n}" for n in range(400)])
    generate_responses(caller, key)
    assert ended(caller, key, 60).message == "400 responses through the warehouse"
    assert len(writer.asked) == 400
    (served,) = warehouses.served.values()
    assert len(served.service.executed) < 100


def test_a_limit_asks_for_the_first_so_many(caller: Caller, writer: Writer) -> None:
    key = laid_open(caller, *"abcdef")
    generate_responses(caller, key, GenerateSpec(limit=4))
    assert ended(caller, key).message == "4 responses through the warehouse"
    assert writer.asked == ["a", "b", "c", "d"]


def test_cancelling_stops_the_statement_and_keeps_what_was_answered(
    caller: Caller, writer: Writer, warehouses: Warehouses
) -> None:
    key = laid_open(caller, *[f"text {n}" for n in range(60)])
    writer.hold.clear()
    writer.freely = FIRST
    generate_responses(caller, key)
    until(lambda: len(writer.asked), lambda asked: asked > FIRST)
    cancel_training_sheet_job(caller, key)
    (served,) = warehouses.served.values()
    until(lambda: served.service.cancelled, bool)
    writer.hold.set()
    assert ended(caller, key).status == "cancelled"
    answered = [pair for pair in pairs(caller, key).values() if pair["response"]]
    assert len(answered) == FIRST


def test_what_was_asked_before_a_crash_is_kept_and_not_asked_again(
    caller: Caller, writer: Writer
) -> None:
    key = laid_open(caller, "hello", "broken", "bye")
    for _ in range(2):  # the statement of a process that was lost may have gone on beside another
        caller.warehouse.execute(
            "INSERT INTO generated_answers (training_sheet_id, pair_id, answer)"
            " SELECT :sheet, concat(:sheet, 'p000'), '{\"response\":\"GOOD DAY\"}'",
            sheet=key,
        )
    generate_responses(caller, key)
    assert ended(caller, key).status == "succeeded"
    assert writer.asked == ["broken", "bye"]
    seen = pairs(caller, key)
    assert [seen[name]["response"] for name in sorted(seen)] == ["GOOD DAY", None, "BYE"]
    assert nothing_is_left(caller)


def test_what_a_person_did_meanwhile_is_kept(caller: Caller, writer: Writer) -> None:
    key = laid_open(caller, "one", "two")
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
    key = laid_open(caller, *["broken"] * 50)
    generate_responses(caller, key)
    work = ended(caller, key)
    assert work.status == "failed"
    assert work.error == "None of the first 20 pairs got a response. cannot read this prompt"
    assert len(writer.asked) == 20  # one chunk, not all fifty


def test_a_page_says_who_asks(bench: Workbench, caller: Caller, writer: Writer) -> None:
    told = get_generation_model(caller)
    assert (told.model, told.through, told.reason) == (WRITER, "warehouse", None)
    key = laid_open(caller, "a")
    page = shown(bench, "generate", view="training-sheets", training_sheet=key)
    assert "The warehouse asks it for many pairs at once" in texts(page)
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
    key = laid_open(caller, "hello", "bye")
    page = shown(bench, "generate", view="training-sheets", training_sheet=key)
    assert "The app asks it for each pair, because the warehouse cannot" in texts(page)
    generate_responses(caller, key)
    assert ended(caller, key).message == "2 responses through the API"
    assert {pair["response"] for pair in pairs(caller, key).values()} == {"HELLO", "BYE"}
    assert writer.asked == []


def test_a_model_elsewhere_is_not_asked_by_the_warehouse(
    started: Callable[..., Workbench], settings: Settings, engine: DuckEngine, writer: Writer
) -> None:
    elsewhere = settings.model_copy(update={"llm_base_url": "http://127.0.0.1:1/v1"})
    told = get_generation_model(started(elsewhere, engine).local_caller())
    assert (told.model, told.through, told.reason) == (WRITER, "api", None)


@pytest.fixture
def real(warehouses: Warehouses, settings: Settings, caller: Caller) -> Iterator[Caller]:
    """The same caller over real Spark, with the tables that a generation needs."""
    engine = SparkEngine(spark(), AiQuery({WRITER: shout}, ("result", "errorMessage")))
    served = warehouses.served[f"{PREFIX}spark"] = Warehouse(f"{PREFIX}spark", engine)
    client = open_databricks(settings.model_copy(update={"http_path": served.path}))
    client.create_schema("org_real")
    store = client.within("org_real")
    for table in declarations(desired(system=False)):
        if table.table in ("sheets", "training_sheets", "pairs", "generated_answers", "jobs"):
            store.execute(table.create)
    yield caller.inside(store)
    client.close()
    engine.close()


def test_real_spark_takes_the_same_statements(real: Caller) -> None:
    key = laid_open(real, "hello", "broken", "silent", system="Shout.")
    enqueue(real, "generate", ("training_sheet", key), "Generate")
    work = latest(real, ("training_sheet", key))
    said = "1 responses through the warehouse, 2 failed (each pair keeps the reason)"
    assert KINDS["generate"].work(Run(real, work, {})) == said
    seen = pairs(real, key)
    assert seen["p000"]["response"] == "SHOUT.\n\nHELLO"
    assert seen["p001"]["generation_error"] == "cannot read this prompt"
    assert seen["p002"]["generation_error"] == NOTHING
    assert nothing_is_left(real)

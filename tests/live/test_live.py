"""What no server on this machine can show: real latency, Delta's conflicts, grants, ai_query."""

import io
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from ontos.generate.generation import get_generation_model
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict, NotFound
from ontos.kernel.jobs import KINDS, Run, enqueue, latest
from ontos.kernel.settings import Settings
from ontos.kernel.tenancy import SYSTEM, desired
from ontos.warehouse import Warehouse, migrate, quote
from ontos.warehouse.migrate import declared
from ontos.workspace import Workspace
from tests.generate.conftest import laid_open, pairs

SIDE_BY_SIDE = 8


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def test_statements_take_this_long(
    warehouse: Warehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    def ask() -> object:
        return warehouse.rows("SELECT 1 AS one")

    ask()  # the warehouse may have to start
    one = statistics.median(seconds(ask) for _ in range(5))
    with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
        many = seconds(lambda: list(threads.map(lambda _: ask(), range(SIDE_BY_SIDE))))
    with capsys.disabled():
        print(f"\nbench live_statement {one:.3f} s (target none)")
        print(f"bench live_{SIDE_BY_SIDE}_side_by_side {many:.3f} s (target {SIDE_BY_SIDE / 2} x)")
    assert many < one * SIDE_BY_SIDE


def test_every_table_is_made_with_its_comments(warehouse: Warehouse) -> None:
    wanted = declared(desired(system=False))
    assert migrate(warehouse, desired(system=False))
    assert migrate(warehouse, desired(system=False)) == []
    found = warehouse.rows(
        "SELECT table_name, column_name, comment FROM information_schema.columns"
        " WHERE table_schema = :schema",
        schema=warehouse.schema,
    )
    columns: dict[str, set[str]] = {}
    for row in found:
        columns.setdefault(row["table_name"], set()).add(row["column_name"])
    assert columns == {name.lower(): set(kinds) for name, kinds in wanted.items()}
    assert any(row["comment"] for row in found)


def test_of_two_changes_to_a_version_one_wins(warehouse: Warehouse) -> None:
    """Compare-and-set: the other sees no row, or Delta's conflict."""
    warehouse.execute("CREATE TABLE IF NOT EXISTS race (id STRING, version BIGINT) USING DELTA")
    warehouse.execute("INSERT INTO race (id, version) VALUES ('a', 1)")

    def change(_: int) -> int:
        try:
            return warehouse.execute(
                "UPDATE race SET version = version + 1 WHERE id = :id AND version = :seen",
                id="a", seen=1,
            )  # fmt: skip
        except Conflict:
            return 0

    with ThreadPoolExecutor(4) as threads:
        won = sum(threads.map(change, range(4)))
    assert won == 1
    assert warehouse.rows("SELECT version FROM race") == [{"version": 2}]


def test_the_app_has_the_rights_that_it_needs(workspace: Workspace) -> None:
    elsewhere = ("secrets", "volume", f"schema {SYSTEM}")  # an installation's, if there is one
    missing = [f"{each.title}: {each.found} {each.remedy}" for each in workspace.setup.findings()
               if each.state == "missing" and each.key not in elsewhere]  # fmt: skip
    assert missing == []


def test_grants_are_seen(warehouse: Warehouse) -> None:
    warehouse.execute("CREATE TABLE IF NOT EXISTS granted (id STRING) USING DELTA")
    name = quote(warehouse.schema, "granted")
    warehouse.execute(f"GRANT SELECT ON TABLE {name} TO `account users`")
    shown = warehouse.rows(f"SHOW GRANTS ON TABLE {name}")
    assert any("SELECT" in str(row.values()) for row in shown)


def test_a_file_comes_back_as_it_went(workspace: Workspace) -> None:
    content = bytes(range(256)) * 4096
    workspace.files.put("live/a.bin", io.BytesIO(content))
    assert workspace.files.open("live/a.bin").read() == content
    workspace.files.delete("live/a.bin")
    with pytest.raises(NotFound):
        workspace.files.open("live/a.bin").read()


def test_the_generating_endpoint_answers(workspace: Workspace, settings: Settings) -> None:
    if not settings.llm_model:
        pytest.skip("ONTOS_LLM_MODEL names no endpoint")
    said = workspace.llm.complete([{"role": "user", "content": "Say: ready"}], max_tokens=8)
    assert said.text.strip()


def test_the_warehouse_asks_the_endpoint(caller: Caller) -> None:
    """The names of its fields are read, because documents differ on them."""
    if not caller.settings.llm_model:
        pytest.skip("ONTOS_LLM_MODEL names no endpoint")
    migrate(caller.warehouse, desired(system=False))
    told = get_generation_model(caller)
    assert (told.through, told.reason) == ("warehouse", None)
    key = laid_open(caller, "Say: ready", "Say: steady", system="Answer with one word.")
    enqueue(caller, "generate", ("training_sheet", key), "Generate")
    work = latest(caller, ("training_sheet", key))
    said = KINDS["generate"].work(Run(caller, work, {"max_tokens": 16}))
    assert said == "2 responses through the warehouse"
    assert all(pair["response"] for pair in pairs(caller, key).values())

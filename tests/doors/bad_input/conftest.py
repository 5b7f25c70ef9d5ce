"""The world that bad input is sent to. Its background work is not started: it stands still."""

from collections.abc import Iterator
from typing import Any

import pytest

from ontos.bootstrap import open_workbench
from ontos.kernel.settings import Settings
from tests.doors.bad_input.world import World
from tests.monitor.made import endpoint
from tests.train.made import WORDS, training_sheet
from tests.trained import trained

__all__ = ["trained"]

CSV = "key,text,intent\n1,hello,greet\n2,bye,leave\n3,good day,greet\n"
PROMPT = {"label_type": "intent", "user_prompt": "Say: {{ message }}"}


@pytest.fixture(autouse=True)
def shelf() -> None:
    """No toys here: the operations are the real ones."""


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Shared by all that is refused. What is accepted begins anew with `world.begin()`."""
    home = tmp_path_factory.mktemp("bad_input")
    settings = Settings(home=home, log_level="ERROR", max_body_mb=1, max_upload_mb=1)
    bench = open_workbench(settings)
    made = World(bench, {"unknown": "f" * 32})
    _fill(made)
    made.begin()
    yield made
    bench.close()


def _fill(world: World) -> None:
    source = upload(world, "words", CSV)
    gone, changed = upload(world, "gone", CSV), upload(world, "changed", CSV)
    sheets = {
        name: sheet(world, name, table["table"])
        for name, table in (("sheet", source), ("draft_sheet", source), ("archived_sheet", source),
                            ("tableless_sheet", gone), ("columnless_sheet", changed))
    }  # fmt: skip
    for name in ("sheet", "tableless_sheet"):
        world.make("POST", f"/sheets/{sheets[name]}/publish")
    world.make("POST", f"/sheets/{sheets['archived_sheet']}/archive")
    templates = {
        name: world.make("POST", "/templates", json=PROMPT | {"name": name})["id"]
        for name in ("template", "draft_template", "archived_template")
    }
    world.make("POST", f"/templates/{templates['template']}/publish")
    world.make("POST", f"/templates/{templates['archived_template']}/archive")
    store = world.bench.store("default")
    store.execute(f"DROP TABLE {gone['table']}")
    store.execute(f"DROP TABLE {changed['table']}")
    store.execute(f"CREATE TABLE {changed['table']} (key BIGINT, text STRING)")
    world.ids |= {"source": source["id"], "table": source["table"], **sheets, **templates}
    _fill_later_stages(world)


def _fill_later_stages(world: World) -> None:
    caller = world.bench.local_caller()
    same = [("please", "fruit"), ("bring", "fruit"), ("me", "fruit")]
    made = {
        "pairs": training_sheet(caller, WORDS[:6], review="pending"),
        "approved": training_sheet(caller),
        "alike": training_sheet(caller, same),
        "single": training_sheet(caller, same[:1]),
        "assembling": training_sheet(caller, WORDS[:1], status="assembling"),
        "archived": training_sheet(caller, WORDS[:3], status="archived"),
    }
    endpoint(caller, "served")
    world.ids |= {name: each.id for name, each in made.items()} | {
        "pair": made["pairs"].pair_ids[0]
    }
    rating = {"endpoint_name": "served", "input": {"message": "a"}, "output": "b", "rating": "down"}
    corrected = rating | {"input": {"text": "a"}, "correction": "c"}
    world.ids["thumbs_down"] = world.make("POST", "/feedback", json=rating)["id"]
    world.ids["correction"] = world.make("POST", "/feedback", json=corrected)["id"]


def upload(world: World, name: str, content: str | bytes) -> Any:
    headers = {"Content-Type": "text/csv"}
    return world.make("POST", f"/sources/files?name={name}", content=content, headers=headers)


def sheet(world: World, name: str, table: str) -> str:
    spec = {"name": name, "source_table": table, "item_id_column": "key"}
    return str(world.make("POST", "/sheets", json=spec)["id"])

"""Pages and saves against a SQL warehouse that takes 300 ms a statement, over the real client."""

import logging
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from unittest import mock

from ontos.bootstrap import Workbench, open_workbench
from ontos.doors import session
from ontos.generate.training_sheets import get_training_sheet
from ontos.kernel.settings import Settings
from ontos.sample.project import load_sample
from ontos.warehouse import tally
from tests.bench.figures import bench, timed
from tests.bench.pages import every_view, forget, unheard
from tests.bench.saves import Ground, every_save, waits
from tests.label.elsewhere import pairs_elsewhere
from tests.pages.opened import press, visited
from tests.wire.duck import DuckEngine
from tests.wire.place import PREFIX, without_certificates
from tests.wire.server import TOKEN, Server, Warehouse

DELAY = 0.3


@contextmanager
def slow(folder: Path) -> Iterator[tuple[Workbench, Warehouse]]:
    """A workbench with the sample project, whose warehouse is quick until it is told not to be."""
    server = Server()
    warehouse = server.add("slow", DuckEngine())
    os.environ |= {
        "DATABRICKS_HOST": server.host, "DATABRICKS_TOKEN": TOKEN, **without_certificates(folder),
    }  # fmt: skip
    made = open_workbench(Settings(
        home=folder, warehouse="databricks", http_path=f"{PREFIX}slow", log_level="ERROR",
    ))  # fmt: skip
    made.start()
    sample = load_sample(made.local_caller())
    while get_training_sheet(made.local_caller(), sample.training_sheet_id).status == "assembling":
        time.sleep(0.2)
    yield made, warehouse
    warehouse.faults.delay = 0.0
    made.close()
    server.close()


@contextmanager
def own_rights(made: Workbench, warehouse: Warehouse) -> Iterator[None]:
    """Inside, the newest pairs are those of a table that whoever looks reads by their own token."""
    pairs_elsewhere(made)
    warehouse.tokens.add("forwarded")
    person = replace(session.local_person(), token="forwarded")  # noqa: S106
    with mock.patch.object(session, "local_person", lambda: person):
        yield


def saved_once(ground: Ground, warehouse: Warehouse) -> None:
    """A line for each save, and each act: its sequential waits, its statements, its seconds."""
    for save in every_save(ground).values():
        save()  # warms up
    saves, worst = every_save(ground), 0
    warehouse.faults.delay = DELAY
    for name, save in saves.items():
        with tally() as cost, timed() as took:
            save()
        allowed = waits(name)
        kind, worst = ("act", worst) if allowed > 1 else ("save", max(worst, cost.waits))
        spent = f"waits of {cost.statements} statements, {took[0]:.2f} s"
        bench(f"{kind}_300ms_{name.replace(':', '_')}_waits", cost.waits, spent, str(allowed))
    bench("save_300ms_worst_waits", worst, "waits", "1")
    warehouse.faults.delay = 0.0


def decided_one_by_one(made: Workbench, warehouse: Warehouse) -> None:
    """A press in One by one until the next pair stands: the save, and here the list once more."""
    page, took = visited(made, "label", view="focus"), []
    warehouse.faults.delay = DELAY
    for _ in range(5):
        with timed() as seconds:
            page = press(page, "Approve")
        took += seconds
    bench("decision_300ms_one_by_one", median(took), "s", "two waits of 0.3, and drawing")
    warehouse.faults.delay = 0.0


def main() -> None:
    os.environ["ONTOS_DEBUG_FOOTER"] = "1"
    with tempfile.TemporaryDirectory() as folder, slow(Path(folder)) as (made, warehouse):
        caller = made.local_caller()
        (found,) = caller.warehouse.rows("SELECT id FROM training_sheets")
        warehouse.faults.delay = DELAY
        every_view(made, "page_300ms")
        with unheard():
            every_view(made, "page_300ms_first_of_a_process", partial(forget, made))
        warehouse.faults.delay = 0.0
        decided_one_by_one(made, warehouse)
        saved_once(Ground(caller, found["id"]), warehouse)
        with own_rights(made, warehouse), unheard():
            warehouse.faults.delay = DELAY
            every_view(made, "page_300ms_own_rights", partial(forget, made))


if __name__ == "__main__":
    logging.disable(logging.WARNING)  # Streamlit's, about running outside of its server
    main()

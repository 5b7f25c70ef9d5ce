"""Pages and saves against a SQL warehouse that takes 300 ms a statement, over the real client."""

import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ontos.bootstrap import Workbench, open_workbench
from ontos.data.sheets import SheetChange, list_sheets, update_sheet
from ontos.generate.templates import (
    TemplateChange,
    TemplateSpec,
    create_template,
    update_template,
)
from ontos.generate.training_sheets import get_training_sheet
from ontos.kernel.caller import Caller
from ontos.kernel.settings import Settings
from ontos.label.pairs import list_pairs
from ontos.label.reviews import ReviewBatch, review_batch
from ontos.label.tasks import Assignment, TaskSpec, assign_task, create_task
from ontos.sample.project import load_sample
from ontos.warehouse import tally
from tests.bench.figures import bench, timed
from tests.bench.pages import every_view
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


def saves(caller: Caller) -> dict[str, Callable[[], object]]:
    """What people save most often."""
    sheet = list_sheets(caller).items[0]
    found = caller.warehouse.rows("SELECT id FROM training_sheets LIMIT 1")[0]["id"]
    first, second = list_pairs(caller, found, limit=2).items
    one, two = (
        ReviewBatch.model_validate({"changes": [
            {"pair_id": pair.id, "version": pair.version, "action": "approve"}
        ]})
        for pair in (first, second)
    )  # fmt: skip
    review_batch(caller, found, one)  # warms up
    draft = create_template(caller, TemplateSpec(name="slow", label_type="x", user_prompt="Hi"))
    task = create_task(caller, TaskSpec(title="slow", target_record_count=1))
    return {
        "review": lambda: review_batch(caller, found, two),
        "sheet": lambda: update_sheet(caller, sheet.id, SheetChange(description="slow")),
        "template": lambda: update_template(caller, draft.id, TemplateChange(name="slower")),
        "task": lambda: assign_task(caller, task.id, Assignment(assignee=caller.user)),
    }


def main() -> None:
    os.environ["ONTOS_DEBUG_FOOTER"] = "1"
    with tempfile.TemporaryDirectory() as folder, slow(Path(folder)) as (made, warehouse):
        saving = saves(made.local_caller())
        warehouse.faults.delay = DELAY
        every_view(made, "page_300ms")
        for name, save in saving.items():
            with tally() as cost, timed() as took:
                save()
            spent = f"waits of {cost.statements} statements, {took[0]:.2f} s"
            bench(f"save_300ms_{name}_waits", cost.waits, spent, "1")


if __name__ == "__main__":
    logging.disable(logging.WARNING)  # Streamlit's, about running outside of its server
    main()

"""How a figure is printed, timed, and where its store lives."""

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa

from ontos.bootstrap import Workbench, open_workbench
from ontos.data.sheets import Sheet, SheetSpec, create_sheet, publish_sheet
from ontos.generate.assembly import AssembleSpec, assemble_sheet
from ontos.generate.templates import TemplateSpec, create_template, publish_template
from ontos.generate.training_sheets import ENTITY, TrainingSheet, get_training_sheet
from ontos.kernel.caller import Caller
from ontos.kernel.jobs import latest
from ontos.kernel.settings import Settings

CHUNK = 100_000


def bench(name: str, value: float, unit: str, target: str) -> None:
    print(f"bench {name} {value:.4g} {unit} (target {target})", flush=True)


@contextmanager
def timed() -> Iterator[list[float]]:
    """Seconds of the block, in the list's only element once it has ended."""
    took: list[float] = []
    began = time.perf_counter()
    yield took
    took.append(time.perf_counter() - began)


def peak_mb() -> float:
    """The most memory that this process ever held."""
    scale = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


@contextmanager
def workbench() -> Iterator[Workbench]:
    with tempfile.TemporaryDirectory(prefix="ontos-bench-") as home:
        opened = open_workbench(Settings(home=Path(home), log_level="ERROR"))
        opened.start()
        yield opened
        opened.close()


def sheet(caller: Caller, rows: int, name: str = "bench") -> Sheet:
    """A published sheet of `rows` messages of about 60 characters with one of 50 labels."""
    caller.warehouse.execute(
        f"CREATE TABLE workbench.data_default.{name} (item STRING, message STRING, label STRING)"
    )
    for start in range(0, rows, CHUNK):
        numbers = np.arange(start, min(start + CHUNK, rows))
        text = np.char.add("please look into the matter of order number ", numbers.astype(str))
        caller.warehouse.append(f"workbench.data_default.{name}", pa.table({
            "item": np.char.add("item", np.char.zfill(numbers.astype(str), 8)),
            "message": np.char.add(text, " and tell me more"),
            "label": np.char.add("label", (numbers % 50).astype(str)),
        }))  # fmt: skip
    made = create_sheet(
        caller,
        SheetSpec(name=name, source_table=f"workbench.data_default.{name}", item_id_column="item"),
    )
    return publish_sheet(caller, made.id)


def template(caller: Caller) -> str:
    made = create_template(caller, TemplateSpec(
        name="bench", label_type="topic", user_prompt="Message: {{ message }}\nTopic:",
        system_prompt="You sort messages.",
    ))  # fmt: skip
    return publish_template(caller, made.id).id


def assemble(caller: Caller, over: Sheet, template_id: str) -> TrainingSheet:
    """Assemble and wait until it is ready, by its job: looking at the pairs would count them."""
    made = assemble_sheet(caller, over.id, AssembleSpec(
        name="bench", template_id=template_id, column_mapping={"message": "message"},
        response_column="label",
    ))  # fmt: skip
    while (work := latest(caller, (ENTITY, made.id))) and work.status in ("queued", "running"):
        time.sleep(1)  # each look takes processor time from the job
    seen = get_training_sheet(caller, made.id)
    assert seen.status == "ready", seen.error_message
    return seen

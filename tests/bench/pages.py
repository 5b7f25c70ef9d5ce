"""What opening each view costs: statements and waits.

With 1,000,000 pairs in the store, with much to show on every page, and for one thing each.
"""

import logging
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from unittest import mock

from ontos.bootstrap import Workbench, open_workbench
from ontos.data.access import RIGHTS
from ontos.doors import process
from ontos.kernel.settings import Settings
from ontos.warehouse.databricks.silence import Silence
from tests.bench.figures import assemble, bench, sheet, template, workbench
from tests.journeys.story import ENDPOINT, tell
from tests.pages.opened import FAILED, visited
from tests.serving import ROOT, Api, served

ROWS = 1_000_000
FOOTER = re.compile(r"(\d+) statements · (\d+) sequential waits")
STAGES = ("home", "data", "generate", "label", "train", "deploy", "monitor", "improve", "govern")


Link = tuple[str, str, dict[str, str]]
"""Stage, view and what else the address names."""
Before = Callable[[], object] | None


def unheard() -> AbstractContextManager[object]:
    """Inside it is as after minutes in which nobody asked the warehouse anything."""
    return mock.patch.object(Silence, "heard_within", return_value=False)


def forget(made: Workbench) -> None:
    """As a process that has just started: nothing is known of rights, nothing was seen."""
    made.local_caller().seen.forget()
    RIGHTS.forget()
    made.directory.forget()


def views(stage: str) -> list[str]:
    """The keys of a stage's views, as its page declares them."""
    source = (ROOT / f"pages/{stage}/page.py").read_text(encoding="utf-8")
    return [
        line.split('View("')[1].split('"')[0] for line in source.splitlines() if 'View("' in line
    ]


def main() -> None:
    os.environ["ONTOS_DEBUG_FOOTER"] = "1"
    with workbench() as made:
        caller = made.local_caller()
        assemble(caller, sheet(caller, ROWS), template(caller))
        every_view(made, "page")
    with lived_in() as (made, things):
        every_view(made, "page_full")
        every_thing(made, "page_of_one", things)
        new = partial(forget, made)
        every_view(made, "page_full_first_of_a_process", new)
        every_thing(made, "page_of_one_first_of_a_process", things, new)


@contextmanager
def lived_in() -> Iterator[tuple[Workbench, dict[str, str]]]:
    """A workbench in which the loop has gone round, and the things that came of it by name."""
    with tempfile.TemporaryDirectory(prefix="ontos-bench-") as folder:
        home = Path(folder) / "home"
        with served(home) as app:
            api = Api(app.url)
            things = tell(api)
            job = api("GET", f"/training/jobs/{things['job_id']}")
            things |= {
                "source_id": api("GET", "/sources")["items"][0]["id"],
                "table": api("GET", f"/sheets/{things['sheet_id']}")["source_table"],
                "model": job["uc_model_name"],
            }
            api.close()
        made = open_workbench(Settings(home=home, log_level="ERROR"))
        made.start()
        yield made, things
        made.close()


def every_thing(
    made: Workbench, prefix: str, things: dict[str, str], before: Before = None
) -> None:
    """The pages of single things, as links lead to them."""
    pairs = things["training_sheet_id"]
    links = (
        ("data", "upload", {"source": things["source_id"], "table": things["table"]}),
        ("data", "catalog", {"table": things["table"]}),
        ("data", "sheets", {"sheet": things["sheet_id"]}),
        ("generate", "templates", {"template": things["template_id"]}),
        ("generate", "training-sheets", {"training_sheet": pairs}),
        *(("label", view, {"sheet": pairs}) for view in ("review", "focus", "usage", "export")),
        ("train", "new", {"sheet": pairs}),
        ("train", "jobs", {"job": things["job_id"]}),
        ("train", "compare", {"model": things["model"]}),
        ("deploy", "endpoints", {"endpoint": ENDPOINT}),
        ("deploy", "playground", {"endpoint": ENDPOINT}),
        ("deploy", "models", {"model": things["model"]}),
        ("monitor", "performance", {"endpoint": ENDPOINT}),
        ("improve", "gaps", {"endpoint": ENDPOINT, "gap": things["gap_id"]}),
        ("govern", "lineage", {"entity": f"training_sheet/{pairs}"}),
    )
    measured(made, prefix, links, before)


def every_view(made: Workbench, prefix: str, before: Before = None) -> None:
    """Each view as it opens by itself."""
    links = [(stage, view, {}) for stage in STAGES for view in views(stage)]
    measured(made, prefix, links, before)


def measured(made: Workbench, prefix: str, links: Iterable[Link], before: Before = None) -> None:
    """One line for each: its sequential waits, its statements, its seconds."""
    worst = 0
    for stage, view, params in links:
        statements, waits, seconds = cost(made, stage, view, params, before)
        worst = max(worst, waits)
        spent = f"waits of {statements} statements, {seconds:.2f} s"
        bench(f"{prefix}_{stage}_{view}_waits", waits, spent, "<= 2")
    bench(f"{prefix}_worst_waits", worst, "waits", "<= 2")
    process.use(None)


def cost(
    bench: Workbench, stage: str, view: str, params: dict[str, str], before: Before = None
) -> tuple[int, int, float]:
    """What the footer of the opened view counted, and the seconds that the page took."""
    began = time.perf_counter()
    page = visited(bench, stage, before=before, view=view, **params)
    seconds = time.perf_counter() - began
    assert page.title[0].value.lower() == stage and not page.exception
    assert FAILED not in [error.value for error in page.error]
    counted = next(filter(None, (FOOTER.search(caption.value) for caption in page.caption)))
    return int(counted[1]), int(counted[2]), seconds


if __name__ == "__main__":
    logging.disable(logging.WARNING)  # Streamlit's, about running outside of its server
    main()

"""What opening each view costs with 1,000,000 pairs in the store: statements and waits."""

import logging
import os
import re
import time

from ontos.bootstrap import Workbench
from ontos.doors import process
from tests.bench.figures import assemble, bench, sheet, template, workbench
from tests.bench.served import ROOT
from tests.pages.opened import opened

ROWS = 1_000_000
FOOTER = re.compile(r"(\d+) statements · (\d+) sequential waits")
STAGES = ("home", "data", "generate", "label", "train", "deploy", "monitor", "improve", "govern")


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


def every_view(made: Workbench, prefix: str) -> None:
    """One line for each view: its sequential waits, its statements, its seconds."""
    worst = 0
    for stage in STAGES:
        for view in views(stage):
            statements, waits, seconds = cost(made, stage, view)
            worst = max(worst, waits)
            spent = f"waits of {statements} statements, {seconds:.2f} s"
            bench(f"{prefix}_{stage}_{view}_waits", waits, spent, "<= 2")
    bench(f"{prefix}_worst_waits", worst, "waits", "<= 2")
    process.use(None)


def cost(bench: Workbench, stage: str, view: str) -> tuple[int, int, float]:
    """What the footer of the opened view counted, and the seconds that the page took."""
    began = time.perf_counter()
    page = opened(bench, stage, view=view)
    seconds = time.perf_counter() - began
    assert page.title[0].value.lower() == stage
    counted = next(filter(None, (FOOTER.search(caption.value) for caption in page.caption)))
    return int(counted[1]), int(counted[2]), seconds


if __name__ == "__main__":
    logging.disable(logging.WARNING)  # Streamlit's, about running outside of its server
    main()

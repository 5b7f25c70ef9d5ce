"""What opening each view costs with 1,000,000 pairs in the store: statements and waits."""

import importlib
import os
import time
from pathlib import Path

from streamlit.testing.v1 import AppTest

from ontos.doors import process
from ontos.warehouse import tally
from tests.bench.figures import assemble, bench, sheet, template, workbench

ROWS = 1_000_000
STAGES = ("home", "data", "generate", "label", "train", "deploy", "monitor", "improve", "govern")


def views(stage: str) -> list[str]:
    """The keys of a stage's views, as its page declares them."""
    source = Path(f"pages/{stage}/page.py").read_text(encoding="utf-8")
    return [
        line.split('View("')[1].split('"')[0] for line in source.splitlines() if 'View("' in line
    ]


def main() -> None:
    os.environ["ONTOS_DEBUG_FOOTER"] = "1"
    with workbench() as opened:
        caller = opened.local_caller()
        assemble(caller, sheet(caller, ROWS), template(caller))
        process.use(opened)
        worst = 0
        for stage in STAGES:
            for view in views(stage):
                statements, waits, seconds = cost(stage, view)
                worst = max(worst, waits)
                name = f"page_{stage}_{view}"
                bench(
                    f"{name}_waits",
                    waits,
                    f"waits of {statements} statements, {seconds:.2f} s",
                    "<= 2",
                )
        bench("page_worst_waits", worst, "waits", "<= 2")
        process.use(None)


def cost(stage: str, view: str) -> tuple[int, int, float]:
    """Open the view once to warm up, then count."""
    for _ in range(2):
        test = AppTest.from_file("pages/navigation.py", default_timeout=60)
        test.switch_page(f"pages/{stage}/page.py")
        test.query_params["view"] = view
        with tally() as counted:
            began = time.perf_counter()
            test.run()
            seconds = time.perf_counter() - began
        assert not test.exception, (stage, view, test.exception)
    return counted.statements, counted.waits, seconds


if __name__ == "__main__":
    importlib.import_module("streamlit")
    main()

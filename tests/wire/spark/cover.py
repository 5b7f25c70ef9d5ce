"""The tests whose statements, together, are all that the operations suite executes.

python -m tests.wire.spark.cover [folder]

runs the whole operations suite with the recorder, or takes the recording of such a run, and writes
the shortest list of tests that it finds. Do so when the suite has changed.
"""

import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from ontos.kernel.errors import Invalid
from tests.wire.duck import DuckEngine
from tests.wire.spark.parity import Seen, Side
from tests.wire.spark.recording import SUITE
from tests.wire.spark.specimens import Specimen, recorded, seconds

LIST = Path(__file__).with_name("cover.txt")
ROOT = Path(__file__).parents[3]
SIDE_BY_SIDE = ("-n", "2", "--dist", "loadfile")
ENOUGH = 5
"""Rows that a specimen must have met where others met more."""
SLOWEST = 20.0
"""Seconds; a test that takes longer is left to recordings of the whole suite."""
RICHEST = 2
"""Specimens of one shape that are looked at for one that answers something."""
ENOUGH_SAID = 100
"""Rows; an answer of more says no more."""


def listed() -> list[str]:
    return LIST.read_text(encoding="utf-8").splitlines()


def record(folder: Path, tests: Iterable[str]) -> str:
    """Run the tests with the recorder; what pytest says of those that failed, or nothing."""
    asked = [sys.executable, "-m", "pytest", "-p", "tests.wire.spark.recording", "-q"]
    asked += ["-p", "no:cacheprovider", "-m", "not browser and not faults", *SIDE_BY_SIDE, *tests]
    environment = os.environ | {"ONTOS_RECORD": str(folder)}
    done = subprocess.run(asked, cwd=ROOT, env=environment, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout[-4000:] + done.stderr[-2000:]


def telling(specimens: Iterable[Specimen]) -> tuple[list[tuple[Specimen, Seen]], list[str]]:
    """For each shape of text the specimen that has most to say on the embedded engine, and that.

    Beside them, the shapes of which none can be set up: JSON does not carry what they met.
    """
    shapes: dict[str, list[Specimen]] = defaultdict(list)
    for each in specimens:
        shapes[each.shape].append(each)
    side = Side(DuckEngine())
    richest = {shape: _richest(found, side) for shape, found in shapes.items()}
    side.engine.close()
    return (
        [found for found in richest.values() if found],
        [shape for shape, found in richest.items() if not found],
    )


def _richest(found: list[Specimen], side: Side) -> tuple[Specimen, Seen] | None:
    heaviest = sorted(found, key=lambda each: -each.weight)[:RICHEST]
    told = [(each, seen) for each in heaviest if (seen := _seen(each, side))]
    return max(told, key=lambda each: min(each[1].size, ENOUGH_SAID), default=None)


def _seen(specimen: Specimen, side: Side) -> Seen | None:
    try:
        return side.see(specimen)
    except Invalid:
        return None


def chosen(specimens: list[Specimen], took: Mapping[str, float]) -> list[str]:
    """Greedily, quick tests that hold every kind of the workbench's texts, where it met rows."""
    ours = [each for each in specimens if each.ours and took.get(each.test, 0.0) < SLOWEST]
    most: dict[str, int] = defaultdict(int)
    for each in ours:
        most[each.kind] = max(most[each.kind], each.weight)
    holds: dict[str, set[str]] = defaultdict(set)
    for each in ours:
        if each.weight >= min(most[each.kind] // 2, ENOUGH):
            holds[each.test].add(each.kind)
    left, taken = set(most), []
    while left:
        worth = {test: len(held & left) / (1 + took.get(test, 1)) for test, held in holds.items()}
        taken.append(max(sorted(worth), key=worth.__getitem__))
        left -= holds[taken[-1]]
    return sorted(taken)


def main(given: list[str]) -> int:
    with tempfile.TemporaryDirectory() as fresh:
        folder = Path(given[0] if given else fresh)
        failed = "" if given else record(folder, SUITE)
        tests = chosen(list(recorded(folder)), seconds(folder))
    LIST.write_text("".join(f"{test}\n" for test in tests), encoding="utf-8")
    print(f"{len(tests)} tests hold every kind of statement.\n{failed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

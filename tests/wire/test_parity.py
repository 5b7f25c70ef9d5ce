"""Every text that the operations suite executes means on real Spark what it means here.

The tests of `tests/wire/spark/cover.txt` are run with the recorder; each of their statements is
then put to both engines over the same tables. With ONTOS_RECORDED=folder a recording is taken
from there instead, such as one of the whole suite.
"""

import fcntl
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest

from tests.wire.engine import Refused
from tests.wire.spark.beyond import EXCUSES, Excuse, excuse, unexcused
from tests.wire.spark.cover import listed, record, telling
from tests.wire.spark.engine import SparkEngine
from tests.wire.spark.parity import Seen, Side, differences
from tests.wire.spark.session import spark
from tests.wire.spark.specimens import Specimen, recorded

HALVES = 2
UNKNOWN = ("[UNRESOLVED_ROUTINE", "[PARSE_SYNTAX_ERROR")
"""What Spark says of a statement that is broken, or that Databricks alone has."""


@pytest.fixture(scope="module")
def engine() -> Iterator[SparkEngine]:
    opened = SparkEngine(spark())
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Where it lies, and what failed while it was made: once, by the worker that comes first."""
    if given := os.environ.get("ONTOS_RECORDED"):
        return Path(given), ""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "recorded"
    folder.mkdir(exist_ok=True)
    failed = folder / "failed.txt"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not failed.exists():
            failed.write_text(record(folder, listed()), encoding="utf-8")
    return folder, failed.read_text(encoding="utf-8")


def told(folder: Path, half: int) -> tuple[list[tuple[Specimen, Seen]], list[str]]:
    """One of each text of a half and what we make of it, in an order in which tables that stand
    can be used again; beside them the texts that no table can be set up for."""
    mine = (each for each in recorded(folder) if crc32(each.shape.encode()) % HALVES == half)
    best, dropped = telling(mine)
    return sorted(best, key=lambda each: _met(each[0])), dropped


@pytest.mark.parametrize(
    ("sql", "excused"),
    [
        ("SELECT ai_query(:endpoint, 'a') AS answer", True),
        ("SELECT ai_querry(:endpoint, 'a') AS answer", False),
        ("SELECT nobody_knows(1) AS n", False),
        ("SELEC 1", False),
        ("SELECT 1 AS one FROM t WHERE id ~ 'a' RETURNING id", False),
        ("OPTIMISE t", False),
        ("SELECT parse_jsn(:text) AS table_comment", False),
    ],
)
def test_what_is_broken_has_no_excuse(engine: SparkEngine, sql: str, excused: bool) -> None:
    """As Spark words it: each of these it can neither parse nor resolve."""
    with pytest.raises(Refused) as told:
        engine.run(sql, {"endpoint": "e", "text": "{}"}, "default")
    assert str(told.value).startswith(UNKNOWN)
    assert excuse(sql) is None
    assert (excuse(sql, str(told.value)) is not None) is excused


def test_only_what_is_known_is_left_out() -> None:
    assert excuse("SELECT table_schema FROM information_schema.tables t") is None
    assert unexcused(["SELECT * FROM `workbench`.`data_default`.`more`"]) != []


def _met(specimen: Specimen) -> list[tuple[str, int]]:
    return [(table.name, table.rows.num_rows) for table in specimen.met]


@pytest.mark.parametrize("half", range(HALVES))
def test_every_statement_means_the_same(
    half: int,
    recording: tuple[Path, str],
    engine: SparkEngine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of the halves, each by a worker of its own where there are several."""
    folder, failed = recording
    specimens, dropped = told(folder, half)
    truth = Side(engine, shelf=engine)
    found: dict[str, list[str]] = {}
    beyond = [f"no such column can be sent: {shape}" for shape in dropped]
    used = set()
    for specimen, ours in specimens:
        if known := excuse(specimen.shape):
            beyond.append(f"{known.why}: {specimen.shape}")
            used.add(known)
            continue
        said = truth.see(specimen)
        if known := excuse(specimen.shape, said.refused):
            beyond.append(f"{known.why}: {specimen.shape}")
            used.add(known)
        elif said.refused.startswith(UNKNOWN):
            found[f"{specimen.test}: {specimen.shape}"] = [said.refused]
        elif apart := list(differences(specimen, ours, said)):
            found[f"{specimen.test}: {specimen.shape}"] = apart
    compared = len(specimens) + len(dropped) - len(beyond)
    with capsys.disabled():  # by stderr: xdist lets nothing else of its workers out
        print(f"\n{compared} statements compared with Spark; not executed:", file=sys.stderr)
        print(*(f"  {line[:160]}" for line in beyond), sep="\n", file=sys.stderr)
    assert found == {}
    assert unexcused(dropped) == []
    assert _unsaid(folder, half, used) == set(), "what is excused is not said any more"
    assert compared > len(listed())
    assert not failed, f"Texts may be missing, since tests failed while recording:\n{failed}"


def _unsaid(folder: Path, half: int, used: set[Excuse]) -> set[str]:
    """Of what is excused, by all halves; whichever ends last knows."""
    said = {each.why for each in used}
    (folder / f"excused-{half}").write_text("\n".join(said), encoding="utf-8")
    files = sorted(folder.glob("excused-*"))
    told_of = {line for file in files for line in file.read_text(encoding="utf-8").splitlines()}
    return {each.why for each in EXCUSES} - told_of if len(files) == HALVES else set()

"""Every text that the operations suite executes means on real Spark what it means here.

A run of the suite with the recorder leaves them in a folder, with the tables that they met;
ONTOS_RECORDED names it, and each is put to both engines over the same tables.
"""

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.wire.engine import Refused
from tests.wire.spark.beyond import EXCUSES, excuse, unexcused
from tests.wire.spark.engine import SparkEngine
from tests.wire.spark.parity import Seen, Side, differences, telling
from tests.wire.spark.session import spark
from tests.wire.spark.specimens import Specimen, recorded

LEAST = 600
"""Statements that are compared; a recording of fewer is not one of all operations."""
UNKNOWN = ("[UNRESOLVED_ROUTINE", "[PARSE_SYNTAX_ERROR")
"""What Spark says of a statement that is broken, or that Databricks alone has."""


@pytest.fixture(scope="module")
def recording() -> Path:
    folder = os.environ.get("ONTOS_RECORDED")
    if not folder:
        absent = "Name a recording by ONTOS_RECORDED=folder: `make test-wire` makes and names one."
        (pytest.fail if os.environ.get("CI") else pytest.skip)(absent)
    return Path(folder)


@pytest.fixture(scope="module")
def told(recording: Path) -> tuple[list[tuple[Specimen, Seen]], list[str]]:
    """What the embedded engine makes of it, asked while the other one starts."""
    with ThreadPoolExecutor(1) as beside:
        started = beside.submit(spark)
        found = telling(recorded(recording))
        started.result()
    return found


@pytest.fixture(scope="module")
def engine() -> Iterator[SparkEngine]:
    opened = SparkEngine(spark())
    yield opened
    opened.close()


def _met(specimen: Specimen) -> list[tuple[str, int]]:
    return [(table.name, table.rows.num_rows) for table in specimen.met]


def test_every_statement_means_the_same(
    told: tuple[list[tuple[Specimen, Seen]], list[str]],
    engine: SparkEngine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In an order in which tables that stand can be used again."""
    specimens, dropped = told
    truth = Side(engine, shelf=engine)
    found: dict[str, list[str]] = {}
    beyond = [f"no such column can be sent: {shape}" for shape in dropped]
    used = set()
    for specimen, ours in sorted(specimens, key=lambda each: _met(each[0])):
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
    assert {each.why for each in used} == {each.why for each in EXCUSES}
    assert compared >= LEAST


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
    with pytest.raises(Refused) as refused:
        engine.run(sql, {"endpoint": "e", "text": "{}"}, "default")
    assert str(refused.value).startswith(UNKNOWN)
    assert excuse(sql) is None
    assert (excuse(sql, str(refused.value)) is not None) is excused


def test_only_what_is_known_is_left_out() -> None:
    assert excuse("SELECT table_schema FROM information_schema.tables t") is None
    assert unexcused(["SELECT * FROM `workbench`.`data_default`.`more`"]) != []

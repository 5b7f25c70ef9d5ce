"""Every text that the operations suite executes means on real Spark what it means here.

The tests of `tests/wire/spark/cover.txt` are run with the recorder; each of their statements is
then put to both engines over the same tables. With ONTOS_RECORDED=folder a recording is taken
from there instead, such as one of the whole suite.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wire.duck import DuckEngine
from tests.wire.spark.cover import listed, record, telling
from tests.wire.spark.engine import SparkEngine
from tests.wire.spark.parity import Side, differences
from tests.wire.spark.session import spark
from tests.wire.spark.specimens import Specimen, recorded

LOCAL = ("information_schema.schemata s ", "information_schema.tables t", "table_comment AS about")
"""Texts of the embedded workspace's own catalog; a workspace on Databricks asks its SDK."""
UNKNOWN = ("[UNRESOLVED_ROUTINE", "[PARSE_SYNTAX_ERROR")
"""What Spark says of a statement that Databricks alone has."""


@pytest.fixture(scope="module")
def engine() -> Iterator[SparkEngine]:
    opened = SparkEngine(spark())
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def told(
    engine: SparkEngine, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[Specimen], list[str], str]:
    """One of each text, in an order in which tables that stand already can be used again; beside
    them the texts that no table can be set up for, and what failed while recording."""
    folder = tmp_path_factory.mktemp("recorded")
    failed = ""
    if given := os.environ.get("ONTOS_RECORDED"):
        folder = Path(given)
    else:
        failed = record(folder, listed())
    best, dropped = telling(recorded(folder))
    return sorted(best.values(), key=_met), dropped, failed


def _met(specimen: Specimen) -> list[tuple[str, int]]:
    return [(table.name, table.rows.num_rows) for table in specimen.met]


def test_every_statement_means_the_same(
    told: tuple[list[Specimen], list[str], str],
    engine: SparkEngine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    specimens, dropped, failed = told
    ours, truth = Side(DuckEngine()), Side(engine, shelf=engine)
    found: dict[str, list[str]] = {}
    beyond = [f"no such column can be sent: {shape}" for shape in dropped]
    for specimen in specimens:
        if any(mark in specimen.shape for mark in LOCAL):
            beyond.append(f"embedded workspace only: {specimen.shape}")
            continue
        said = truth.see(specimen)
        if said.refused.startswith(UNKNOWN):
            beyond.append(f"{said.refused[:80]}: {specimen.shape}")
        elif apart := list(differences(specimen, ours.see(specimen), said)):
            found[f"{specimen.test}: {specimen.shape}"] = apart
    ours.engine.close()
    compared = len(specimens) + len(dropped) - len(beyond)
    with capsys.disabled():
        print(f"\n{compared} statements compared with Spark; not executed:")
        print(*(f"  {line[:160]}" for line in beyond), sep="\n")
    assert found == {}
    assert compared > len(listed())
    assert not failed, f"Texts may be missing, since tests failed while recording:\n{failed}"

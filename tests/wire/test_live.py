"""The smoke test of a real workspace, as far as what stands for one here goes."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.wire.duck import DuckEngine
from tests.wire.engine import Engine
from tests.wire.loop import NAME, chosen, join
from tests.wire.place import PREFIX
from tests.wire.server import Warehouse
from tests.wire.spark.engine import SparkEngine
from tests.wire.spark.session import spark
from tests.wire.workspace.server import serve

ROOT = Path(__file__).parents[2]
REAL = {
    "test_grants_are_seen": "GRANT and SHOW GRANTS are SQL that no engine here has",
    "test_statements_take_this_long": "latency is that of a real warehouse",
    "test_the_app_has_the_rights_that_it_needs": "REST knows no schema that SQL made",
    "test_a_file_comes_back_as_it_went": "REST knows no schema that SQL made",
}
"""What only a real workspace shows, and why."""
NO_COMMENTS = {"test_every_table_is_made_with_its_comments": "DuckDB's column is column_comment"}


def duck(folder: Path) -> Engine:
    return DuckEngine(folder / "unity.duckdb")


def real_spark(_: Path) -> Engine:
    return SparkEngine(spark())


@pytest.mark.parametrize(
    ("opened", "left_out", "passing"), [(duck, REAL | NO_COMMENTS, 7), (real_spark, REAL, 8)]
)
def test_the_smoke_test_is_sound(
    tmp_path: Path, opened: Callable[[Path], Engine], left_out: dict[str, str], passing: int
) -> None:
    engine = opened(tmp_path)
    warehouse = Warehouse(PREFIX + NAME, engine)
    try:
        with serve(tmp_path / "workspace") as workspace:
            join(workspace, warehouse, engine)
            settings = chosen(warehouse) | {
                "ONTOS_LIVE": "1", "ONTOS_CATALOG": "workbench",
                "ONTOS_LIVE_OTHER_TOKEN": workspace.people.add("stranger@example.org"),
            }  # fmt: skip
            told = live({**os.environ, **workspace.env(), **settings}, left_out)
        assert told.returncode == 0, told.stdout[-6000:]
        assert re.search(rf"^{passing} passed, 2 skipped", told.stdout, re.M), told.stdout
        assert engine.tables() == []  # nothing is left behind
    finally:
        engine.close()


def live(environment: dict[str, str], left_out: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The two that are skipped ask for an endpoint that generates."""
    chosen_ones = " and ".join(f"not {name}" for name in left_out)
    asked = [sys.executable, "-m", "pytest", "tests/live", "-k", chosen_ones, "-rfs", "--tb=short"]
    return subprocess.run(
        [*asked, "--show-capture=no", "-p", "no:cacheprovider", "-p", "no:xdist"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip

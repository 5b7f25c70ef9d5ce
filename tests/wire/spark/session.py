"""A small, quick Spark in this process: one thread, no UI, UTC, rules as Databricks has them."""

import atexit
import logging
import os
import shutil
import sys
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.wire.spark.java import missing, provider

CATALOG = "workbench"
_SETTINGS = {
    "spark.sql.defaultCatalog": CATALOG,
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    "spark.sql.adaptive.enabled": "false",
    # Statements here see a few rows: generating classes for each would be most of the time.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "1g",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "20000",
    "spark.log.level": "OFF",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.defaultColumn.allowedProviders": "delta,csv,json,orc,parquet",
}
_JVM = "-XX:TieredStopAtLevel=1 -Xshare:auto -Duser.timezone=UTC -XX:+UseSerialGC -Xms1g -Xmn500m"


@cache
def spark() -> "Spark":
    """The one of this process, started when it is first asked for and ended with the process.

    Where something is missing for it the test that asks is skipped; in CI it fails.
    """
    if reason := missing():
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up(reason)
    started = Spark()
    atexit.register(started.close)
    return started


class Spark:
    """A JVM with Spark in it, and the folder that it may write into."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="ontos-spark-run-"))
        self.root = self._started()

    def close(self) -> None:
        """Stop Spark and its JVM."""
        from pyspark import SparkContext

        gateway = SparkContext._gateway
        self.root.stop()
        if gateway is not None:
            gateway.shutdown()
            gateway.proc.stdin.close()
            gateway.proc.wait(timeout=30)
            SparkContext._gateway = SparkContext._jvm = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def _started(self) -> Any:
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        os.environ["PYSPARK_PYTHON"] = sys.executable  # functions written in Python run there
        from pyspark.sql import SparkSession

        logging.getLogger("SQLQueryContextLogger").disabled = True  # the error itself is raised
        classes = str(provider())
        making = SparkSession.builder.master("local[1]").appName("ontos-wire")
        for name, value in self._settings(classes).items():
            making = making.config(name, value)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
            root = making.getOrCreate()
            root.sql("SELECT 1 AS one").toArrow()  # imports what warns
            return root

    def _settings(self, classes: str) -> dict[str, str]:
        places = {
            f"spark.sql.catalog.{CATALOG}": "ontos.memory.Catalog",
            "spark.driver.extraClassPath": classes,
            "spark.driver.extraJavaOptions": f"{_JVM} -Djava.io.tmpdir={self._folder}",
            "spark.local.dir": str(self._folder / "local"),
            "spark.sql.warehouse.dir": str(self._folder / "warehouse"),
            "spark.sql.artifact.isolation.enabled": "false",
        }
        return _SETTINGS | places

"""What a statement on a SQL warehouse costs this process, against the connector by itself."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

from ontos.kernel.settings import Settings
from ontos.warehouse import open_databricks
from tests.bench.figures import bench
from tests.wire.duck import DuckEngine
from tests.wire.place import PREFIX, without_certificates
from tests.wire.server import TOKEN, Server

COLUMNS, TIMES, ROUNDS = 20, 300, 3
SQL = "SELECT " + ", ".join(f"{at} AS column_{at}" for at in range(COLUMNS))


def main() -> None:
    with TemporaryDirectory() as folder, _warehouse() as host:
        os.environ |= without_certificates(Path(folder))
        os.environ |= {"DATABRICKS_HOST": host, "DATABRICKS_TOKEN": TOKEN}
        with _ours() as ours, _bare(host) as bare:
            rounds = [(_cost(ours), _cost(bare)) for _ in range(ROUNDS)]
    quickest = [min(each) for each in zip(*rounds, strict=True)]
    bench("statement_20_columns_cpu", quickest[0], "ms", "none")
    bench("statement_20_columns_cpu_vs_connector", quickest[0] / quickest[1], "x", "1x")


@contextmanager
def _ours() -> Iterator[Callable[[], object]]:
    chosen = Settings(warehouse="databricks", http_path=f"{PREFIX}bench")
    with closing(open_databricks(chosen)) as warehouse:
        yield lambda: warehouse.arrow(SQL)


@contextmanager
def _bare(host: str) -> Iterator[Callable[[], object]]:
    from databricks import sql

    opened = sql.connect(
        server_hostname=host.partition("://")[2], http_path=f"{PREFIX}bench", access_token=TOKEN,
        _connection_uri=f"{host}{PREFIX}bench", enable_telemetry=False, use_cloud_fetch=False,
    )  # fmt: skip

    with opened as connection:

        def ask() -> object:
            with closing(connection.cursor()) as cursor:
                return cursor.execute(SQL).fetchall_arrow()

        yield ask


def _cost(ask: Callable[[], object]) -> float:
    """Milliseconds of this process's CPU for one statement; the warehouse is another process."""
    ask()
    began = time.process_time()
    for _ in range(TIMES):
        ask()
    return (time.process_time() - began) / TIMES * 1000


@contextmanager
def _warehouse() -> Iterator[str]:
    context = get_context("spawn")
    here, there = context.Pipe()
    process: Any = context.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    yield here.recv()
    process.terminate()
    process.join()


def _serve(told: Connection) -> None:
    server = Server()
    server.add("bench", DuckEngine())
    told.send(server.host)
    Event().wait()


if __name__ == "__main__":
    main()

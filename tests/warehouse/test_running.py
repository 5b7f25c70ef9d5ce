"""A statement is cancelled from another thread, whatever it does; a cancel is told once."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from ontos.kernel.errors import Unavailable
from ontos.warehouse import EmbeddedWarehouse, cancel, tagged, together, was_cancelled

LONG = (
    " JOIN ".join(f"(SELECT explode(sequence(1, 300000)) AS {x}) AS {x}s" for x in ("n", "m"))
    + " ON n * m % 7 = 3"
)


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as one:
        yield one


def begun(thread: ThreadPoolExecutor, tag: str, work: Callable[[], object]) -> Future[object]:
    def run() -> object:
        with tagged(tag):
            return work()

    return thread.submit(run)


def told(running: Future[object]) -> str:
    """What the work raised, which must be that it was cancelled."""
    with pytest.raises(Unavailable) as error:
        running.result(10)
    assert was_cancelled(error.value)
    return error.value.detail


@pytest.mark.parametrize("verb", ["rows", "arrow", "batches", "execute", "in a transaction"])
def test_what_runs_is_cancelled(
    warehouse: EmbeddedWarehouse, thread: ThreadPoolExecutor, verb: str
) -> None:
    warehouse.execute("CREATE TABLE t (n BIGINT)")

    def written() -> object:
        with warehouse.transaction() as inside:
            inside.execute("INSERT INTO t VALUES (1)")
            return inside.execute(f"INSERT INTO t SELECT n FROM {LONG}")

    works: dict[str, Callable[[], object]] = {
        "rows": lambda: warehouse.rows(f"SELECT count(*) AS n FROM {LONG}"),
        "arrow": lambda: warehouse.arrow(f"SELECT count(*) AS n FROM {LONG}"),
        "batches": lambda: list(warehouse.batches(f"SELECT n FROM {LONG}")),
        "execute": lambda: warehouse.execute(f"INSERT INTO t SELECT n FROM {LONG}"),
        "in a transaction": written,
    }
    running = begun(thread, "one", works[verb])
    time.sleep(0.4)
    began = time.monotonic()
    assert cancel("one")
    assert "was cancelled" in told(running)
    assert time.monotonic() - began < 2.0
    assert warehouse.rows("SELECT count(*) AS n FROM t") == [{"n": 0}]
    assert warehouse.execute("INSERT INTO t VALUES (1)") == 1


def test_where_nothing_runs_the_next_statement_is_not_begun(
    warehouse: EmbeddedWarehouse, thread: ThreadPoolExecutor
) -> None:
    """And the one after it is: what ends the work may save what it has."""
    saved: list[object] = []

    def work() -> object:
        try:
            assert cancel("two")
            assert cancel("two")
            return warehouse.rows("SELECT 1 AS one")
        finally:
            saved.extend(warehouse.rows("SELECT 2 AS two"))

    assert "`SELECT 1 AS one …` was cancelled." in told(begun(thread, "two", work))
    assert saved == [{"two": 2}]


def test_reads_side_by_side_are_all_cancelled(
    warehouse: EmbeddedWarehouse, thread: ThreadPoolExecutor
) -> None:
    read = lambda: warehouse.rows(f"SELECT count(*) AS n FROM {LONG}")  # noqa: E731
    running = begun(thread, "three", lambda: together(read, read))
    time.sleep(0.4)
    began = time.monotonic()
    cancel("three")
    told(running)
    assert time.monotonic() - began < 2.0


def test_others_go_on(warehouse: EmbeddedWarehouse, thread: ThreadPoolExecutor) -> None:
    with tagged("mine"):
        assert not cancel("nobody's")
        assert warehouse.rows("SELECT 1 AS one") == [{"one": 1}]
    assert not cancel("mine")

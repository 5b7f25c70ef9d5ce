"""Statements and sequential waits are counted, also side by side."""

import threading
import time

import pytest

from ontos.kernel.errors import NotFound
from ontos.warehouse import EmbeddedWarehouse, on_statement, tally, together


def ask(warehouse: EmbeddedWarehouse) -> int:
    return len(warehouse.rows("SELECT 1 AS one"))


def test_statements_in_sequence_are_waits(warehouse: EmbeddedWarehouse) -> None:
    with tally() as cost:
        ask(warehouse)
        ask(warehouse)
    assert (cost.statements, cost.waits) == (2, 2)
    assert cost.seconds > 0


def test_side_by_side_is_one_wait(warehouse: EmbeddedWarehouse) -> None:
    with tally() as cost:
        assert together(lambda: ask(warehouse), lambda: 7, lambda: ask(warehouse)) == [1, 7, 1]
    assert (cost.statements, cost.waits) == (2, 1)


def test_the_longest_branch_counts(warehouse: EmbeddedWarehouse) -> None:
    with tally() as cost:
        together(lambda: ask(warehouse), lambda: ask(warehouse) + ask(warehouse))
    assert (cost.statements, cost.waits) == (3, 2)


def test_an_outer_tally_counts_on(warehouse: EmbeddedWarehouse) -> None:
    with tally() as outer:
        ask(warehouse)
        with tally() as inner:
            ask(warehouse)
    assert (inner.statements, outer.statements) == (1, 2)


def test_calls_run_at_the_same_time() -> None:
    meeting = threading.Barrier(3, timeout=10)
    assert sorted(together(*[meeting.wait] * 3)) == [0, 1, 2]


def test_the_first_error_is_raised_after_all_have_ended(warehouse: EmbeddedWarehouse) -> None:
    ended = []

    def slow() -> None:
        time.sleep(0.05)
        ended.append(True)

    def fail() -> None:
        raise NotFound("gone")

    with tally() as cost, pytest.raises(NotFound):
        together(fail, slow, lambda: ask(warehouse))
    assert ended
    assert cost.statements == 1


def test_calls_inside_a_transaction_take_turns(warehouse: EmbeddedWarehouse) -> None:
    with warehouse.transaction():
        here = threading.get_ident()
        assert together(threading.get_ident, threading.get_ident) == [here, here]


def test_observers_hear_of_each_statement(warehouse: EmbeddedWarehouse) -> None:
    heard: list[tuple[str, str]] = []

    def listen(engine: str, seconds: float, outcome: str) -> None:
        assert seconds >= 0
        heard.append((engine, outcome))

    on_statement(listen)
    on_statement(listen)
    ask(warehouse)
    with pytest.raises(NotFound):
        warehouse.rows("SELECT a FROM nowhere")
    assert heard == [("duckdb", "done"), ("duckdb", "NotFound")]

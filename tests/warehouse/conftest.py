"""Embedded warehouses in memory and in a file."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ontos.warehouse import EmbeddedWarehouse, executed_texts, open_embedded
from tests.conftest import _linted


@pytest.fixture(autouse=True)
def one_meaning_on_both_engines() -> Iterator[None]:
    """Here the lint itself is tested, so what these tests execute is nobody's fault."""
    yield
    _linted.update(executed_texts())


@pytest.fixture
def warehouse() -> Iterator[EmbeddedWarehouse]:
    """One schema of a store in memory."""
    store = open_embedded()
    store.create_schema("shop")
    yield store.within("shop")
    store.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.duckdb"


@pytest.fixture(scope="session")
def calculator() -> Iterator[EmbeddedWarehouse]:
    """A warehouse for statements that need no tables."""
    store = open_embedded()
    yield store
    store.close()


@pytest.fixture(scope="session")
def value(calculator: EmbeddedWarehouse) -> Callable[..., Any]:
    """The value of one expression."""

    def evaluate(expression: str, **values: Any) -> Any:
        return calculator.rows(f"SELECT {expression} AS r", **values)[0]["r"]

    return evaluate

"""One workbench per test, on the real embedded engine; factories that go through operations."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from ontos.bootstrap import Workbench, open_workbench
from ontos.kernel.caller import Caller
from ontos.kernel.settings import Settings
from ontos.warehouse import executed_texts, lint, quote
from ontos.workspace import Person
from tests.wire import place

pytest_plugins = ("tests.workers",)
_linted: set[str] = set()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "embedded(reason): is about the embedded engine, so it is skipped over the wire"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items if place.WIRED else ():
        if mark := item.get_closest_marker("embedded"):
            item.add_marker(pytest.mark.skip(reason=mark.kwargs["reason"]))


@pytest.fixture(autouse=True, scope="session")
def databricks() -> Iterator[place.Place | None]:
    """What stands for Databricks, where the suite runs over the wire."""
    standing = place.Place() if place.WIRED else None
    yield standing
    if standing is not None:
        standing.close()


@pytest.fixture(autouse=True)
def own_store(databricks: place.Place | None) -> Iterator[None]:
    """Over the wire each test has a SQL warehouse of its own."""
    with databricks.fresh() if databricks else nullcontext():
        yield


@pytest.fixture(autouse=True)
def one_meaning_on_both_engines(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test may execute SQL that runs on both engines and means something else on each."""
    yield
    if "tests/warehouse" in request.node.nodeid:
        return  # there the lint itself is tested
    fresh = set(executed_texts()) - _linted
    _linted.update(fresh)
    assert {text: found for text in fresh if (found := lint(text))} == {}


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose store has its tables: a copy of it opens in a third of the time."""
    home = tmp_path_factory.mktemp("prepared") / "home"
    open_workbench(Settings(home=home, warehouse="embedded", log_level="ERROR")).close()
    return home


@pytest.fixture
def own_home(tmp_path: Path, prepared: Path) -> Path:
    """A home of the test's own, as a workbench leaves it that was opened and closed."""
    own = tmp_path / "home"
    shutil.copytree(prepared, own)
    return own


@pytest.fixture
def bench(own_home: Path) -> Iterator[Workbench]:
    """A started workbench over its own store."""
    opened = open_workbench(Settings(home=own_home, log_level="ERROR"))
    opened.start()
    yield opened
    opened.close()


@pytest.fixture
def caller(bench: Workbench) -> Caller:
    """The local administrator."""
    return bench.local_caller()


@pytest.fixture
def as_role(bench: Workbench) -> Callable[..., Caller]:
    """Another person who holds one role in the default org."""
    from ontos.govern.members import MemberSpec, grant_role

    def make(role: str, user: str | None = None) -> Caller:
        name = user or f"{role}@example.org"
        grant_role(bench.local_caller(), MemberSpec(principal=name, role=role))
        return bench.directory.of_person(Person(name))

    return make


@pytest.fixture
def table(caller: Caller) -> Callable[..., str]:
    """Make a table of the org's uploads out of rows; its full name."""

    def make(name: str, rows: list[dict[str, Any]]) -> str:
        data = pa.Table.from_pylist(rows)
        schema = caller.workspace.catalog.upload_schema()
        full = (*schema.split("."), name)
        kinds = ", ".join(f"{quote(f.name)} {_sql_type(f.type)}" for f in data.schema)
        caller.warehouse.execute(
            f"CREATE TABLE {quote(*full)} ({kinds})"
            " TBLPROPERTIES ('delta.columnMapping.mode' = 'name')"
        )
        caller.warehouse.append(quote(*full), data)
        return ".".join(full)

    return make


def _sql_type(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind):
        return "BIGINT"
    if pa.types.is_floating(kind):
        return "DOUBLE"
    return "BOOLEAN" if pa.types.is_boolean(kind) else "STRING"

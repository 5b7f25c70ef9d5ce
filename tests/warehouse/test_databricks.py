"""The pool and the messages of the Databricks engine; what needs no server."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from ontos.kernel.errors import Conflict, Denied, Invalid, NotFound, Unavailable
from ontos.warehouse.databricks import Pool, _bindable, explained, open_databricks


class Link:
    """A connection that can only be closed."""

    def __init__(self, schema: str) -> None:
        self.schema, self.open = schema, True

    def close(self) -> None:
        self.open = False


class Links:
    def __init__(self) -> None:
        self.made: list[Link] = []

    def __call__(self, schema: str) -> Any:
        self.made.append(Link(schema))
        return self.made[-1]


@pytest.fixture
def links() -> Links:
    return Links()


def test_a_connection_is_used_again(links: Links) -> None:
    pool = Pool(links, 2)
    for _ in range(3):
        with pool.borrowed("a") as link:
            assert link.schema == "a"
    assert len(links.made) == 1


def test_each_schema_has_its_own(links: Links) -> None:
    pool = Pool(links, 2)
    with pool.borrowed("a"), pool.borrowed("a"), pool.borrowed("b"):
        assert [link.schema for link in links.made] == ["a", "a", "b"]
    pool.close()
    assert not any(link.open for link in links.made)


def test_a_broken_link_is_not_used_again(links: Links) -> None:
    pool = Pool(links, 1)
    with pytest.raises(OSError, match="reset"), pool.borrowed("a"):
        raise OSError("reset")
    with pool.borrowed("a"):
        assert [link.open for link in links.made] == [False, True]


def test_a_refused_statement_leaves_the_link(links: Links) -> None:
    from databricks.sql.exc import ServerOperationError

    pool = Pool(links, 1)
    with pytest.raises(ServerOperationError), pool.borrowed("a"):
        raise ServerOperationError("TABLE_OR_VIEW_NOT_FOUND")
    with pool.borrowed("a"):
        assert [link.open for link in links.made] == [True]


def test_an_old_link_is_replaced(links: Links, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ontos.warehouse.databricks.OLDEST_SECONDS", -1.0)
    pool = Pool(links, 1)
    for _ in range(2):
        with pool.borrowed("a"):
            pass
    assert [link.open for link in links.made] == [False, True]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("[TABLE_OR_VIEW_NOT_FOUND] The table `x` cannot be found.", NotFound),
        ("[INSUFFICIENT_PERMISSIONS] User has no SELECT", Denied),
        ("[DELTA_CONCURRENT_APPEND] files were added", Conflict),
        ("[UNRESOLVED_COLUMN.WITH_SUGGESTION] a column", Invalid),
        ("[QUERY_TIMEOUT] too long", Unavailable),
        ("Something else\nwith a second line", Unavailable),
    ],
)
def test_what_the_warehouse_says(said: str, kind: type[Exception]) -> None:
    error = explained(said, "SELECT a FROM t WHERE b = 1 AND c = 'a long text'")
    assert type(error) is kind
    assert "SELECT a FROM t WHERE b …" in error.detail
    assert "second line" not in error.detail


def test_times_go_as_utc() -> None:
    there = datetime(2024, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert _bindable(there) == datetime(2024, 1, 1, tzinfo=UTC)
    assert _bindable(datetime(2024, 1, 1)) == datetime(2024, 1, 1, tzinfo=UTC)
    assert _bindable("x") == "x"


def test_the_path_of_the_warehouse_is_needed() -> None:
    class Settings:
        http_path, catalog, statement_timeout, connections = None, "workbench", 120, 4

    with pytest.raises(Unavailable, match="ONTOS_HTTP_PATH"):
        open_databricks(Settings())

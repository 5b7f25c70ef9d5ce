"""Browsing: what a person may see, and pages that never shift."""

from collections.abc import Callable

import pytest

from ontos.data.catalog import get_table, list_schemas, list_tables, preview_table
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Invalid, NotFound

Table = Callable[..., str]


def test_uploads_come_first(caller: Caller, table: Table) -> None:
    table("messages", [{"id": 1}])
    first = list_schemas(caller)[0]
    assert first.uploads
    assert f"{first.catalog}.{first.name}" == caller.workspace.catalog.upload_schema()


def test_the_workbenchs_own_tables_are_not_shown(caller: Caller, other_org: Caller) -> None:
    for asking in (caller, other_org):
        names = [schema.name for schema in list_schemas(asking)]
        assert names == [asking.workspace.catalog.upload_schema().split(".")[1]]


def test_tables_are_listed_by_name(caller: Caller, table: Table) -> None:
    made = [table(name, [{"id": 1}]) for name in ("b", "a")]
    catalog, schema = caller.workspace.catalog.upload_schema().split(".")
    assert [t.full_name for t in list_tables(caller, catalog, schema)] == sorted(made)


def test_a_table_has_columns(caller: Caller, table: Table) -> None:
    name = table("things", [{"id": 1, "text": "x", "score": 0.5, "good": True}])
    assert [(c.name, c.type) for c in get_table(caller, name).columns] == [
        ("id", "BIGINT"), ("text", "STRING"), ("score", "DOUBLE"), ("good", "BOOLEAN")]  # fmt: skip


def test_pages_follow_one_another(caller: Caller, table: Table) -> None:
    name = table("things", [{"id": n, "same": "x"} for n in (5, 3, 1, 4, 2)])
    pages = [preview_table(caller, name, limit=2, offset=at) for at in (0, 2, 4)]
    assert [[row["id"] for row in page.rows] for page in pages] == [[1, 2], [3, 4], [5]]
    assert [page.more for page in pages] == [True, True, False]
    assert [page.offset for page in pages] == [0, 2, 4]


def test_an_empty_table_has_an_empty_preview(caller: Caller, table: Table) -> None:
    name = table("things", [{"id": 1}])
    caller.warehouse.execute(f"DELETE FROM {name}")
    page = preview_table(caller, name)
    assert (page.columns, page.rows, page.more) == (["id"], [], False)


def test_values_that_json_lacks_are_shown_plainly(caller: Caller, table: Table) -> None:
    name = table("things", [{"id": 1, "ratio": float("nan")}, {"id": 2, "ratio": float("inf")}])
    assert [row["ratio"] for row in preview_table(caller, name).rows] == [None, None]


@pytest.mark.parametrize("name", ["no.such.table", "workbench.data_default.nothing"])
def test_a_missing_table_is_named(caller: Caller, name: str) -> None:
    for ask in (get_table, preview_table):
        with pytest.raises(NotFound, match=name) as refused:
            ask(caller, name)
        assert refused.value.field == "table_name"


@pytest.mark.parametrize(
    "name", ["", "things", "a.b", "a.b.c.d", "'; DROP TABLE sheets; --", "a..b", "😀", "a\n.b.c",
             "x" * 10_000, ".".join(["x" * 5_000] * 3)],
)  # fmt: skip
def test_names_that_are_none_are_refused(caller: Caller, name: str) -> None:
    with pytest.raises((Invalid, NotFound)) as refused:
        preview_table(caller, name)
    assert len(refused.value.detail) < 500


@pytest.mark.parametrize(("limit", "offset"), [(0, 0), (1_001, 0), (10, -1)])
def test_impossible_pages_are_refused(
    caller: Caller, table: Table, limit: int, offset: int
) -> None:
    with pytest.raises(Invalid):
        preview_table(caller, table("things", [{"id": 1}]), limit=limit, offset=offset)


def test_another_orgs_tables_are_not_found(caller: Caller, other_org: Caller, table: Table) -> None:
    name = table("secret", [{"id": 1}])
    catalog, schema = caller.workspace.catalog.upload_schema().split(".")
    with pytest.raises(NotFound):
        list_tables(other_org, catalog, schema)
    for ask in (get_table, preview_table):
        with pytest.raises(NotFound):
            ask(other_org, name)
        with pytest.raises(NotFound):
            ask(other_org, name.upper())


def test_the_workbenchs_own_tables_are_not_found(caller: Caller) -> None:
    for name in ("workbench.org_default.sheets", "workbench.ontos_system.tokens"):
        with pytest.raises(NotFound):
            preview_table(caller, name)

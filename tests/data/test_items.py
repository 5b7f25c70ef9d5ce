"""References: as long as a row is the same, so is its name."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ontos.data.items import items_sql
from ontos.kernel.caller import Caller
from ontos.warehouse import quote, split_name

Table = Callable[..., str]


def items(
    caller: Caller, table: str, columns: list[str], id_column: str | None = None
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = caller.warehouse.rows(
        f"SELECT * FROM ({items_sql(table, columns, id_column)}) AS items ORDER BY item_ref"
    )
    return found


def test_an_id_column_names_the_items(caller: Caller, table: Table) -> None:
    name = table("things", [{"id": 7, "text": "a"}, {"id": 10, "text": "b"}])
    assert items(caller, name, ["id", "text"], "id") == [
        {"item_ref": "10", "id": 10, "text": "b"},
        {"item_ref": "7", "id": 7, "text": "a"},
    ]


def test_rows_name_themselves(caller: Caller, table: Table) -> None:
    rows = [{"a": "x", "b": 1}, {"a": "x", "b": 2}, {"a": None, "b": 1}]
    found = items(caller, table("things", rows), ["a", "b"])
    assert len({item["item_ref"] for item in found}) == 3


def test_equal_rows_are_told_apart(caller: Caller, table: Table) -> None:
    rows = [{"a": "x"}] * 3 + [{"a": "y"}]
    refs = [
        item["item_ref"] for item in items(caller, table("things", rows), ["a"]) if item["a"] == "x"
    ]
    assert len(refs) == 3
    assert {ref.removeprefix(refs[0]) for ref in refs} == {"", "-2", "-3"}


def test_references_outlive_other_rows(caller: Caller, table: Table) -> None:
    name = table("things", [{"a": "x"}, {"a": "x"}, {"a": "y"}])
    before = items(caller, name, ["a"])
    caller.warehouse.execute(f"INSERT INTO {quote(*split_name(name))} VALUES ('z')")
    assert [item for item in items(caller, name, ["a"]) if item["a"] != "z"] == before


def test_cells_do_not_run_together(caller: Caller, table: Table) -> None:
    rows = [{"a": "x", "b": "yz"}, {"a": "xy", "b": "z"}, {"a": 'x","b":"', "b": "yz"}]
    found = items(caller, table("things", rows), ["a", "b"])
    assert len({item["item_ref"] for item in found}) == 3


@pytest.mark.parametrize(
    "column", ["row_hash", "row_nth", "ROW_HASH", "hashed", "we`ird", "a b", "é"]
)
def test_any_column_name_will_do(caller: Caller, table: Table, column: str) -> None:
    found = items(caller, table("things", [{column: "x"}, {column: "x"}]), [column])
    assert [item[column] for item in found] == ["x", "x"]
    assert len({item["item_ref"] for item in found}) == 2


def test_a_column_called_item_ref_is_not_shown_twice(caller: Caller, table: Table) -> None:
    name = table("things", [{"item_ref": "mine", "text": "a"}])
    (item,) = items(caller, name, ["item_ref", "text"], "item_ref")
    assert item == {"item_ref": "mine", "text": "a"}
    (item,) = items(caller, name, ["item_ref", "text"])
    assert item["item_ref"] != "mine"


CELL = st.one_of(
    st.none(),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5),
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=12), order=st.randoms())
def test_references_are_unique_and_do_not_depend_on_order(
    caller: Caller, table: Table, rows: list[tuple[str | None, str | None]], order: Any
) -> None:
    seen = []
    for _ in range(2):
        caller.warehouse.execute("DROP TABLE IF EXISTS workbench.data_default.shuffled")
        # The first row fixes the types; it is the same in both orders.
        name = table("shuffled", [{"a": "t", "b": "t"}, *({"a": a, "b": b} for a, b in rows)])
        found = items(caller, name, ["a", "b"])
        assert len({item["item_ref"] for item in found}) == len(rows) + 1
        seen.append(sorted((i["item_ref"], i["a"] or "", i["b"] or "") for i in found))
        order.shuffle(rows)
    assert seen[0] == seen[1]

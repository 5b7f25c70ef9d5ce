"""The rows that pairs were made of, as their tables hold them now."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from ontos.data.access import reader, require_select
from ontos.data.catalog import find_table, look
from ontos.data.items import items_sql
from ontos.data.sheets import SheetColumn
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Denied, OntosError
from ontos.warehouse import together

Shown = dict[str, Any]
"""`source`, `source_columns` and `source_problem` of one pair."""


def source_rows(caller: Caller, pairs: Sequence[Mapping[str, Any]]) -> list[Shown]:
    """For each pair its item's row, in the same order: one statement for each sheet, one wait.

    A pair outlives its row, so that a row or a table that is gone is told, and no error. Raises
    Denied where the person may not read the table, for then they may not read its pairs. `pairs`
    have `sheet_id`, `item_ref`, `source_table`, `item_id_column` and `sheet_columns` (JSON).
    """
    by_sheet: dict[str, list[Mapping[str, Any]]] = {}
    for pair in pairs:
        if pair["source_table"] is not None:
            by_sheet.setdefault(pair["sheet_id"], []).append(pair)
    read = together(*(partial(_of_sheet, caller, group) for group in by_sheet.values()))
    found = dict(zip(by_sheet, read, strict=True))
    return [_of_pair(pair, found.get(pair["sheet_id"])) for pair in pairs]


def _of_sheet(caller: Caller, pairs: Sequence[Mapping[str, Any]]) -> Shown | dict[str, Shown]:
    """The rows by their reference, or why there are none under `source_problem`."""
    sheet = pairs[0]
    names = [column.name for column in _columns(sheet)]
    items = items_sql(sheet["source_table"], names, sheet["item_id_column"])
    wanted = json.dumps([pair["item_ref"] for pair in pairs])
    try:
        _, _, rows = together(
            lambda: require_select(caller, sheet["source_table"]),  # first: its error is the one
            lambda: find_table(caller, sheet["source_table"]),
            lambda: reader(caller, sheet["source_table"]).rows(
                f"SELECT * FROM ({items}) AS items WHERE item_ref IN"  # noqa: S608
                " (SELECT explode(from_json(:wanted, 'ARRAY<STRING>')))",
                wanted=wanted,
            ),
        )
    except Denied:
        raise
    except OntosError as error:
        return {"source_problem": error.detail}
    return {"rows": {row["item_ref"]: row for row in look([], rows, len(rows), 0).rows}}


def no_row(pair: Mapping[str, Any]) -> Shown:
    """What is shown of a pair that came of feedback: its item has no row, so none is read."""
    return _of_pair(pair, None if pair["source_table"] is None else {"rows": {}})


def _of_pair(pair: Mapping[str, Any], found: Shown | None) -> Shown:
    if found is None:
        return {"source_problem": "This pair was not made of a row."}
    shown: Shown = {"source_columns": _columns(pair)}
    if "source_problem" in found:
        return shown | found
    row = found["rows"].get(pair["item_ref"])
    if row is None:
        lost = f"It has no row in {pair['source_table']}: it came of feedback, or the row is gone."
        return shown | {"source_problem": lost}
    return shown | {"source": row}


def _columns(pair: Mapping[str, Any]) -> list[SheetColumn]:
    return [SheetColumn(**column) for column in json.loads(pair["sheet_columns"])]

"""The rows that pairs were made of, as their tables hold them now."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from ontos.data.access import reader, require_select
from ontos.data.catalog import find_table, look
from ontos.data.items import items_sql
from ontos.data.sheets import SheetColumn
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Denied, OntosError
from ontos.warehouse import Value, together

Shown = dict[str, Any]
"""`source`, `source_columns` and `source_problem` of one pair."""

Found = dict[str, Any]
"""Of one sheet: `rows` by their reference, or why there are none under `source_problem`."""

NAMED = "SELECT explode(from_json(:wanted, 'ARRAY<STRING>'))"


def source_rows(
    caller: Caller,
    pairs: Sequence[Mapping[str, Any]],
    known: Mapping[str, Found] = MappingProxyType({}),
) -> list[Shown]:
    """For each pair its item's row, in the same order: one statement for each sheet, one wait.

    A pair outlives its row, so that a row or a table that is gone is told, and no error. Raises
    Denied where the person may not read the table, for then they may not read its pairs. `pairs`
    have `sheet_id`, `item_ref`, `response_source`, `source_table`, `item_id_column` and
    `sheet_columns` (JSON). `known` are rows that were read already, by sheet; what is missing there
    is read.
    """
    by_sheet: dict[str, list[Mapping[str, Any]]] = {}
    for pair in pairs:
        if pair["source_table"] is not None:
            by_sheet.setdefault(pair["sheet_id"], []).append(pair)
    asked = [key for key, group in by_sheet.items() if not _all_in(known.get(key), group)]
    read = together(*(partial(_named, caller, by_sheet[key]) for key in asked))
    found = {**known, **dict(zip(asked, read, strict=True))}
    return [_of_pair(pair, found.get(pair["sheet_id"])) for pair in pairs]


def _all_in(found: Found | None, pairs: Sequence[Mapping[str, Any]]) -> bool:
    """Whether there is every row that can be: a pair that came of feedback has none."""
    rows = (found or {}).get("rows")
    return rows is not None and all(
        pair["item_ref"] in rows or pair["response_source"] == "feedback" for pair in pairs
    )


def _named(caller: Caller, pairs: Sequence[Mapping[str, Any]]) -> Found:
    wanted = json.dumps([pair["item_ref"] for pair in pairs])
    return rows_of_sheet(caller, pairs[0], NAMED, wanted=wanted)


def rows_of_sheet(caller: Caller, sheet: Mapping[str, Any], which: str, **values: Value) -> Found:
    """The rows whose reference the query `which` names; Denied where the person may not see them.

    `sheet` has `source_table`, `item_id_column` and `sheet_columns` (JSON).
    """
    names = [column.name for column in _columns(sheet)]
    items = items_sql(sheet["source_table"], names, sheet["item_id_column"])
    try:
        _, _, rows = together(
            lambda: require_select(caller, sheet["source_table"]),  # first: its error is the one
            lambda: find_table(caller, sheet["source_table"]),
            lambda: reader(caller, sheet["source_table"]).rows(
                f"SELECT * FROM ({items}) AS items WHERE item_ref IN ({which})",  # noqa: S608
                **values,
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

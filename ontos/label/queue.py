"""The queue of a labeler: the pairs to decide next, each beside the row that it was made of."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from ontos.data.access import reader
from ontos.generate.training_sheets import Origin
from ontos.kernel.caller import Caller
from ontos.kernel.fields import Id, Limit
from ontos.kernel.operation import operation
from ontos.kernel.paging import decode, page
from ontos.kernel.permission import read
from ontos.kernel.seen import see
from ontos.label.pairs import (
    USAGE_JOIN,
    PairInContext,
    ReviewStatus,
    in_context,
    no_training_sheet,
    shown,
)
from ontos.label.source_rows import NAMED, Found, rows_of_sheet
from ontos.warehouse import Value, together

WINDOW = 50
FIRST: ReviewStatus = "pending"
"""What a labeler looks at until something else is chosen."""

_NEXT = """
(:status IS NULL OR p.review_status = :status)
  AND (:after IS NULL OR p.item_ref > :after) ORDER BY p.item_ref LIMIT :limit
"""

_CHOSEN = """
WITH chosen AS (
  SELECT * FROM training_sheets
  WHERE id = :id OR (:id IS NULL AND status IN ('ready', 'archived')) ORDER BY id DESC LIMIT 1
)
"""

QUEUE = f"""
{_CHOSEN}
SELECT p.*, t.id AS chosen_id, t.system_prompt, t.label_type, u.allowed_uses, u.prohibited_uses,
  s.source_table, s.item_id_column, s.columns AS sheet_columns
FROM chosen AS t LEFT JOIN (
  SELECT p.* FROM pairs AS p JOIN chosen AS c ON c.id = p.training_sheet_id
  WHERE {_NEXT}
) AS p ON p.training_sheet_id = t.id LEFT JOIN sheets AS s ON s.id = p.sheet_id {USAGE_JOIN}
ORDER BY p.item_ref
"""  # noqa: S608
"""No row: no such training sheet. A row without a pair: no pair is in that state."""


_AHEAD = f"""
{_CHOSEN}
SELECT t.id, s.id AS sheet_id, s.source_table, s.item_id_column,
  s.columns AS sheet_columns, (
    SELECT to_json(collect_list(q.item_ref)) FROM (
      SELECT p.item_ref FROM pairs AS p JOIN chosen AS c ON c.id = p.training_sheet_id WHERE {_NEXT}
    ) AS q
  ) AS refs
FROM chosen AS t JOIN sheets AS s ON s.id = t.sheet_id
"""  # noqa: S608

_ITEMS = f"SELECT p.item_ref FROM pairs AS p WHERE p.training_sheet_id = :id AND {_NEXT}"  # noqa: S608


@dataclass(frozen=True)
class Window:
    """The items that were first in the queue of the training sheet that has this `id`."""

    id: str
    refs: list[str]


class ReviewQueue(BaseModel):
    """`training_sheet_id` is None where nothing has been assembled yet."""

    training_sheet_id: str | None
    pairs: list[PairInContext]
    next_cursor: str | None = None


@operation("GET /review-queue", needs=read("labels"), rights="person")
def review_queue(
    caller: Caller,
    training_sheet_id: Id | None = None,
    review_status: ReviewStatus | None = None,
    limit: Limit = WINDOW,
    cursor: str | None = None,
) -> ReviewQueue:
    """Pairs in the order of their items, beside their rows; at most two sequential waits.

    Where no training sheet is named, they are those of the newest that is ready.
    """
    asked: dict[str, Value] = {
        "id": training_sheet_id, "status": review_status, "after": decode(cursor),
        "limit": limit + 1,
    }  # fmt: skip
    rows, known = together(
        lambda: caller.warehouse.rows(QUEUE, **asked), lambda: _rows_beside(caller, asked)
    )
    if not rows and training_sheet_id:
        raise no_training_sheet(training_sheet_id)
    if rows and _begins(asked):
        refs = [row["item_ref"] for row in rows if row["id"]]
        see(caller, Window(rows[0]["chosen_id"], refs))
    pairs = page([row for row in rows if row["id"]], limit, lambda row: row["item_ref"])
    return ReviewQueue(
        training_sheet_id=rows[0]["chosen_id"] if rows else None,
        pairs=in_context(caller, [shown(row) for row in pairs.items], known),
        next_cursor=pairs.next_cursor,
    )


def look_up_window(caller: Caller, training_sheet_id: str | None) -> None:
    """Remember whose rows a training sheet's items are, so that they are read beside its queue.

    For a person's own connection also which items stand first. Of the newest where none is named;
    asks for no permission, so for nobody's eyes.
    """
    asked: dict[str, Value] = {
        "id": training_sheet_id, "status": FIRST, "after": None,
        "limit": 0 if caller.person.token is None else WINDOW + 1,
    }  # fmt: skip
    for row in caller.warehouse.rows(_AHEAD, **asked):
        see(caller, Origin(**row))
        see(caller, Window(row["id"], json.loads(row["refs"])))


def _begins(asked: Mapping[str, Value]) -> bool:
    return (asked["status"], asked["after"]) == (FIRST, None)


def _rows_beside(caller: Caller, asked: Mapping[str, Value]) -> dict[str, Found]:
    """The items' rows, by their sheet, where it is known whose they are.

    A person's own connection sees no pairs: it is told the items that stood there last.
    """
    origin = caller.seen.last(caller.tenant, Origin, str(asked["id"]))
    if origin is None:
        return {}
    sheet = origin.model_dump()
    if reader(caller, origin.source_table) is caller.warehouse:
        return {origin.sheet_id: rows_of_sheet(caller, sheet, _ITEMS, **asked)}
    window = caller.seen.last(caller.tenant, Window, str(asked["id"]))
    if window is None or not _begins(asked):
        return {}
    wanted = json.dumps(window.refs)
    return {origin.sheet_id: rows_of_sheet(caller, sheet, NAMED, wanted=wanted)}

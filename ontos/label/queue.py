"""The queue of a labeler: the pairs to decide next, each beside the row that it was made of."""

from pydantic import BaseModel

from ontos.kernel.caller import Caller
from ontos.kernel.fields import Id, Limit
from ontos.kernel.operation import operation
from ontos.kernel.paging import decode, page
from ontos.kernel.permission import read
from ontos.label.pairs import (
    USAGE_JOIN,
    PairInContext,
    ReviewStatus,
    in_context,
    no_training_sheet,
    shown,
)

QUEUE = f"""
WITH chosen AS (
  SELECT * FROM training_sheets
  WHERE id = :id OR (:id IS NULL AND status IN ('ready', 'archived')) ORDER BY id DESC LIMIT 1
)
SELECT p.*, t.id AS chosen_id, t.system_prompt, t.label_type, u.allowed_uses, u.prohibited_uses,
  s.source_table, s.item_id_column, s.columns AS sheet_columns
FROM chosen AS t LEFT JOIN (
  SELECT p.* FROM pairs AS p JOIN chosen AS c ON c.id = p.training_sheet_id
  WHERE (:status IS NULL OR p.review_status = :status)
    AND (:after IS NULL OR p.item_ref > :after) ORDER BY p.item_ref LIMIT :limit
) AS p ON p.training_sheet_id = t.id LEFT JOIN sheets AS s ON s.id = p.sheet_id {USAGE_JOIN}
ORDER BY p.item_ref
"""  # noqa: S608
"""No row: no such training sheet. A row without a pair: no pair is in that state."""


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
    limit: Limit = 50,
    cursor: str | None = None,
) -> ReviewQueue:
    """Pairs in the order of their items, beside their rows; two sequential waits, however many.

    Where no training sheet is named, they are those of the newest that is ready.
    """
    rows = caller.warehouse.rows(
        QUEUE, id=training_sheet_id, status=review_status, after=decode(cursor), limit=limit + 1
    )
    if not rows and training_sheet_id:
        raise no_training_sheet(training_sheet_id)
    pairs = page([row for row in rows if row["id"]], limit, lambda row: row["item_ref"])
    return ReviewQueue(
        training_sheet_id=rows[0]["chosen_id"] if rows else None,
        pairs=in_context(caller, [shown(row) for row in pairs.items]),
        next_cursor=pairs.next_cursor,
    )

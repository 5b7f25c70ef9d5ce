"""Canonical labels: the one accepted response of an item for a label type, reused by later pairs.

A label stands as long as a row of `canonical_labels` does; what it was before, and that it was
withdrawn, is kept in `label_versions`.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Literal

from pydantic import BaseModel

from ontos.data.access import known, readable, require_select
from ontos.generate.training_sheets import require_known
from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound
from ontos.kernel.fields import Id, Limit, Record, Text
from ontos.kernel.operation import operation
from ontos.kernel.paging import Page, decode, page
from ontos.kernel.permission import read
from ontos.label.origins import SHEETS, look_up_tables, require_source, tables_seen
from ontos.label.pairs import (
    ACCEPTED,
    HAS_RESPONSE,
    ReviewStatus,
)
from ontos.warehouse import Row, Value, together

LABEL_ID = (
    "md5(concat_ws('|', p.sheet_id, CAST(length(p.item_ref) AS STRING), p.item_ref, w.label_type))"
)
"""Of a pair `p` for the label type of `w`. The length tells where the item's reference ends,
whatever characters it holds."""

SET_LABELS = f"""
MERGE INTO canonical_labels AS t USING (
  SELECT p.canonical_label_id AS id, p.sheet_id, p.item_ref, p.response, p.id AS pair_id,
    coalesce(v.latest, 0) AS latest, w.label_type
  FROM pairs AS p JOIN training_sheets AS w ON w.id = p.training_sheet_id LEFT JOIN (
    SELECT label_id, max(version) AS latest FROM label_versions GROUP BY label_id
  ) AS v ON v.label_id = p.canonical_label_id
  WHERE p.training_sheet_id = :training_sheet_id AND p.review_id = :review
    AND p.review_status IN {ACCEPTED}
) AS s ON t.id = s.id
WHEN MATCHED AND t.response <> s.response THEN UPDATE SET response = s.response,
  version = t.version + 1, pair_id = s.pair_id, review_id = :review,
  updated_by = :user, updated_at = :at
WHEN NOT MATCHED THEN INSERT (id, sheet_id, item_ref, label_type, response, version, pair_id,
  review_id, created_by, created_at, updated_by, updated_at)
  VALUES (s.id, s.sheet_id, s.item_ref, s.label_type, s.response, s.latest + 1, s.pair_id,
  :review, :user, :at, :user, :at)
"""  # noqa: S608 - constants, as below

KEEP_SET = """
INSERT INTO label_versions
  (label_id, version, response, change, reason, pair_id, review_id, changed_by, changed_at)
SELECT l.id, l.version, l.response, 'set', p.review_reason, l.pair_id, :review, :user, :at
FROM canonical_labels AS l JOIN pairs AS p ON p.id = l.pair_id WHERE l.review_id = :review
  AND NOT EXISTS (
    SELECT 1 FROM label_versions AS v WHERE v.label_id = l.id AND v.version = l.version)
"""

KEEP_WITHDRAWN = f"""
INSERT INTO label_versions
  (label_id, version, response, change, reason, pair_id, review_id, changed_by, changed_at)
SELECT l.id, l.version + 1, l.response, 'withdrawn', p.review_reason, p.id, :review, :user, :at
FROM canonical_labels AS l
JOIN pairs AS p ON p.canonical_label_id = l.id AND p.response = l.response
WHERE p.review_id = :review AND p.review_status NOT IN {ACCEPTED}
  AND NOT EXISTS (
    SELECT 1 FROM label_versions AS v WHERE v.label_id = l.id AND v.version = l.version + 1)
"""  # noqa: S608

WITHDRAW = """
DELETE FROM canonical_labels WHERE id IN
  (SELECT label_id FROM label_versions WHERE review_id = :review AND change = 'withdrawn')
"""

SET = (SET_LABELS, KEEP_SET)
"""Make the responses accepted in a review canonical. A label gets a new version only where its
response differs: agreeing with it changes nothing."""

WITHDRAWN = (KEEP_WITHDRAWN, WITHDRAW)
"""Withdraw the labels whose response a review decided against."""

_MATCHING = """
SELECT * FROM canonical_labels WHERE (:sheet_id IS NULL OR sheet_id = :sheet_id)
  AND (:readable IS NULL OR array_contains(from_json(:readable, 'ARRAY<STRING>'), sheet_id))
  AND (:item_ref IS NULL OR item_ref = :item_ref)
  AND (:label_type IS NULL OR label_type = :label_type)
  AND (:search IS NULL OR contains(lower(response), lower(:search))
       OR contains(lower(item_ref), lower(:search)))
  AND (:after IS NULL OR id > :after)
"""

FIRST = f"{_MATCHING} ORDER BY id LIMIT :limit"

FIRST_OF_EACH = f"""
SELECT * EXCEPT (nth) FROM (
  SELECT *, row_number() OVER (PARTITION BY sheet_id ORDER BY id) AS nth FROM ({_MATCHING}) AS m
) AS n WHERE nth <= :limit ORDER BY id
"""  # noqa: S608
"""Of each sheet as many: whichever of the sheets are left out, the first of the rest are there."""

HISTORY = """
SELECT v.*, l.id IS NOT NULL AS standing FROM label_versions AS v
LEFT JOIN canonical_labels AS l ON l.id = v.label_id AND l.version = v.version
WHERE v.label_id = :id ORDER BY v.version DESC LIMIT 1000
"""

TABLES_OF_LABEL = """
SELECT DISTINCT s.source_table FROM label_versions AS v JOIN pairs AS p ON p.id = v.pair_id
JOIN sheets AS s ON s.id = p.sheet_id WHERE v.label_id = :id
"""

DISTRIBUTION = f"""
SELECT p.response AS label, count(*) AS pairs, sum(count(*)) OVER () AS total,
  count(*) OVER () AS distinct_labels
FROM pairs AS p WHERE p.training_sheet_id = :id AND {HAS_RESPONSE}
  AND (:review_status IS NULL OR p.review_status = :review_status)
GROUP BY p.response ORDER BY pairs DESC, label LIMIT :top
"""  # noqa: S608


class CanonicalLabel(Record):
    """`pair_id` is the pair whose review set it last."""

    id: str
    sheet_id: str
    item_ref: str
    label_type: str
    response: str
    version: int
    pair_id: str | None
    created_by: str
    created_at: datetime
    updated_by: str
    updated_at: datetime


class LabelVersion(Record):
    """A value that the label had, or its withdrawal; `standing` marks the one in force."""

    label_id: str
    version: int
    response: str
    change: Literal["set", "withdrawn"]
    reason: str | None
    pair_id: str | None
    review_id: str
    changed_by: str
    changed_at: datetime
    standing: bool


class LabelCount(BaseModel):
    label: str
    pairs: int


class LabelDistribution(BaseModel):
    """The most frequent responses; `other` counts the pairs of all the rest."""

    total: int
    distinct: int
    top: list[LabelCount]
    other: int


@operation("GET /labels", needs=read("labels"), rights="person")
def list_labels(
    caller: Caller, sheet_id: Id | None = None, item_ref: Text | None = None,
    label_type: Text | None = None, search: Text | None = None,
    limit: Limit = 100, cursor: str | None = None,
) -> Page[CanonicalLabel]:  # fmt: skip
    """Canonical labels that stand, where you may read the table; `search` reads references too."""
    asked: dict[str, Value] = {
        "sheet_id": sheet_id, "item_ref": item_ref, "label_type": label_type, "search": search,
        "after": decode(cursor), "limit": limit + 1,
    }  # fmt: skip
    if caller.person.token is None:
        rows = caller.warehouse.rows(FIRST, readable=None, **asked)
    elif sheet_id is not None:
        rows = _of_sheet(caller, sheet_id, asked)
    else:
        rows = _where_readable(caller, asked, tables_seen(caller, SHEETS))
    return page([CanonicalLabel(**row) for row in rows], limit, lambda label: label.id)


@operation("GET /labels/{label_id}/history", needs=read("labels"), rights="person")
def label_history(caller: Caller, label_id: Id) -> list[LabelVersion]:
    """Every value that a label had, newest first, with who decided it and why."""
    rows, _ = together(
        lambda: caller.warehouse.rows(HISTORY, id=label_id),
        lambda: _require_tables(caller, label_id),
    )
    if not rows:
        raise NotFound(f"label_id: there never was a label {label_id}. List those there are.",
                       field="label_id")  # fmt: skip
    return [LabelVersion(**row) for row in rows]


@operation("GET /training-sheets/{training_sheet_id}/labels", needs=read("labels"), rights="person")
def label_distribution(
    caller: Caller, training_sheet_id: Id, review_status: ReviewStatus | None = None,
    top: Limit = 50,
) -> LabelDistribution:  # fmt: skip
    """How often each response occurs among the pairs, the most frequent first."""
    rows, *_ = together(
        lambda: caller.warehouse.rows(
            DISTRIBUTION, id=training_sheet_id, review_status=review_status, top=top
        ),
        lambda: require_source(caller, training_sheet_id),
        lambda: require_known(caller, training_sheet_id),
    )
    total, distinct = (int(rows[0]["total"]), rows[0]["distinct_labels"]) if rows else (0, 0)
    counts = [LabelCount(**row) for row in rows]
    return LabelDistribution(
        total=total, distinct=distinct, top=counts, other=total - sum(c.pairs for c in counts)
    )


def _of_sheet(caller: Caller, sheet_id: str, asked: Mapping[str, Value]) -> list[Row]:
    """Raises Denied where the person may not read the sheet's table."""
    table = tables_seen(caller, SHEETS).get(sheet_id) or look_up_tables(caller).get(sheet_id)
    if table is None:
        return []
    rows, _ = together(
        lambda: caller.warehouse.rows(FIRST, readable=None, **asked),
        lambda: require_select(caller, table),
    )
    found: list[Row] = rows
    return found


def _where_readable(
    caller: Caller, asked: Mapping[str, Value], tables: Mapping[str, str]
) -> list[Row]:
    """Labels of the sheets whose tables the person may read: one wait where `tables` are right.

    Of rights that are not known yet the labels are read beside, and left out here.
    """
    sure = known(caller, tables.values())
    may = readable(caller, tables.values()) if sure else set()
    shown = json.dumps([key for key, table in tables.items() if table in may]) if sure else None
    there, may, rows = together(
        lambda: look_up_tables(caller), lambda: readable(caller, tables.values()),
        lambda: caller.warehouse.rows(FIRST if sure else FIRST_OF_EACH, readable=shown, **asked),
    )  # fmt: skip
    if there != tables:
        return _where_readable(caller, asked, there)
    return [row for row in rows if tables.get(row["sheet_id"]) in may]


def _require_tables(caller: Caller, label_id: str) -> None:
    """Also of a label that was withdrawn: its pairs tell what it was made of."""
    if caller.person.token is None:
        return
    rows = caller.warehouse.rows(TABLES_OF_LABEL, id=label_id)
    together(*(partial(require_select, caller, row["source_table"]) for row in rows))

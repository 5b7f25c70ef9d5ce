"""What a review does: pairs are decided, and their canonical labels follow, in one script.

The pairs asked for are one relation `wanted` (pair_id, version, becomes, response, reason), and
each statement works on all of them. `review_id` on the rows ties them together, and makes running
the script again harmless: what is decided already meets no condition a second time.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict, NotFound, NotNow
from ontos.kernel.fields import new_id, now
from ontos.kernel.lifecycle import Lifecycle
from ontos.kernel.records import save
from ontos.label.labels import LABEL_ID, SET, WITHDRAWN
from ontos.label.pairs import ACCEPTED, HAS_RESPONSE, no_training_sheet
from ontos.warehouse import Row, Value

BECOMES = {
    "approve": "approved", "edit": "edited", "reject": "rejected", "flag": "flagged",
    "reopen": "pending",
}  # fmt: skip

REVIEW_STATES = Lifecycle(
    "pair",
    {
        "pending": ("approved", "edited", "rejected", "flagged"),
        "approved": ("edited", "rejected", "flagged", "pending"),
        "edited": ("edited", "rejected", "flagged", "pending"),
        "rejected": ("approved", "edited", "rejected", "flagged", "pending"),
        "flagged": ("approved", "edited", "rejected", "flagged", "pending"),
    },
)
"""A state that may follow itself does so when the response or the reason changes."""

SHOWN = 1_000
"""Conflicts listed in one answer."""


def _quoted(states: tuple[str, ...]) -> str:
    return ", ".join(f"'{state}'" for state in states)


_DIFFERS = "p.review_status <> w.becomes OR p.review_reason IS DISTINCT FROM w.reason"
_CHANGES = {
    "approved": HAS_RESPONSE,
    "edited": f"p.review_status NOT IN {ACCEPTED} OR p.response IS DISTINCT FROM w.response",
}
"""When a decision changes a pair; for the states that are not listed, `_DIFFERS`."""

_MOVES = " OR ".join(
    f"(w.becomes = '{to}' AND p.review_status IN ({_quoted(REVIEW_STATES.before(to))})"
    f" AND ({_CHANGES.get(to, _DIFFERS)}))"
    for to in BECOMES.values()
)

LISTED = """
SELECT d.pair_id, d.version, d.becomes, d.response, d.reason FROM (
  SELECT explode(from_json(:decisions, 'ARRAY<STRUCT<pair_id: STRING, version: BIGINT,
    becomes: STRING, response: STRING, reason: STRING>>')) AS d) AS listed
"""

MATCHED = """
SELECT p.id AS pair_id, CAST(NULL AS BIGINT) AS version, :becomes AS becomes,
  :response AS response, :reason AS reason FROM pairs AS p WHERE {condition}
"""


DECIDE = f"""
MERGE INTO pairs AS p USING (
  SELECT w.*, t.label_type FROM ({{wanted}}) AS w CROSS JOIN training_sheets AS t
  WHERE t.id = :training_sheet_id AND t.status = 'ready' AND {{whole}}
) AS w ON p.id = w.pair_id AND p.training_sheet_id = :training_sheet_id
WHEN MATCHED AND (w.version IS NULL OR w.version = p.version) AND ({_MOVES}) THEN UPDATE SET
  review_status = w.becomes,
  response = CASE WHEN w.becomes = 'edited' THEN w.response ELSE p.response END,
  response_source = CASE WHEN w.becomes = 'edited' THEN 'human' ELSE p.response_source END,
  canonical_label_id = CASE
    WHEN w.becomes IN {ACCEPTED} THEN {LABEL_ID}
    WHEN p.review_status IN {ACCEPTED} THEN p.canonical_label_id END,
  response_before = CASE WHEN p.source_before IS NULL THEN p.response ELSE p.response_before END,
  source_before = coalesce(p.source_before, p.response_source),
  review_reason = w.reason, reviewed_by = :user, reviewed_at = :at, review_id = :review,
  version = p.version + 1, updated_at = :at
"""  # noqa: S608 - constants, as below

RESTORE = """
UPDATE pairs SET response = response_before, response_source = source_before,
  response_before = NULL, source_before = NULL, canonical_label_id = NULL
WHERE training_sheet_id = :training_sheet_id AND review_id = :review
  AND review_status = 'pending' AND source_before IS NOT NULL
"""
"""Reopening takes an edit back: what nobody stands behind any more must not wait to be approved.
After the labels, which are withdrawn by the response that was decided against."""

ALL_THERE = """
(SELECT count(*) FROM ({wanted}) AS x JOIN pairs AS q
  ON q.id = x.pair_id AND q.training_sheet_id = :training_sheet_id) = :asked
"""
"""A review of named pairs decides on all of them that it can, or on none if one is unknown."""

DECIDED = "SELECT 1 FROM pairs WHERE training_sheet_id = :training_sheet_id AND review_id = :review"

DONE = """
SELECT
  (SELECT max(status) FROM training_sheets WHERE id = :training_sheet_id) AS status,
  (SELECT count(*) FROM pairs
    WHERE training_sheet_id = :training_sheet_id AND review_id = :review) AS changed,
  (SELECT count(*) FROM label_versions
    WHERE review_id = :review AND change = 'set') AS labels_set,
  (SELECT count(*) FROM label_versions
    WHERE review_id = :review AND change = 'withdrawn') AS labels_withdrawn
"""

OUTCOME = f"""
SELECT d.*, o.* FROM ({DONE}) AS d CROSS JOIN (
  SELECT count(*) AS found, count_if(conflict) AS conflicts, count_if(empty) AS without_response
  FROM (
    SELECT coalesce(w.version <> p.version, FALSE) AND p.review_id IS DISTINCT FROM :review
        AS conflict,
      coalesce(w.version = p.version, TRUE) AND p.review_id IS DISTINCT FROM :review
        AND w.becomes = 'approved' AND NOT ({HAS_RESPONSE}) AS empty
    FROM ({{wanted}}) AS w JOIN pairs AS p
      ON p.id = w.pair_id AND p.training_sheet_id = :training_sheet_id) AS looked
) AS o
"""  # noqa: S608

LEFT = f"""
SELECT d.*, o.* FROM ({DONE}) AS d CROSS JOIN (
  SELECT count(*) AS remaining, count_if(w.becomes = 'approved' AND NOT ({HAS_RESPONSE}))
    AS without_response
  FROM ({{wanted}}) AS w JOIN pairs AS p ON p.id = w.pair_id
    AND p.training_sheet_id = :training_sheet_id AND p.review_id IS DISTINCT FROM :review
) AS o
"""  # noqa: S608
"""What a filter still matches and this review left alone is what it could not change: a pair that
it decided on is counted by its id, whether it still matches or not."""

_CONFLICTING = """
FROM ({wanted}) AS w JOIN pairs AS p
  ON p.id = w.pair_id AND p.training_sheet_id = :training_sheet_id
JOIN training_sheets AS t ON t.id = p.training_sheet_id
WHERE w.version <> p.version AND p.review_id IS DISTINCT FROM :review
"""

CONFLICTS = f"""
SELECT p.id AS pair_id, p.item_ref, p.reviewed_by AS changed_by, p.updated_at AS changed_at,
  p.review_status, p.response, p.version {_CONFLICTING} ORDER BY p.item_ref LIMIT :shown
"""

NOTIFY = f"""
INSERT INTO notices (id, user, message, entity_type, entity_id, at)
SELECT md5(concat_ws('|', :review, p.reviewed_by)), p.reviewed_by,
  concat(:user, ' decided on ', CAST(count(*) AS STRING), ' pair(s) of ', max(t.name),
    ' at the same time as you. Your decisions stand. First item: ', min(p.item_ref)),
  'training_sheet', :training_sheet_id, :at {_CONFLICTING} AND p.reviewed_by <> :user
GROUP BY p.reviewed_by
"""


class ReviewConflict(BaseModel):
    """A pair that somebody changed meanwhile, as it is now; nothing of it was overwritten."""

    pair_id: str
    item_ref: str
    changed_by: str | None
    changed_at: datetime
    review_status: str
    response: str | None
    version: int


class ReviewResult(BaseModel):
    """What a review did. `unchanged` were so already, `without_response` have nothing to approve;
    `labels_set` and `labels_withdrawn` count canonical labels."""

    review_id: str
    changed: int
    unchanged: int
    without_response: int
    labels_set: int
    labels_withdrawn: int
    conflicts: list[ReviewConflict]


@dataclass(frozen=True)
class Wanted:
    """A SELECT of what `wanted` is, its values, and what pairs may become by it."""

    select: str
    values: Mapping[str, Any]
    becomes: frozenset[str]


def by_filter(
    caller: Caller, training_sheet_id: str, condition: str, values: Mapping[str, Value]
) -> ReviewResult:
    """Decide on all pairs that match; `values` hold what they become, response and reason too."""
    select = MATCHED.format(condition=condition)
    wanted = Wanted(select, values, frozenset({str(values["becomes"])}))
    review = new_id()
    done = _decide(caller, training_sheet_id, wanted, review, LEFT.format(wanted=select), "TRUE")
    if not done["changed"]:
        _require_ready(done["status"], training_sheet_id)
    empty = done["without_response"]
    return _result(review, Counter(_counts(done)), done["remaining"] - empty, empty)


def by_name(
    caller: Caller, training_sheet_id: str, decisions: list[dict[str, Any]]
) -> ReviewResult:
    """Decide on named pairs; each of `decisions` is a row of `wanted`."""
    becomes = frozenset(str(d["becomes"]) for d in decisions)
    wanted = Wanted(LISTED, {"decisions": json.dumps(decisions), "asked": len(decisions)}, becomes)
    review = new_id()
    done = _decide(caller, training_sheet_id, wanted, review, OUTCOME.format(wanted=LISTED),
                   ALL_THERE.format(wanted=LISTED))  # fmt: skip
    if not done["changed"]:
        _require_ready(done["status"], training_sheet_id)
        _require_found(done["found"], len(decisions))
    if done["conflicts"] == len(decisions):
        raise _nothing_left(caller, training_sheet_id, wanted, review)
    left = len(decisions) - done["changed"] - done["conflicts"] - done["without_response"]
    result = _result(review, Counter(_counts(done)), left, done["without_response"])
    if done["conflicts"]:
        result.conflicts = _conflicts(caller, training_sheet_id, wanted, review)
        _notify(caller, training_sheet_id, wanted, review)
    return result


def _decide(
    caller: Caller, training_sheet_id: str, wanted: Wanted, review: str, answer: str, whole: str
) -> Row:
    """Everything that a review writes, its row in the journal included, and what came of it."""
    labels = [
        *(SET if wanted.becomes & set(ACCEPTED) else ()),
        *(WITHDRAWN if wanted.becomes - set(ACCEPTED) else ()),
        *((RESTORE,) if "pending" in wanted.becomes else ()),
    ]
    saved = save(
        caller, DECIDE.format(wanted=wanted.select, whole=whole), *labels, finds=DECIDED,
        answer=answer, training_sheet_id=training_sheet_id, review=review, user=caller.user,
        at=now(), **wanted.values,
    )  # fmt: skip
    return saved.rows[0]


def _counts(done: Row) -> dict[str, int]:
    return {name: done[name] for name in ("changed", "labels_set", "labels_withdrawn")}


def _result(review: str, done: Counter[str], unchanged: int, without_response: int) -> ReviewResult:
    return ReviewResult(
        review_id=review, changed=done["changed"], unchanged=unchanged,
        without_response=without_response, labels_set=done["labels_set"],
        labels_withdrawn=done["labels_withdrawn"], conflicts=[],
    )  # fmt: skip


def _require_ready(status: str | None, training_sheet_id: str = "") -> None:
    if status is None:
        raise no_training_sheet(training_sheet_id)
    if status == "assembling":
        raise NotNow("This training sheet is assembling. Review its pairs once it is ready.")
    if status != "ready":
        raise NotNow(
            f"This training sheet is {status}; only a ready one is reviewed. "
            "Assemble its sheet again, then review that."
        )


def _require_found(found: int, asked: int) -> None:
    if found < asked:
        raise NotFound(
            f"pair_id: {asked - found} of {asked} are not pairs of this training sheet. "
            "Nothing was changed. List its pairs, then repeat.",
            field="pair_id",
        )


def _conflicts(
    caller: Caller, training_sheet_id: str, wanted: Wanted, review: str
) -> list[ReviewConflict]:
    rows = caller.warehouse.rows(
        CONFLICTS.format(wanted=wanted.select), training_sheet_id=training_sheet_id,
        review=review, shown=SHOWN, **wanted.values,
    )  # fmt: skip
    return [ReviewConflict(**row) for row in rows]


def _notify(caller: Caller, training_sheet_id: str, wanted: Wanted, review: str) -> None:
    """Tell those who changed the pairs first; one notice a person."""
    caller.warehouse.execute(
        NOTIFY.format(wanted=wanted.select), training_sheet_id=training_sheet_id, review=review,
        user=caller.user, at=now(), **wanted.values,
    )  # fmt: skip


def _nothing_left(caller: Caller, training_sheet_id: str, wanted: Wanted, review: str) -> Conflict:
    """The refusal of a review whose pairs were all changed meanwhile; the others are still told."""
    conflicts = _conflicts(caller, training_sheet_id, wanted, review)
    first, asked = conflicts[0], wanted.values["asked"]
    refusal = Conflict(
        f"version: {first.changed_by or 'generation'} changed item {first.item_ref} to "
        f"{first.review_status} at {first.changed_at:%H:%M} UTC ({asked} of {asked} "
        "pairs conflict). Nothing was overwritten. Load the pairs again, then decide.",
        field="version", conflicts=[c.model_dump(mode="json") for c in conflicts],
    )  # fmt: skip
    refusal.aftermath = lambda outside: _notify(outside, training_sheet_id, wanted, review)
    return refusal

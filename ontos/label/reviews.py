"""Reviews: people approve, edit, reject, flag or reopen pairs; canonical labels follow.

A review is a set: the pairs asked for become one relation `wanted` (pair_id, version, becomes,
response, reason), and each statement works on all of them. `review_id` on the rows ties them
together.
"""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict, Invalid, NotFound, NotNow
from ontos.kernel.fields import Id, Input, Reason, Text, new_id, now
from ontos.kernel.lifecycle import Lifecycle
from ontos.kernel.operation import operation
from ontos.kernel.permission import write
from ontos.label.labels import LABEL_ID, set_labels, withdraw_labels
from ontos.label.pairs import ACCEPTED, HAS_RESPONSE, Assembled, PairFilter, training_sheet
from ontos.label.usage import chosen
from ontos.warehouse import Value

Action = Literal["approve", "edit", "reject", "flag", "reopen"]

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

LOOK = f"""
SELECT outcome, count(*) AS pairs FROM (
  SELECT CASE WHEN w.version <> p.version THEN 'conflict' WHEN {_MOVES} THEN 'ready'
    WHEN w.becomes = 'approved' AND NOT ({HAS_RESPONSE}) THEN 'without_response'
    ELSE 'unchanged' END AS outcome
  FROM ({{wanted}}) AS w JOIN pairs AS p
    ON p.id = w.pair_id AND p.training_sheet_id = :training_sheet_id) AS looked
GROUP BY outcome
"""  # noqa: S608 - constants, as below

DECIDE = f"""
MERGE INTO pairs AS p USING ({{wanted}}) AS w
ON p.id = w.pair_id AND p.training_sheet_id = :training_sheet_id
WHEN MATCHED AND (w.version IS NULL OR w.version = p.version) AND ({_MOVES}) THEN UPDATE SET
  review_status = w.becomes,
  response = CASE WHEN w.becomes = 'edited' THEN w.response ELSE p.response END,
  response_source = CASE WHEN w.becomes = 'edited' THEN 'human' ELSE p.response_source END,
  canonical_label_id = CASE
    WHEN w.becomes IN {ACCEPTED} THEN {LABEL_ID}
    WHEN p.review_status IN {ACCEPTED} THEN p.canonical_label_id END,
  review_reason = w.reason, reviewed_by = :user, reviewed_at = :at, review_id = :review,
  version = p.version + 1, updated_at = :at
"""

_CONFLICTING = """
FROM ({wanted}) AS w JOIN pairs AS p
  ON p.id = w.pair_id AND p.training_sheet_id = :training_sheet_id
WHERE w.version <> p.version AND p.review_id IS DISTINCT FROM :review
"""

CONFLICTS = f"""
SELECT p.id AS pair_id, p.item_ref, p.reviewed_by AS changed_by, p.updated_at AS changed_at,
  p.review_status, p.response, p.version {_CONFLICTING} ORDER BY p.item_ref LIMIT :shown
"""

NOTIFY = f"""
INSERT INTO notices (id, user, message, entity_type, entity_id, at)
SELECT md5(concat_ws('|', :review, p.reviewed_by)), p.reviewed_by,
  concat(:user, ' decided on ', CAST(count(*) AS STRING), ' pair(s) of ', :name,
    ' at the same time as you. Your decisions stand. First item: ', min(p.item_ref)),
  'training_sheet', :training_sheet_id, :at {_CONFLICTING} AND p.reviewed_by <> :user
GROUP BY p.reviewed_by
"""


class Review(Input):
    """One decision for the pairs named by `pair_ids`, or for all that match `where`.

    `versions` makes it compare-and-set: a pair whose version differs is left as it is.
    """

    action: Action
    pair_ids: list[Id] | None = Field(None, max_length=100_000)
    where: PairFilter | None = None
    versions: dict[Id, int] = Field(default_factory=dict)
    response: Text | None = None
    reason: Reason | None = None


class Decision(Input):
    """What one pair, at the version that was looked at, shall become."""

    pair_id: Id
    version: int
    action: Action
    response: Text | None = None
    reason: Reason | None = None


class ReviewBatch(Input):
    """The unsaved rows of a grid, saved at once."""

    changes: list[Decision] = Field(min_length=1, max_length=10_000)


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
    """A SELECT of what `_listed` lists, and its values; `asked` is how many, 0 for a filter."""

    select: str
    values: dict[str, Value]
    becomes: frozenset[str]
    asked: int


@operation("POST /training-sheets/{training_sheet_id}/review", needs=write("labels"))
def review_pairs(caller: Caller, training_sheet_id: Id, review: Review) -> ReviewResult:
    """Approve, edit, reject, flag or reopen pairs: those named, or all that match a filter."""
    _complete(review.action, review.response, review.reason, "")
    if review.versions and review.pair_ids is None:
        raise Invalid(
            "versions: they are those of named pairs. Give pair_ids too, or leave versions out.",
            field="versions",
        )
    condition, values = chosen(training_sheet_id, review.pair_ids, review.where)
    assembled = _reviewable(caller, training_sheet_id)
    becomes, reason = BECOMES[review.action], _clean(review.reason)
    if review.pair_ids is None:
        values |= {"becomes": becomes, "response": review.response, "reason": reason}
        wanted = Wanted(MATCHED.format(condition=condition), values, frozenset({becomes}), 0)
    else:
        wanted = _listed([
            {"pair_id": key, "version": review.versions.get(key), "becomes": becomes,
             "response": review.response, "reason": reason}
            for key in dict.fromkeys(review.pair_ids)
        ])  # fmt: skip
    return _apply(caller, assembled, wanted)


@operation("POST /training-sheets/{training_sheet_id}/review/batch", needs=write("labels"))
def review_batch(caller: Caller, training_sheet_id: Id, batch: ReviewBatch) -> ReviewResult:
    """Save several decisions at once, each compare-and-set on the version that was looked at."""
    twice = [key for key, n in Counter(c.pair_id for c in batch.changes).items() if n > 1]
    if twice:
        raise Invalid(f"changes: pair {twice[0]} is decided twice. Keep one.", field="changes")
    for at, change in enumerate(batch.changes):
        _complete(change.action, change.response, change.reason, f"changes.{at}.")
    assembled = _reviewable(caller, training_sheet_id)
    wanted = _listed([
        {"pair_id": c.pair_id, "version": c.version, "becomes": BECOMES[c.action],
         "response": c.response, "reason": _clean(c.reason)}
        for c in batch.changes
    ])  # fmt: skip
    return _apply(caller, assembled, wanted)


def _listed(decisions: list[dict[str, Any]]) -> Wanted:
    becomes = frozenset(str(d["becomes"]) for d in decisions)
    return Wanted(LISTED, {"decisions": json.dumps(decisions)}, becomes, len(decisions))


def _complete(action: Action, response: str | None, reason: str | None, at: str) -> None:
    """An edit brings a response; a rejection or a flag says why."""
    if action == "edit" and not (response or "").strip():
        raise Invalid(f"{at}response: an edit needs the new response. Write one, or reject.",
                      field=f"{at}response")  # fmt: skip
    if action != "edit" and response is not None:
        raise Invalid(f"{at}response: only an edit changes the response. Use the action edit.",
                      field=f"{at}response")  # fmt: skip
    if action in ("reject", "flag") and not _clean(reason):
        raise Invalid(f"{at}reason: say why you {action}, so that others can follow.",
                      field=f"{at}reason")  # fmt: skip


def _clean(reason: str | None) -> str | None:
    return (reason or "").strip() or None


def _reviewable(caller: Caller, training_sheet_id: str) -> Assembled:
    assembled = training_sheet(caller, training_sheet_id)
    if assembled.status == "assembling":
        raise NotNow("This training sheet is assembling. Review its pairs once it is ready.")
    if assembled.status != "ready":
        raise NotNow(
            f"This training sheet is {assembled.status}; only a ready one is reviewed. "
            "Assemble its sheet again, then review that."
        )
    return assembled


def _apply(caller: Caller, assembled: Assembled, wanted: Wanted) -> ReviewResult:
    """Look first (that costs no lock), then change what may change, then say what was left."""
    found = _look(caller, assembled, wanted)
    result = ReviewResult(
        review_id=new_id(), changed=0, unchanged=found["unchanged"], labels_set=0,
        without_response=found["without_response"], labels_withdrawn=0, conflicts=[],
    )  # fmt: skip
    if found["conflict"] and found["conflict"] == wanted.asked:
        raise _nothing_left(caller, assembled, wanted, result.review_id)
    if found["ready"]:
        result.changed = _decide(caller, assembled, wanted, result.review_id)
        if wanted.becomes & set(ACCEPTED):
            result.labels_set = set_labels(caller, assembled, result.review_id)
        if wanted.becomes - set(ACCEPTED):
            result.labels_withdrawn = withdraw_labels(caller, result.review_id)
    if found["conflict"] or result.changed < found["ready"]:
        result.conflicts = _conflicts(caller, assembled, wanted, result.review_id)
        _notify(caller, assembled, wanted, result.review_id)
    return result


def _look(caller: Caller, assembled: Assembled, wanted: Wanted) -> Counter[str]:
    """How many of the wanted pairs are ready, unchanged, in conflict or without a response."""
    rows = caller.warehouse.rows(
        LOOK.format(wanted=wanted.select), training_sheet_id=assembled.id, **wanted.values
    )
    found = Counter({row["outcome"]: row["pairs"] for row in rows})
    if missing := max(wanted.asked - found.total(), 0):
        raise NotFound(
            f"pair_id: {missing} of {wanted.asked} are not pairs of this training sheet. "
            "Nothing was changed. List its pairs, then repeat.",
            field="pair_id",
        )
    return found


def _decide(caller: Caller, assembled: Assembled, wanted: Wanted, review_id: str) -> int:
    return caller.warehouse.execute(
        DECIDE.format(wanted=wanted.select), training_sheet_id=assembled.id, review=review_id,
        label_type=assembled.label_type, user=caller.user, at=now(), **wanted.values,
    )  # fmt: skip


def _conflicts(
    caller: Caller, assembled: Assembled, wanted: Wanted, review_id: str
) -> list[ReviewConflict]:
    rows = caller.warehouse.rows(
        CONFLICTS.format(wanted=wanted.select), training_sheet_id=assembled.id, review=review_id,
        shown=SHOWN, **wanted.values,
    )  # fmt: skip
    return [ReviewConflict(**row) for row in rows]


def _notify(caller: Caller, assembled: Assembled, wanted: Wanted, review_id: str) -> None:
    """Tell those who changed the pairs first; one notice a person."""
    caller.warehouse.execute(
        NOTIFY.format(wanted=wanted.select), training_sheet_id=assembled.id, name=assembled.name,
        review=review_id, user=caller.user, at=now(), **wanted.values,
    )  # fmt: skip


def _nothing_left(caller: Caller, assembled: Assembled, wanted: Wanted, review_id: str) -> Conflict:
    """The refusal of a review whose pairs were all changed meanwhile; the others are still told."""
    conflicts = _conflicts(caller, assembled, wanted, review_id)
    first = conflicts[0]
    refusal = Conflict(
        f"version: {first.changed_by or 'generation'} changed item {first.item_ref} to "
        f"{first.review_status} at {first.changed_at:%H:%M} UTC ({wanted.asked} of {wanted.asked} "
        "pairs conflict). Nothing was overwritten. Load the pairs again, then decide.",
        field="version", conflicts=[c.model_dump(mode="json") for c in conflicts],
    )  # fmt: skip
    refusal.aftermath = lambda outside: _notify(outside, assembled, wanted, review_id)
    return refusal

"""Reviews: people approve, edit, reject, flag or reopen pairs, one by one, as a set, by filter."""

from collections import Counter
from typing import Literal

from pydantic import Field

from ontos.kernel.caller import Caller
from ontos.kernel.errors import Invalid
from ontos.kernel.fields import Id, Input, Reason, Text
from ontos.kernel.operation import operation
from ontos.kernel.permission import write
from ontos.label.decisions import BECOMES, ReviewResult, by_filter, by_name
from ontos.label.origins import require_source
from ontos.label.pairs import PairFilter
from ontos.label.usage import chosen

Action = Literal["approve", "edit", "reject", "flag", "reopen"]


class Review(Input):
    """One decision for the pairs named by `pair_ids`, or for all that match `where`.

    `versions` makes it compare-and-set: a pair whose version differs is left as it is.
    """

    action: Action
    pair_ids: list[Id] | None = Field(None, min_length=1, max_length=100_000)
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


@operation(
    "POST /training-sheets/{training_sheet_id}/review", needs=write("labels"), rights="person"
)
def review_pairs(caller: Caller, training_sheet_id: Id, review: Review) -> ReviewResult:
    """Approve, edit, reject, flag or reopen pairs: those named, or all that match a filter."""
    _complete(review.action, review.response, review.reason, "")
    if review.versions and review.pair_ids is None:
        raise Invalid(
            "versions: they are those of named pairs. Give pair_ids too, or leave versions out.",
            field="versions",
        )
    condition, values = chosen(training_sheet_id, review.pair_ids, review.where)
    require_source(caller, training_sheet_id)
    decision = {"becomes": BECOMES[review.action], "response": review.response,
                "reason": _clean(review.reason)}  # fmt: skip
    if review.pair_ids is None:
        return by_filter(caller, training_sheet_id, condition, values | decision)
    return by_name(caller, training_sheet_id, [
        {"pair_id": key, "version": review.versions.get(key), **decision}
        for key in dict.fromkeys(review.pair_ids)
    ])  # fmt: skip


@operation(
    "POST /training-sheets/{training_sheet_id}/review/batch", needs=write("labels"), rights="person"
)
def review_batch(caller: Caller, training_sheet_id: Id, batch: ReviewBatch) -> ReviewResult:
    """Save several decisions at once, each compare-and-set on the version that was looked at."""
    twice = [key for key, n in Counter(c.pair_id for c in batch.changes).items() if n > 1]
    if twice:
        raise Invalid(f"changes: pair {twice[0]} is decided twice. Keep one.", field="changes")
    for at, change in enumerate(batch.changes):
        _complete(change.action, change.response, change.reason, f"changes.{at}.")
    require_source(caller, training_sheet_id)
    return by_name(caller, training_sheet_id, [
        {"pair_id": c.pair_id, "version": c.version, "becomes": BECOMES[c.action],
         "response": c.response, "reason": _clean(c.reason)}
        for c in batch.changes
    ])  # fmt: skip


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

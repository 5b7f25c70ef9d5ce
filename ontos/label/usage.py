"""What items may be used for, and the one gate that every export and training passes.

Constraints belong to the item, not to a pair: set on one pair, they hold for its canonical label
and for every pair of that item, in whatever training sheet.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field

from ontos.kernel.caller import Caller
from ontos.kernel.errors import Invalid, NotFound
from ontos.kernel.fields import Id, Input, Limit, Reason, Record, now
from ontos.kernel.operation import operation
from ontos.kernel.paging import Page, decode, page
from ontos.kernel.permission import read, write
from ontos.kernel.records import save
from ontos.label.origins import require_source
from ontos.label.pairs import (
    ACCEPTED,
    FIND,
    HAS_RESPONSE,
    KNOWN,
    USAGE_JOIN,
    USES,
    Pair,
    PairFilter,
    Use,
    find_pair,
    matching,
    no_pair,
    no_training_sheet,
    shown,
)
from ontos.warehouse import Value, together

GATED = f"pairs AS p {USAGE_JOIN}"
"""What `eligible_sql` is a condition over: `SELECT … FROM {GATED} WHERE … AND {eligible_sql()}`."""

_OURS = "u.updated_by = :user AND u.updated_at = :at"

MERGE_SQL = """
MERGE INTO item_usage AS t USING (
  SELECT DISTINCT md5(concat_ws('|', p.sheet_id, p.item_ref)) AS id, p.sheet_id, p.item_ref
  FROM pairs AS p WHERE {condition}
) AS s ON t.id = s.id
WHEN MATCHED AND NOT (t.updated_by = :user AND t.updated_at = :at) THEN UPDATE SET
  allowed_uses = from_json(:allowed, 'ARRAY<STRING>'),
  prohibited_uses = from_json(:prohibited, 'ARRAY<STRING>'), reason = :reason,
  version = t.version + 1, updated_by = :user, updated_at = :at
WHEN NOT MATCHED THEN INSERT
  (id, sheet_id, item_ref, allowed_uses, prohibited_uses, reason, version, updated_by, updated_at)
  VALUES (s.id, s.sheet_id, s.item_ref, from_json(:allowed, 'ARRAY<STRING>'),
    from_json(:prohibited, 'ARRAY<STRING>'), :reason, 1, :user, :at)
"""

FOUND_SQL = "(SELECT count(*) FROM pairs AS p WHERE {condition})"
"""Named pairs are all there, or nothing is changed."""

SET_SQL = f"""
SELECT {{found}} AS found, {KNOWN.format(id="w_training_sheet_id")},
  (SELECT count(*) FROM item_usage AS u WHERE {_OURS}) AS changed
"""  # noqa: S608 - constants

COUNTS_SQL = """
SELECT count(*) AS total, count(*) FILTER (WHERE {eligible}) AS eligible,
  count(*) FILTER (WHERE p.review_status = 'pending') AS pending,
  count(*) FILTER (WHERE p.review_status = 'flagged') AS flagged,
  count(*) FILTER (WHERE p.review_status = 'rejected') AS rejected,
  count(*) FILTER (WHERE {accepted} AND NOT ({has_response})) AS without_response,
  count(*) FILTER (WHERE {accepted} AND {has_response} AND NOT ({permitted})) AS prohibited,
  {known}
FROM {gated} WHERE p.training_sheet_id = :id
"""

LIST_SQL = """
SELECT u.* FROM training_sheets AS t LEFT JOIN (
  SELECT u.*, p.training_sheet_id FROM item_usage AS u
  JOIN pairs AS p ON p.sheet_id = u.sheet_id AND p.item_ref = u.item_ref
  WHERE p.training_sheet_id = :id AND (:after IS NULL OR u.item_ref > :after)
    AND (:barred IS NULL OR array_contains(u.prohibited_uses, :barred)
         OR NOT array_contains(u.allowed_uses, :barred))
  ORDER BY u.item_ref LIMIT :limit
) AS u ON u.training_sheet_id = t.id WHERE t.id = :id ORDER BY u.item_ref
"""
"""As in listing pairs: no row means no such training sheet."""


def _known(uses: list[str]) -> list[str]:
    for use in uses:
        if use not in USES:
            raise ValueError(f"there is no use {use!r}: uses are {', '.join(USES)}")
    return [use for use in USES if use in uses]


Uses = Annotated[list[str], AfterValidator(_known)]


class Usage(Input):
    """All constraints of an item, replacing those it had; prohibition wins over allowance."""

    allowed_uses: Uses = Field(default_factory=lambda: list[str](USES))
    prohibited_uses: Uses = Field(default_factory=list)
    reason: Reason


class UsageOfMany(Usage):
    """Either `pair_ids` or `where`; an empty `where` is every pair."""

    pair_ids: list[Id] | None = Field(None, min_length=1, max_length=100_000)
    where: PairFilter | None = None


class UsageChange(BaseModel):
    """`changed` counts items."""

    changed: int


class ItemUsage(Record):
    """The constraints of one item, with who set them last and why."""

    id: str
    sheet_id: str
    item_ref: str
    allowed_uses: list[str]
    prohibited_uses: list[str]
    reason: str
    version: int
    updated_by: str
    updated_at: datetime


class Eligibility(BaseModel):
    """How many pairs pass the gate for `use`, and what holds back the others, each counted once."""

    use: str
    total: int
    eligible: int
    pending: int
    flagged: int
    rejected: int
    without_response: int
    prohibited: int

    def reasons(self) -> str:
        """What holds pairs back, in words."""
        why = {
            "pending review": self.pending, "flagged": self.flagged, "rejected": self.rejected,
            "without a response": self.without_response,
            f"not permitted for {self.use}": self.prohibited,
        }  # fmt: skip
        return ", ".join(f"{n:,} {words}" for words, n in why.items() if n) or "there are no pairs"


@operation("PUT /pairs/{pair_id}/usage", needs=write("labels"), rights="person")
def set_usage(caller: Caller, pair_id: Id, usage: Usage) -> Pair:
    """Say what the item of a pair may be used for."""
    if caller.person.token is not None:
        require_source(caller, find_pair(caller, pair_id)["training_sheet_id"])
    saved = save(
        caller, MERGE_SQL.format(condition="p.id = :id"), answer=FIND,
        finds=f"SELECT 1 FROM pairs AS p {USAGE_JOIN} WHERE p.id = :id AND {_OURS}",  # noqa: S608
        id=pair_id, **_values(caller, usage),
    )  # fmt: skip
    if saved.row is None:
        raise no_pair(pair_id)
    return Pair(**shown(saved.row))


@operation(
    "POST /training-sheets/{training_sheet_id}/usage", needs=write("labels"), rights="person"
)
def set_usage_of_pairs(caller: Caller, training_sheet_id: Id, usage: UsageOfMany) -> UsageChange:
    """Say what the items of many pairs may be used for: those named, or all that match."""
    condition, values = chosen(training_sheet_id, usage.pair_ids, usage.where)
    require_source(caller, training_sheet_id)
    asked = None if usage.pair_ids is None else len(set(usage.pair_ids))
    found = FOUND_SQL.format(condition=condition)
    whole = condition if asked is None else f"{condition} AND {found} = :asked"
    saved = save(
        caller, MERGE_SQL.format(condition=whole), answer=SET_SQL.format(found=found),
        finds=f"SELECT 1 FROM item_usage AS u WHERE {_OURS}",  # noqa: S608
        asked=asked, **_values(caller, usage) | values,
    )  # fmt: skip
    row = saved.rows[0]
    if not row["known"]:
        raise no_training_sheet(training_sheet_id)
    if asked is not None:
        _require_all(row["found"], asked)
    return UsageChange(changed=row["changed"])


@operation("GET /training-sheets/{training_sheet_id}/usage", needs=read("labels"), rights="person")
def list_usage(
    caller: Caller, training_sheet_id: Id, barred_from: Use | None = None,
    limit: Limit = 100, cursor: str | None = None,
) -> Page[ItemUsage]:  # fmt: skip
    """The constraints that were set on items of a training sheet, with who set them and why."""
    rows, _ = together(
        lambda: caller.warehouse.rows(
            LIST_SQL, id=training_sheet_id, after=decode(cursor), barred=barred_from,
            limit=limit + 1,
        ),
        lambda: require_source(caller, training_sheet_id),
    )  # fmt: skip
    if not rows:
        raise no_training_sheet(training_sheet_id)
    given = [ItemUsage(**row) for row in rows if row["id"]]
    return page(given, limit, lambda usage: usage.item_ref)


@operation("GET /training-sheets/{training_sheet_id}/eligibility", needs=read("labels"))
def get_eligibility(caller: Caller, training_sheet_id: Id, use: Use = "training") -> Eligibility:
    """How many pairs pass the gate for a use, and what holds the others back."""
    return eligibility(caller, training_sheet_id, use)


def eligible_sql(use: Use = "training") -> str:
    """THE gate, a condition over `GATED`: accepted by a person, answered, permitted for `use`."""
    return f"({_ACCEPTED} AND {HAS_RESPONSE} AND {_permitted(use)})"


def eligibility(caller: Caller, training_sheet_id: str, use: Use = "training") -> Eligibility:
    """The gate's counts in one statement; raises NotFound."""
    counts = COUNTS_SQL.format(
        eligible=eligible_sql(use), accepted=_ACCEPTED, has_response=HAS_RESPONSE,
        permitted=_permitted(use), gated=GATED, known=KNOWN.format(id="id"),
    )  # fmt: skip
    row = caller.warehouse.rows(counts, id=training_sheet_id)[0]
    if not row.pop("known"):
        raise no_training_sheet(training_sheet_id)
    return Eligibility(use=use, **row)


def chosen(
    training_sheet_id: str, pair_ids: Sequence[str] | None, where: PairFilter | None
) -> tuple[str, dict[str, Value]]:
    """A condition over `pairs AS p` for those named or matched, and the values bound to it."""
    if (pair_ids is None) == (where is None):
        raise Invalid("pair_ids: give either pair_ids or where.", field="pair_ids")
    condition, values = matching(training_sheet_id, where or PairFilter())
    if pair_ids is None:
        return condition, values
    named = "p.id IN (SELECT explode(from_json(:pair_ids, 'ARRAY<STRING>')))"
    return f"{condition} AND {named}", values | {"pair_ids": json.dumps(pair_ids)}


_ACCEPTED = f"p.review_status IN {ACCEPTED}"


def _permitted(use: Use) -> str:
    if use not in USES:
        raise Invalid(f"use: there is no use {use!r}. Uses are {', '.join(USES)}.", field="use")
    return (
        f"(u.id IS NULL OR (array_contains(u.allowed_uses, '{use}')"
        f" AND NOT array_contains(u.prohibited_uses, '{use}')))"
    )


def _require_all(found: int, asked: int) -> None:
    """Refuse ids of which some name no pair of the training sheet."""
    if missing := asked - found:
        raise NotFound(
            f"pair_ids: {missing} of {asked} are not pairs of this training sheet. "
            "Nothing was changed. List its pairs, then repeat.",
            field="pair_ids",
        )


def _values(caller: Caller, usage: Usage) -> dict[str, Any]:
    if not usage.reason.strip():
        raise Invalid("reason: is empty. Say why, so that others can follow.", field="reason")
    return {
        "allowed": json.dumps(usage.allowed_uses), "prohibited": json.dumps(usage.prohibited_uses),
        "reason": usage.reason.strip(), "user": caller.user, "at": now(),
    }  # fmt: skip

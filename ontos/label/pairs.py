"""Pairs: prompt and response of an item, what people decided, and what it may be used for."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, Field, field_validator

from ontos.data.catalog import Offset
from ontos.data.sheets import SheetColumn
from ontos.generate.prompt_sql import WHITESPACE
from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound
from ontos.kernel.fields import Id, Input, Limit, Record, Text
from ontos.kernel.operation import operation
from ontos.kernel.paging import Page, decode, page
from ontos.kernel.permission import read
from ontos.label.origins import require_source
from ontos.label.source_rows import Found, no_row, source_rows
from ontos.warehouse import Value, together

ReviewStatus = Literal["pending", "approved", "edited", "rejected", "flagged"]
Source = Literal["canonical", "existing_column", "generated", "feedback", "human", "none"]
Use = Literal["training", "validation", "evaluation", "few_shot", "testing"]

USES: tuple[Use, ...] = ("training", "validation", "evaluation", "few_shot", "testing")

ACCEPTED = ("approved", "edited")
"""The states in which a person stands behind the response."""

HAS_RESPONSE = (
    "coalesce((p.response >= '!' AND p.response < '~')"
    f" OR length(trim(BOTH '{WHITESPACE}' FROM p.response)) > 0, FALSE)"
)
"""Over `pairs AS p`: whether there is anything to approve. Most responses begin with a letter."""

USAGE_JOIN = "LEFT JOIN item_usage AS u ON u.sheet_id = p.sheet_id AND u.item_ref = p.item_ref"
"""Puts the constraints of the item beside `pairs AS p`; none means every use is allowed."""

KNOWN = "(SELECT count(*) FROM training_sheets WHERE id = :{id}) AS known"
"""A column that tells an empty answer from a training sheet that is not there."""

_CONDITIONS = {
    "review_status": "p.review_status = :w_review_status",
    "label": "p.response = :w_label",
    "source": "p.response_source = :w_source",
    "item_ref": "p.item_ref = :w_item_ref",
    "reviewed_by": "p.reviewed_by = :w_reviewed_by",
    "has_response": f"({HAS_RESPONSE}) = :w_has_response",
    "search": "(contains(lower(p.prompt), lower(:w_search))"
    " OR coalesce(contains(lower(p.response), lower(:w_search)), false))",
}


LIST = f"""
SELECT p.*, t.system_prompt, u.allowed_uses, u.prohibited_uses
FROM training_sheets AS t LEFT JOIN (
  SELECT p.* FROM pairs AS p WHERE {{condition}} AND (:after IS NULL OR p.item_ref > :after)
  ORDER BY p.item_ref LIMIT :limit OFFSET :offset
) AS p ON p.training_sheet_id = t.id {USAGE_JOIN}
WHERE t.id = :w_training_sheet_id ORDER BY p.item_ref
"""  # noqa: S608 - constants, as below
"""No row: no such training sheet. A row without a pair: no pair matches."""

COUNT = f"""
SELECT count(*) AS count, count(*) FILTER (WHERE p.review_status = 'pending') AS pending,
  count(*) FILTER (WHERE p.review_status = 'approved') AS approved,
  count(*) FILTER (WHERE p.review_status = 'edited') AS edited,
  count(*) FILTER (WHERE p.review_status = 'rejected') AS rejected,
  count(*) FILTER (WHERE p.review_status = 'flagged') AS flagged,
  count(*) FILTER (WHERE NOT ({HAS_RESPONSE})) AS without_response,
  {KNOWN.format(id="w_training_sheet_id")} FROM pairs AS p WHERE {{condition}}
"""  # noqa: S608

FIND = f"""
SELECT p.*, t.system_prompt, t.label_type, u.allowed_uses, u.prohibited_uses,
  s.source_table, s.item_id_column, s.columns AS sheet_columns
FROM pairs AS p JOIN training_sheets AS t ON t.id = p.training_sheet_id
LEFT JOIN sheets AS s ON s.id = p.sheet_id {USAGE_JOIN} WHERE p.id = :id
"""  # noqa: S608


class PairFilter(Input):
    """Which pairs: those that meet everything given; `label` is the whole response."""

    review_status: ReviewStatus | None = None
    label: Text | None = None
    source: Source | None = None
    item_ref: Text | None = None
    reviewed_by: Text | None = None
    has_response: bool | None = None
    search: Text | None = None


class Message(BaseModel):
    role: Literal["system", "user", "assistant"]
    content: str


class Pair(Record):
    """`messages` ends with the assistant's if there is a response; the uses are the item's."""

    id: str
    training_sheet_id: str
    sheet_id: str
    item_ref: str
    messages: list[Message]
    response: str | None
    response_source: str
    review_status: str
    review_reason: str | None
    reviewed_by: str | None
    reviewed_at: datetime | None
    allowed_uses: list[str]
    prohibited_uses: list[str]
    canonical_label_id: str | None
    generation_error: str | None
    version: int

    @field_validator("allowed_uses", mode="before")
    @classmethod
    def _all_by_default(cls, value: Any) -> Any:
        return list(USES) if value is None else value

    @field_validator("prohibited_uses", mode="before")
    @classmethod
    def _none_by_default(cls, value: Any) -> Any:
        return [] if value is None else value

    @property
    def prompt(self) -> str:
        """The rendered user prompt."""
        return next(m.content for m in self.messages if m.role == "user")


class PairInContext(Pair):
    """`source` is the item's row; None where it is gone, and `source_problem` says why."""

    label_type: str
    source: dict[str, Any] | None = None
    source_columns: list[SheetColumn] = Field(default_factory=list)
    source_problem: str | None = None


class PairCount(BaseModel):
    """`count` is the total; `without_response` have nothing to approve yet."""

    count: int
    pending: int
    approved: int
    edited: int
    rejected: int
    flagged: int
    without_response: int


class Assembled(Record):
    """What reviewing needs to know of a training sheet."""

    id: str
    name: str
    sheet_id: str
    label_type: str
    system_prompt: str | None
    user_prompt: str
    status: str


@operation("GET /training-sheets/{training_sheet_id}/pairs", needs=read("labels"), rights="person")
def list_pairs(
    caller: Caller,
    training_sheet_id: Id,
    review_status: ReviewStatus | None = None,
    label: Text | None = None,
    source: Source | None = None,
    item_ref: Text | None = None,
    reviewed_by: Text | None = None,
    has_response: bool | None = None,
    search: Text | None = None,
    limit: Limit = 100,
    cursor: str | None = None,
    offset: Offset = 0,
) -> Page[Pair]:
    """Pairs in the order of their items; `offset` jumps to a page, `cursor` goes on from one."""
    where = PairFilter(
        review_status=review_status, label=label, source=source, item_ref=item_ref,
        reviewed_by=reviewed_by, has_response=has_response, search=search,
    )  # fmt: skip
    condition, values = matching(training_sheet_id, where)
    rows, _ = together(
        lambda: caller.warehouse.rows(
            LIST.format(condition=condition), after=decode(cursor), limit=limit + 1,
            offset=offset, **values,
        ),
        lambda: require_source(caller, training_sheet_id),
    )  # fmt: skip
    if not rows:
        raise no_training_sheet(training_sheet_id)
    pairs = [Pair(**shown(row)) for row in rows if row["id"]]
    return page(pairs, limit, lambda pair: pair.item_ref)


@operation(
    "GET /training-sheets/{training_sheet_id}/pairs/count", needs=read("labels"), rights="person"
)
def count_pairs(
    caller: Caller,
    training_sheet_id: Id,
    review_status: ReviewStatus | None = None,
    label: Text | None = None,
    source: Source | None = None,
    item_ref: Text | None = None,
    reviewed_by: Text | None = None,
    has_response: bool | None = None,
    search: Text | None = None,
) -> PairCount:
    """How many pairs match, by what was decided of them."""
    where = PairFilter(
        review_status=review_status, label=label, source=source, item_ref=item_ref,
        reviewed_by=reviewed_by, has_response=has_response, search=search,
    )  # fmt: skip
    condition, values = matching(training_sheet_id, where)
    rows, _ = together(
        lambda: caller.warehouse.rows(COUNT.format(condition=condition), **values),
        lambda: require_source(caller, training_sheet_id),
    )
    if not rows[0].pop("known"):
        raise no_training_sheet(training_sheet_id)
    return PairCount(**rows[0])


@operation("GET /pairs/{pair_id}", needs=read("labels"), rights="person")
def get_pair(caller: Caller, pair_id: Id) -> PairInContext:
    """One pair, beside the row that it was made of."""
    return in_context(caller, [find_pair(caller, pair_id)])[0]


def matching(training_sheet_id: str, where: PairFilter) -> tuple[str, dict[str, Value]]:
    """A condition over `pairs AS p`, and the values bound to it (their names begin with `w_`)."""
    given = where.model_dump(exclude_none=True)
    conditions = ["p.training_sheet_id = :w_training_sheet_id", *(_CONDITIONS[k] for k in given)]
    values: dict[str, Value] = {f"w_{k}": v for k, v in given.items()}
    return " AND ".join(conditions), values | {"w_training_sheet_id": training_sheet_id}


def find_pair(caller: Caller, pair_id: str) -> dict[str, Any]:
    """The fields of a `Pair`, its `label_type`, and its sheet's as JSON; raises NotFound."""
    rows = caller.warehouse.rows(FIND, id=pair_id)
    if not rows:
        raise no_pair(pair_id)
    return shown(rows[0])


def no_pair(pair_id: str) -> NotFound:
    return NotFound(f"pair_id: there is no pair {pair_id}. List the pairs of a training sheet.",
                    field="pair_id")  # fmt: skip


def training_sheet(caller: Caller, training_sheet_id: str) -> Assembled:
    """The training sheet; raises NotFound."""
    rows = caller.warehouse.rows(
        "SELECT id, name, sheet_id, label_type, system_prompt, user_prompt, status"
        " FROM training_sheets WHERE id = :id",
        id=training_sheet_id,
    )
    if not rows:
        raise no_training_sheet(training_sheet_id)
    return Assembled(**rows[0])


def no_training_sheet(training_sheet_id: str) -> NotFound:
    return NotFound(
        f"training_sheet_id: there is no training sheet {training_sheet_id}. "
        "List training sheets for those there are, or assemble one.",
        field="training_sheet_id",
    )


def in_context(
    caller: Caller,
    rows: Sequence[Mapping[str, Any]],
    known: Mapping[str, Found] = MappingProxyType({}),
) -> list[PairInContext]:
    """Pairs, as `FIND` or `QUEUE` select them, beside their items' rows: one wait for all.

    `known` are items' rows that were read already, by sheet.
    """
    sources = source_rows(caller, rows, known)
    return [PairInContext(**row, **found) for row, found in zip(rows, sources, strict=True)]


def without_row(row: Mapping[str, Any]) -> PairInContext:
    """A pair that came of feedback, out of what `FIND` selects."""
    pair = shown(row)
    return PairInContext(**pair, **no_row(pair))


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    spoken = (
        ("system", row["system_prompt"]),
        ("user", row["prompt"]),
        ("assistant", row["response"]),
    )
    messages = [{"role": role, "content": text} for role, text in spoken if text]
    return {**row, "messages": messages}

"""The gate before training, and the exact pairs that pass it, each on its side."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel

from ontos.generate.rendering import placeholders
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Refused
from ontos.kernel.fields import Id
from ontos.kernel.operation import operation
from ontos.kernel.permission import read
from ontos.label.labels import LabelCount
from ontos.label.origins import require_source
from ontos.label.pairs import Assembled, training_sheet
from ontos.label.usage import GATED, Eligibility, eligibility, eligible_sql
from ontos.train.split import assign
from ontos.warehouse import together

SHOWN_LABELS, RAREST = 200, 5
"""Labels that are told: the most frequent, and those with the fewest pairs."""

_ELIGIBLE = f"FROM {GATED} WHERE p.training_sheet_id = :id AND {eligible_sql()}"
_MAY_VALIDATE = eligible_sql("validation")

BY_LABEL = f"""
SELECT label, pairs, classes, all_barred, nth <= :shown AS frequent FROM (
  SELECT p.response AS label, count(*) AS pairs, count(*) OVER () AS classes,
    sum(count_if(NOT {_MAY_VALIDATE})) OVER () AS all_barred,
    row_number() OVER (ORDER BY count(*) DESC, p.response) AS nth
  {_ELIGIBLE} GROUP BY p.response
) AS labels WHERE nth <= :shown OR nth > classes - :rarest ORDER BY nth
"""  # noqa: S608


class TrainingGate(BaseModel):
    """Whether training may begin, and what holds pairs back.

    `labels` are the most frequent, `fewest` those with the fewest pairs, the rarest first.
    """

    training_sheet_id: str
    allowed: bool
    reason: str | None
    eligibility: Eligibility
    classes: int
    not_for_validation: int
    labels: list[LabelCount]
    fewest: list[LabelCount]


@dataclass(frozen=True)
class Snapshot:
    """Pairs (pair_id, item_ref, pair_version, side), and what should be known of the split."""

    training_sheet_name: str
    pairs: pa.Table
    train: int
    val: int
    notes: list[str]

    def store(self, caller: Caller, job_id: str) -> None:
        named = self.pairs.append_column("job_id", pa.repeat(job_id, len(self.pairs)))
        caller.warehouse.append("training_job_pairs", named)


@operation(
    "GET /training-sheets/{training_sheet_id}/training-gate",
    needs=read("training"),
    rights="person",
)
def get_training_gate(caller: Caller, training_sheet_id: Id) -> TrainingGate:
    """Which pairs could be trained on now, by label, and why the others could not."""
    _, sheet, counts, rows = together(
        lambda: require_source(caller, training_sheet_id),
        lambda: training_sheet(caller, training_sheet_id),
        lambda: eligibility(caller, training_sheet_id),
        lambda: caller.warehouse.rows(
            BY_LABEL, id=training_sheet_id, shown=SHOWN_LABELS, rarest=RAREST
        ),
    )
    classes = rows[0]["classes"] if rows else 0
    barred = int(rows[0]["all_barred"]) if rows else 0
    reason = _why_not(sheet, counts, classes, barred)
    return TrainingGate(
        training_sheet_id=training_sheet_id, allowed=reason is None, reason=reason,
        eligibility=counts, classes=classes, not_for_validation=barred,
        labels=[LabelCount(**row) for row in rows if row["frequent"]],
        fewest=[LabelCount(**row) for row in reversed(rows[-RAREST:])],
    )  # fmt: skip


def take(caller: Caller, training_sheet_id: str, fraction: float, seed: int) -> Snapshot:
    """The pairs that pass the gate, split; raises Refused with the counts where that is nothing."""
    sheet = training_sheet(caller, training_sheet_id)
    require_source(caller, training_sheet_id)
    pairs = caller.warehouse.arrow(
        "SELECT p.id AS pair_id, p.item_ref, p.version AS pair_version, p.response,"
        f" {_MAY_VALIDATE} AS may_validate {_ELIGIBLE} ORDER BY p.item_ref, p.id",
        id=training_sheet_id,
    )
    responses = pairs.column("response")
    may_validate = np.asarray(pairs.column("may_validate").to_pylist(), dtype=bool)
    barred = int((~may_validate).sum())
    classes = len(responses.unique())
    fits = sheet.status == "ready" and placeholders(sheet.user_prompt)
    if not fits or classes < 2 or barred == len(pairs):
        counts = eligibility(caller, training_sheet_id)
        raise _refused(_why_not(sheet, counts, classes, barred) or "", counts)
    split = assign(pairs.column("item_ref").to_pylist(), responses.to_pylist(), fraction, seed)
    sides = np.where(may_validate, split.sides, "train")
    _require_both_sides(sides, responses)
    kept = pairs.select(["pair_id", "item_ref", "pair_version"])
    return Snapshot(
        training_sheet_name=sheet.name,
        pairs=kept.append_column("side", pa.array(sides.tolist(), pa.string())),
        train=int((sides == "train").sum()), val=int((sides == "val").sum()),
        notes=_notes(split.single, barred),
    )  # fmt: skip


def _refused(reason: str, counts: Eligibility) -> Refused:
    return Refused(reason, field="training_sheet_id", **counts.model_dump(exclude={"use"}))


def _why_not(sheet: Assembled, counts: Eligibility, classes: int, barred: int) -> str | None:
    """Why training cannot begin, in words for a person; None where it can."""
    if sheet.status != "ready":
        return f"The training sheet is {sheet.status}. Train on one that is ready."
    if not placeholders(sheet.user_prompt):
        return (
            f"user_prompt: the template of {sheet.name} names no column, so every prompt is the "
            "same and there is nothing to learn from. Write a placeholder into its user_prompt, "
            "such as {{ text }}, publish it, and assemble a training sheet with it."
        )
    if counts.eligible == 0:
        return (
            f"No pair of {sheet.name} may be trained on yet: of {counts.total}, "
            f"{counts.reasons()}. Approve pairs in Label, or lift the constraint on their use."
        )
    if classes < 2:
        alike = f"All {counts.eligible} pairs have" if counts.eligible > 1 else "The only pair has"
        return (
            f"{alike} the same response, so there is nothing to tell apart. Approve pairs with at "
            "least two different responses."
        )
    if barred == counts.eligible:
        return (
            "No pair may be used for validation, so the model could not be judged. Allow that use "
            "for some items."
        )
    return None


def _require_both_sides(sides: NDArray[Any], responses: pa.ChunkedArray) -> None:
    if not (sides == "val").any():
        raise Refused(
            "Every pair on the validation side is barred from validation, so the model could not "
            "be judged. Allow that use for more items, or choose another seed.",
            field="training_sheet_id",
        )
    if len(responses.filter(pa.array(sides == "train")).unique()) < 2:
        raise Refused(
            f"Of {len(sides)} pairs, those that would train all have the same response. Approve "
            "more pairs, or raise train_val_split.",
            field="training_sheet_id",
        )


def _notes(single: tuple[str, ...], barred: int) -> list[str]:
    notes = []
    if single:
        shown = ", ".join(repr(label[:60]) for label in single[:10])
        more = f" and {len(single) - 10} more" if len(single) > 10 else ""
        notes.append(
            f"Labels with a single item ({len(single)}) only train; the model is not judged on "
            f"them: {shown}{more}."
        )
    if barred:
        notes.append(f"Pairs that may not be used for validation ({barred}) only train.")
    return notes

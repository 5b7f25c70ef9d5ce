"""Two versions of a model, side by side on pairs that neither of them has trained on."""

from typing import Any

import pyarrow as pa
from pydantic import BaseModel

from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound, Refused
from ontos.kernel.operation import operation
from ontos.kernel.permission import read
from ontos.label.usage import GATED
from ontos.train.evaluations import LARGEST, MAY_JUDGE, Answers, ask
from ontos.train.scores import sign_test
from ontos.train.training_jobs import TrainingJob

CLEAR = 0.05
"""A difference that chance makes at least this often is none to act on."""

# The newer job's validation side, without items that either job trained on (under whatever pair).
_UNSEEN = f"""
SELECT p.id AS pair_id, p.item_ref, p.prompt, p.response
FROM {GATED} JOIN training_job_pairs AS j ON j.pair_id = p.id
LEFT JOIN (
  SELECT DISTINCT q.sheet_id, q.item_ref FROM training_job_pairs AS t
  JOIN pairs AS q ON q.id = t.pair_id WHERE t.job_id IN (:a, :b) AND t.side = 'train'
) AS seen ON seen.sheet_id = p.sheet_id AND seen.item_ref = p.item_ref
WHERE j.job_id = :newer AND j.side = 'val' AND seen.item_ref IS NULL AND {MAY_JUDGE}
ORDER BY md5(p.id) LIMIT :limit
"""  # noqa: S608


class Difference(BaseModel):
    """`delta` is b minus a; None where one of them has no such figure."""

    a: float | None
    b: float | None
    delta: float | None


class LabelDifference(Difference):
    """Of the recall: the share of the examples with this label that were answered rightly."""

    label: str
    support: int


class Comparison(BaseModel):
    """`examples` of `validation_pairs` on the newer version's side were new to both versions.

    `improved` were wrong in a and are right in b, `worsened` the reverse. `chance` is how often two
    versions that are equally good would differ so unevenly, 0 to 1. `better` is the version that is
    clearly better: where that is rarer than `CLEAR`; else None.
    """

    model_name: str
    version_a: str
    version_b: str
    examples: int
    validation_pairs: int
    improved: int
    worsened: int
    chance: float
    better: str | None
    metrics: dict[str, Difference]
    per_label: list[LabelDifference]


@operation("GET /training/compare/{model_name}", needs=read("training"))
def compare_versions(caller: Caller, model_name: str, version_a: str, version_b: str) -> Comparison:
    """Put the same unseen validation pairs to two versions, and set their figures side by side."""
    jobs = {job.uc_model_version: job for job in _jobs(caller, model_name, version_a, version_b)}
    a = _require(jobs, model_name, version_a, "version_a")
    b = _require(jobs, model_name, version_b, "version_b")
    newer = max((a, b), key=lambda job: job.id)
    pairs = _unseen(caller, a, b, newer)
    before = ask(caller, model_name, version_a, pairs)
    after = ask(caller, model_name, version_b, pairs)
    right = [
        (x == e, y == e)
        for x, y, e in zip(before.predicted, after.predicted, before.expected, strict=True)
    ]
    improved, worsened = right.count((False, True)), right.count((True, False))
    chance = sign_test(improved, worsened)
    leads = version_b if improved > worsened else version_a
    return Comparison(
        model_name=model_name, version_a=version_a, version_b=version_b, examples=len(pairs),
        validation_pairs=newer.val_pairs, improved=improved, worsened=worsened, chance=chance,
        better=leads if chance < CLEAR else None, metrics=_differences(before, after),
        per_label=_label_differences(before, after),
    )  # fmt: skip


def _jobs(caller: Caller, model_name: str, a: str, b: str) -> list[TrainingJob]:
    rows = caller.warehouse.rows(
        "SELECT * FROM training_jobs WHERE uc_model_name = :name AND uc_model_version IN (:a, :b)",
        name=model_name, a=a, b=b,
    )  # fmt: skip
    return [TrainingJob(**row) for row in rows]


def _require(
    jobs: dict[str | None, TrainingJob], model_name: str, version: str, field: str
) -> TrainingJob:
    if version not in jobs:
        raise NotFound(
            f"{field}: {model_name[:120]} has no version {version[:60]!r} that was trained here. "
            "List the model's versions.",
            field=field,
        )
    return jobs[version]


def _unseen(caller: Caller, a: TrainingJob, b: TrainingJob, newer: TrainingJob) -> pa.Table:
    pairs = caller.warehouse.arrow(_UNSEEN, a=a.id, b=b.id, newer=newer.id, limit=LARGEST)
    if not len(pairs):
        raise Refused(
            f"Every one of the {newer.val_pairs} validation pairs was trained on by the other "
            "version, so neither could be judged fairly. Train both with the same seed and split."
        )
    return pairs


def _differences(a: Answers, b: Answers) -> dict[str, Difference]:
    before, after = a.metrics(), b.metrics()
    names = [name for name in before if name != "classes"]
    return {name: Difference(**_difference(before[name], after.get(name))) for name in names}


def _label_differences(a: Answers, b: Answers) -> list[LabelDifference]:
    """The labels that changed most first; those without examples are left out."""
    after = {score.label: score.recall for score in b.labels()}
    found = [
        LabelDifference(
            label=score.label, support=score.support,
            **_difference(score.recall, after.get(score.label)),
        )
        for score in a.labels()
        if score.support
    ]  # fmt: skip
    return sorted(found, key=lambda row: (-abs(row.delta or 0.0), -row.support, row.label))


def _difference(a: float | None, b: float | None) -> dict[str, Any]:
    return {"a": a, "b": b, "delta": None if a is None or b is None else b - a}

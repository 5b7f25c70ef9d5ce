"""Evaluations: a registered version is put to the validation side of its job, answer by answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import pyarrow as pa
from pydantic import BaseModel

from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound, NotNow, Refused, Unavailable
from ontos.kernel.fields import Id, Record, new_id, now
from ontos.kernel.operation import operation
from ontos.kernel.permission import read, write
from ontos.label.usage import GATED, eligible_sql
from ontos.train.scores import LabelScore, by_label, evaluate_predictions
from ontos.train.split import open_ended
from ontos.train.training_jobs import TrainingJob, get_training_job
from ontos.warehouse import together

LARGEST = 20_000
"""Examples put to a model within one request; of more, a fixed sample is taken."""
SHOWN_CONFUSIONS = 30
SHOWN_LABELS = 500

MAY_JUDGE = eligible_sql("validation")
"""Over `GATED`: still approved, and still allowed to validate."""

_VALIDATION = (
    f"SELECT p.id AS pair_id, p.item_ref, p.prompt, p.response FROM {GATED}"  # noqa: S608
    " JOIN training_job_pairs AS j ON j.pair_id = p.id"
    f" WHERE j.job_id = :id AND j.side = 'val' AND {MAY_JUDGE} ORDER BY md5(p.id) LIMIT :limit"
)

_FIGURES = """
SELECT * FROM evaluations WHERE job_id = :job
  AND id = coalesce(:id, (SELECT max(e.id) FROM evaluations AS e WHERE e.job_id = :job))
"""
_ANSWERS = """
SELECT expected, predicted FROM evaluation_answers WHERE job_id = :job AND evaluation_id
  = coalesce(:id, (SELECT max(e.id) FROM evaluations AS e WHERE e.job_id = :job))
"""


class LabelFigures(BaseModel):
    """`support` examples have the label. A share without a denominator is None."""

    label: str
    support: int
    predicted: int
    precision: float | None
    recall: float | None
    f1: float
    error_rate: float | None


class Confusion(Record):
    """How often `expected` was answered as `predicted`."""

    expected: str
    predicted: str
    count: int


class Evaluation(BaseModel):
    """`per_label` is empty for open-ended answers; `confusions` are the most frequent mistakes."""

    evaluation_id: str
    job_id: str
    model_name: str
    model_version: str
    training_sheet_id: str
    examples: int
    metrics: dict[str, float]
    per_label: list[LabelFigures]
    confusions: list[Confusion]
    created_by: str
    created_at: datetime


@dataclass(frozen=True)
class Answers:
    """Pairs (pair_id, item_ref), what was expected, and what the model answered, in one order."""

    pairs: pa.Table
    expected: list[str]
    predicted: list[str]

    @property
    def open_ended(self) -> bool:
        return open_ended(len(self.expected), len(set(self.expected)))

    def metrics(self) -> dict[str, float]:
        return evaluate_predictions(self.expected, self.predicted, open_ended=self.open_ended)

    def labels(self) -> list[LabelScore]:
        return [] if self.open_ended else by_label(self.expected, self.predicted)


@operation("POST /training/jobs/{job_id}/evaluate", needs=write("training"))
def evaluate_training_job(caller: Caller, job_id: Id) -> Evaluation:
    """Put the registered version to its validation side now, and keep every answer."""
    job = get_training_job(caller, job_id)
    name, version = _registered(job)
    pairs = caller.warehouse.arrow(_VALIDATION, id=job_id, limit=LARGEST)
    answers = ask(caller, name, version, pairs)
    evaluation_id, at = new_id(), now()
    _store(caller, job, evaluation_id, answers, at)
    return get_evaluation(caller, job_id, evaluation_id)


@operation("GET /training/jobs/{job_id}/evaluation", needs=read("training"))
def get_evaluation(caller: Caller, job_id: Id, evaluation_id: Id | None = None) -> Evaluation:
    """An evaluation of the job, the latest unless one is named."""
    asked = {"job": job_id, "id": evaluation_id}
    rows, found = together(
        partial(caller.warehouse.rows, _FIGURES, **asked),
        partial(caller.warehouse.arrow, _ANSWERS, **asked),
    )
    if not rows:
        raise NotFound(
            f"job_id: training job {job_id} has no such evaluation. Evaluate it first.",
            field="job_id",
        )
    expected, predicted = (found.column(name).to_pylist() for name in ("expected", "predicted"))
    return Evaluation(
        **{**rows[0], "evaluation_id": rows[0]["id"]},
        metrics={row["metric"]: row["value"] for row in rows},
        **_details(Answers(found, expected, predicted)),
    )


def ask(caller: Caller, name: str, version: str, pairs: pa.Table) -> Answers:
    """What a registered version answers to the prompts of pairs."""
    if not len(pairs):
        raise Refused("There is no pair left on the validation side to evaluate with.")
    model = caller.workspace.models.load(name, version).get_raw_model()
    if not hasattr(model, "answers"):
        raise Refused(f"{name} version {version} was not trained here: it cannot be put to pairs.")
    try:
        answers = model.answers(pairs.column("prompt").to_pylist())
    except Exception as error:  # a stored model may raise anything; the reason is told
        why = f"{name} version {version} failed: {type(error).__name__}: {error}"
        raise Unavailable(why) from error
    predicted = [answer.response for answer in answers]
    return Answers(pairs, pairs.column("response").to_pylist(), predicted)


def label_figures(labels: Sequence[LabelScore]) -> list[LabelFigures]:
    """Those with the most mistakes first."""
    worst = sorted(labels, key=lambda score: (score.correct - score.support, score.label))
    return [LabelFigures(**score.row()) for score in worst[:SHOWN_LABELS]]


def _details(answers: Answers) -> dict[str, Any]:
    if answers.open_ended:
        return {"per_label": [], "confusions": []}
    wrong: dict[tuple[str, str], int] = {}
    for pair in zip(answers.expected, answers.predicted, strict=True):
        if pair[0] != pair[1]:
            wrong[pair] = wrong.get(pair, 0) + 1
    most = sorted(wrong.items(), key=lambda item: (-item[1], item[0]))[:SHOWN_CONFUSIONS]
    return {
        "per_label": label_figures(answers.labels()),
        "confusions": [Confusion(expected=e, predicted=p, count=n) for (e, p), n in most],
    }


def _registered(job: TrainingJob) -> tuple[str, str]:
    if job.uc_model_name is None or job.uc_model_version is None:
        raise NotNow(
            f"This training job is {job.status} and has no model. Evaluate one that succeeded."
        )
    return job.uc_model_name, job.uc_model_version


def _store(
    caller: Caller, job: TrainingJob, evaluation_id: str, answers: Answers, at: datetime
) -> None:
    about = {
        "id": evaluation_id, "job_id": job.id, "model_name": job.uc_model_name,
        "model_version": job.uc_model_version, "training_sheet_id": job.training_sheet_id,
        "examples": len(answers.expected), "created_by": caller.user, "created_at": at,
    }  # fmt: skip
    rows = [about | {"metric": name, "value": value} for name, value in answers.metrics().items()]
    caller.warehouse.append("evaluations", pa.Table.from_pylist(rows))
    count = len(answers.expected)
    caller.warehouse.append("evaluation_answers", pa.table({
        "evaluation_id": pa.repeat(evaluation_id, count), "job_id": pa.repeat(job.id, count),
        "pair_id": answers.pairs.column("pair_id"), "item_ref": answers.pairs.column("item_ref"),
        "expected": answers.expected, "predicted": answers.predicted,
    }))  # fmt: skip

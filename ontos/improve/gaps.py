"""Gaps: where a model falls short, found in real rows, each with its evidence."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal, NoReturn

from pydantic import BaseModel, Field

from ontos.data.access import require_select
from ontos.data.sheets import get_sheet
from ontos.deploy.endpoints import get_endpoint
from ontos.deploy.stored import Endpoint
from ontos.generate.training_sheets import get_training_sheet
from ontos.improve.finders import (
    LABEL_ERRORS,
    LOW_COVERAGE,
    NEGATIVE_FEEDBACK,
    Finder,
    segment_errors,
    segment_values,
)
from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound, Refused
from ontos.kernel.fields import Id, Input, Limit, Name, Record, Text, now
from ontos.kernel.lifecycle import Lifecycle
from ontos.kernel.operation import operation, permit
from ontos.kernel.paging import Page, decode, page
from ontos.kernel.permission import read, write
from ontos.kernel.records import save
from ontos.label.pairs import no_training_sheet
from ontos.label.tasks import Task, TaskSpec, add_task
from ontos.train.training_jobs import (
    TrainingConfig,
    TrainingJob,
    TrainingJobSpec,
    create_training_job,
    get_training_job,
)
from ontos.warehouse import Value, together

Status = Literal["open", "tasked", "retraining", "closed"]

GAP_STATES = Lifecycle(
    "gap",
    {
        "open": ("tasked", "retraining", "closed"),
        "tasked": ("tasked", "retraining", "closed"),
        "retraining": ("tasked", "retraining", "closed"),
        "closed": ("open",),
    },
)


def _before(to: str) -> str:
    """The states that may become `to`, for an IN."""
    return ", ".join(f"'{state}'" for state in GAP_STATES.before(to))


_ONE = "SELECT * FROM gaps WHERE id = :id"
_MOVED = "id = :id AND status = :to AND updated_at = :at"


class Gap(Record):
    """`severity` is affected / total; `evidence_query` is the SQL whose rows show the gap."""

    id: str
    endpoint_name: str
    model_name: str
    model_version: str | None
    kind: str
    label: str | None
    severity: float
    affected: int
    total: int
    evidence_summary: str
    evidence_query: str
    evidence_values: str
    status: str
    version: int
    created_by: str
    created_at: datetime
    updated_at: datetime


class Analysis(Input):
    """A gap needs at least `min_affected` rows and a rate of `min_rate` (0 to 1)."""

    endpoint_name: Name
    min_affected: int = Field(2, ge=1)
    min_rate: float = Field(0.2, ge=0, le=1)


class Found(BaseModel):
    """`looked_at` says, for each kind, how many rows were read or why none could be."""

    items: list[Gap]
    looked_at: dict[str, str]


class TaskOfGap(Input):
    title: Name
    instructions: Text | None = None
    target_record_count: int = Field(20, ge=1, le=1_000_000)
    assignee: Name | None = None


class RetrainOfGap(Input):
    """Without a training sheet: that of the job which made the model."""

    training_sheet_id: Id | None = None


class _Subject(BaseModel):
    """What is looked into: an endpoint, the job behind its version, and that job's evaluation."""

    endpoint: Endpoint
    job: TrainingJob
    evaluation_id: str | None
    answers: int


@operation("POST /gaps/analyze", needs=write("improve"), rights="person")
def analyze_gaps(caller: Caller, analysis: Analysis) -> Found:
    """Look for gaps of an endpoint's present version in its evaluation, feedback and labels."""
    subject = _subject(caller, analysis.endpoint_name)
    looked_at: dict[str, str] = {}
    searches = list(_searches(caller, subject, looked_at))
    counted = together(*[_counting(caller, finder, values) for finder, values in searches])
    found = [
        _gap(caller, subject, finder, values, row)
        for (finder, values), rows in zip(searches, counted, strict=True)
        for row in rows
        if _matters(row, analysis, finder)
    ]
    for (finder, _), rows in zip(searches, counted, strict=True):
        looked_at[finder.kind] = f"{sum(r['total'] for r in rows)} rows in {len(rows)} groups"
    _store(caller, subject, found)
    return Found(items=sorted(found, key=lambda g: (-g.affected, g.kind)), looked_at=looked_at)


@operation("GET /gaps", needs=read("improve"))
def list_gaps(
    caller: Caller, endpoint_name: str | None = None, status: Status | None = None,
    limit: Limit = 100, cursor: str | None = None,
) -> Page[Gap]:  # fmt: skip
    """Gaps, the most severe first."""
    after = decode(cursor, int, str) or [None, None]
    rows = caller.warehouse.rows(
        "SELECT * FROM gaps WHERE (:endpoint IS NULL OR endpoint_name = :endpoint)"
        " AND (:status IS NULL OR status = :status)"
        " AND (:after IS NULL OR affected < :affected OR (affected = :affected AND id > :after))"
        " ORDER BY affected DESC, id LIMIT :limit",
        endpoint=endpoint_name, status=status, affected=after[0], after=after[1], limit=limit + 1,
    )  # fmt: skip
    return page([Gap(**row) for row in rows], limit, lambda gap: [gap.affected, gap.id])


@operation("GET /gaps/{gap_id}", needs=read("improve"))
def get_gap(caller: Caller, gap_id: Id) -> Gap:
    """One gap."""
    rows = caller.warehouse.rows(_ONE, id=gap_id)
    if not rows:
        raise _no_gap(gap_id)
    return Gap(**rows[0])


@operation("POST /gaps/{gap_id}/task", needs=write("improve"))
def create_gap_task(caller: Caller, gap_id: Id, spec: TaskOfGap) -> Task:
    """Ask people to label or collect what would close the gap."""
    permit(caller, "create_task", "get_gap", "get_endpoint", "get_training_job")
    task = add_task(
        caller, TaskSpec(**spec.model_dump(), source_gap_id=gap_id),
        given=_LEARNT, computed={"training_sheet_id": f"({_LEARNT})"}, also=[(_TASKED, {})],
    )  # fmt: skip
    return task or _not_tasked(caller, gap_id)


@operation("POST /gaps/{gap_id}/retrain", needs=write("improve"), rights="person")
def retrain_gap(caller: Caller, gap_id: Id, spec: RetrainOfGap) -> TrainingJob:
    """Train the endpoint's model again, as before, with the pairs approved since: a new version."""
    gap = get_gap(caller, gap_id)
    GAP_STATES.check(gap.status, "retraining")
    former = _subject(caller, gap.endpoint_name).job
    job = create_training_job(
        caller,
        TrainingJobSpec(
            training_sheet_id=spec.training_sheet_id or former.training_sheet_id,
            model_name=former.model_name,
            trainer=former.trainer,
            train_val_split=former.train_val_split,
            training_config=TrainingConfig(**former.training_config),
            source_gap_id=gap.id,
        ),
    )
    _move(caller, gap.id, "retraining")
    return job


@operation("POST /gaps/{gap_id}/close", needs=write("improve"))
def close_gap(caller: Caller, gap_id: Id) -> Gap:
    """Put a gap away; it opens again only for another model version."""
    return _move(caller, gap_id, "closed")


_LEARNT = f"""
SELECT t.id FROM gaps AS g
JOIN endpoints AS e ON e.name = g.endpoint_name AND e.status <> 'deleted'
JOIN training_jobs AS j ON j.uc_model_name = e.model_name AND j.uc_model_version = e.model_version
JOIN training_sheets AS t ON t.id = j.training_sheet_id
WHERE g.id = :source_gap_id AND g.status IN ({_before("tasked")}) LIMIT 1
"""  # noqa: S608 - states, as below
"""The training sheet behind a gap that may take a task."""

_TASKED = f"""
UPDATE gaps SET status = 'tasked', version = version + 1, updated_at = :created_at
WHERE id = :source_gap_id AND status IN ({_before("tasked")})
  AND EXISTS (SELECT 1 FROM annotation_tasks AS a WHERE a.id = :id)
  AND NOT (status = 'tasked' AND updated_at = :created_at)
"""  # noqa: S608


def _not_tasked(caller: Caller, gap_id: str) -> NoReturn:
    """Raise why a gap takes no task: its state, or nothing that was trained here is behind it."""
    gap = get_gap(caller, gap_id)
    GAP_STATES.check(gap.status, "tasked")
    job = _subject(caller, gap.endpoint_name).job
    raise no_training_sheet(job.training_sheet_id)


def _subject(caller: Caller, endpoint_name: str) -> _Subject:
    endpoint = get_endpoint(caller, endpoint_name)
    rows = caller.warehouse.rows(
        "SELECT j.id, e.evaluation_id, e.answers FROM training_jobs AS j LEFT JOIN ("
        " SELECT v.job_id, v.id AS evaluation_id, max(v.examples) AS answers,"
        " row_number() OVER (PARTITION BY v.job_id ORDER BY max(v.created_at) DESC) AS nth"
        " FROM evaluations AS v GROUP BY v.job_id, v.id"
        ") AS e ON e.job_id = j.id AND e.nth = 1"
        " WHERE j.uc_model_name = :model AND j.uc_model_version = :version LIMIT 1",
        model=endpoint.model_name,
        version=endpoint.model_version,
    )
    if not rows:
        raise Refused(
            f"endpoint_name: {endpoint.model_name} version {endpoint.model_version} was not "
            "trained here, so there is no evaluation to look into. "
            "Deploy a version of a training job.",
            field="endpoint_name",
        )
    return _Subject(
        endpoint=endpoint, job=get_training_job(caller, rows[0]["id"]),
        evaluation_id=rows[0]["evaluation_id"], answers=rows[0]["answers"] or 0,
    )  # fmt: skip


def _searches(
    caller: Caller, subject: _Subject, looked_at: dict[str, str]
) -> Iterator[tuple[Finder, dict[str, Value]]]:
    """The finders that have something to look into; the others say why not."""
    endpoint, job = subject.endpoint, subject.job
    yield NEGATIVE_FEEDBACK, {"endpoint": endpoint.name, "model_version": endpoint.model_version}
    yield LOW_COVERAGE, {"training_sheet_id": job.training_sheet_id, "enough": _enough(caller, job)}
    if subject.evaluation_id is None:
        why = "nothing: this version was not evaluated. Evaluate its training job first."
        looked_at[LABEL_ERRORS.kind] = looked_at["segment_errors"] = why
        return
    evaluation: dict[str, Value] = {"evaluation_id": subject.evaluation_id}
    yield LABEL_ERRORS, evaluation
    training_sheet = get_training_sheet(caller, job.training_sheet_id)
    sheet = get_sheet(caller, training_sheet.sheet_id)
    require_select(caller, sheet.source_table)
    segments = segment_errors(sheet)
    if segments is None:
        looked_at["segment_errors"] = "nothing: the sheet has no metadata columns"
        return
    asked: dict[str, Value] = {"all_answers": subject.answers, "sheet_id": sheet.id}
    yield segments, {**evaluation, **segment_values(sheet), **asked}


def _enough(caller: Caller, job: TrainingJob) -> int:
    """The median number of approved examples of a label, halved."""
    rows = caller.warehouse.rows(
        "SELECT percentile_approx(n, 0.5) AS middle FROM (SELECT count(*) AS n FROM pairs"
        " WHERE training_sheet_id = :id AND review_status IN ('approved', 'edited')"
        " AND response IS NOT NULL GROUP BY response) AS labels",
        id=job.training_sheet_id,
    )
    return int(rows[0]["middle"] or 0) // 2


def _counting(caller: Caller, finder: Finder, values: Mapping[str, Value]) -> Any:
    bound = {name: value for name, value in values.items() if f":{name}" in finder.counts}
    return lambda: caller.warehouse.rows(finder.counts, **bound)


def _matters(row: Mapping[str, Any], analysis: Analysis, finder: Finder) -> bool:
    """One thumbs-down is worth looking at; an error rate needs more than one row."""
    if row["label"] is None or not row["total"]:
        return False
    least = 1 if finder is NEGATIVE_FEEDBACK else analysis.min_affected
    return bool(row["affected"] >= least and row["affected"] / row["total"] >= analysis.min_rate)


def _gap(
    caller: Caller, subject: _Subject, finder: Finder, values: Mapping[str, Value],
    row: Mapping[str, Any],
) -> Gap:  # fmt: skip
    endpoint, at = subject.endpoint, now()
    key = f"{endpoint.name}\n{endpoint.model_version}\n{finder.kind}\n{row['label']}"
    return Gap(
        id=hashlib.md5(key.encode(), usedforsecurity=False).hexdigest(),
        endpoint_name=endpoint.name, model_name=endpoint.model_name,
        model_version=endpoint.model_version, kind=finder.kind, label=row["label"],
        severity=row["affected"] / row["total"], affected=row["affected"], total=row["total"],
        evidence_summary=finder.says.format(**row), evidence_query=finder.rows,
        evidence_values=json.dumps({**values, "label": row["label"]}), status="open", version=1,
        created_by=caller.user, created_at=at, updated_at=at,
    )  # fmt: skip


_STORE = """
MERGE INTO gaps AS t USING (
  SELECT g.* FROM (SELECT explode(from_json(:gaps, 'ARRAY<STRUCT<id: STRING,
    endpoint_name: STRING, model_name: STRING, model_version: STRING, kind: STRING, label: STRING,
    severity: DOUBLE, affected: BIGINT, total: BIGINT, evidence_summary: STRING,
    evidence_query: STRING, evidence_values: STRING>>')) AS g) AS found
) AS s ON t.id = s.id
WHEN MATCHED THEN UPDATE SET severity = s.severity, affected = s.affected, total = s.total,
  evidence_summary = s.evidence_summary, evidence_query = s.evidence_query,
  evidence_values = s.evidence_values, version = t.version + 1, updated_at = :at
WHEN NOT MATCHED THEN INSERT (id, endpoint_name, model_name, model_version, kind, label, severity,
  affected, total, evidence_summary, evidence_query, evidence_values, status, version, created_by,
  created_at, updated_at)
VALUES (s.id, s.endpoint_name, s.model_name, s.model_version, s.kind, s.label, s.severity,
  s.affected, s.total, s.evidence_summary, s.evidence_query, s.evidence_values, 'open', 1, :by,
  :at, :at)
"""


def _store(caller: Caller, subject: _Subject, found: list[Gap]) -> None:
    """Keep what was found, and close open gaps of this endpoint that are found no more."""
    caller.warehouse.execute(
        _STORE,
        gaps=json.dumps([g.model_dump(mode="json") for g in found]),
        by=caller.user,
        at=now(),
    )
    caller.warehouse.execute(
        "UPDATE gaps SET status = 'closed', version = version + 1, updated_at = :at"
        " WHERE endpoint_name = :endpoint AND status = 'open'"
        " AND id NOT IN (SELECT explode(from_json(:ids, 'ARRAY<STRING>')))",
        at=now(), endpoint=subject.endpoint.name, ids=json.dumps([g.id for g in found]),
    )  # fmt: skip


def _move(caller: Caller, gap_id: str, to: str) -> Gap:
    """The gap after it became `to`; refuses where its state does not allow that."""
    saved = save(
        caller,
        "UPDATE gaps SET status = :to, version = version + 1, updated_at = :at"  # noqa: S608
        f" WHERE id = :id AND status IN ({_before(to)}) AND NOT ({_MOVED})",
        finds=f"SELECT 1 FROM gaps WHERE {_MOVED}",  # noqa: S608
        answer=_ONE, to=to, at=now(), id=gap_id,
    )  # fmt: skip
    if saved.row is None:
        raise _no_gap(gap_id)
    if not saved.done:
        GAP_STATES.check(saved.row["status"], to)
    return Gap(**saved.row)


def _no_gap(gap_id: str) -> NotFound:
    return NotFound(f"There is no gap {gap_id}. Analyse the endpoint again.", field="gap_id")

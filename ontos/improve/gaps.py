"""Gaps: where a model falls short, found in real rows, each with its evidence."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NoReturn

from pydantic import BaseModel, Field

from ontos.improve.finders import NEGATIVE_FEEDBACK, Finder
from ontos.improve.subjects import Subject, searches, subject_of
from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound, NotNow
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
_SHOWN = """
SELECT g.*, j.id AS retraining_id, j.status AS retraining_status,
  j.uc_model_version AS retrained_version
FROM gaps AS g LEFT JOIN (
  SELECT *, row_number() OVER (PARTITION BY source_gap_id ORDER BY id DESC) AS nth
  FROM training_jobs WHERE source_gap_id IS NOT NULL
) AS j ON j.source_gap_id = g.id AND j.nth = 1
"""
_MOVED = "id = :id AND status = :to AND updated_at = :at"


class Gap(Record):
    """`severity` is affected / total; `evidence_query` is the SQL whose rows show the gap.

    A closed gap without `closed_by` was found no more; it opens again when it is found again.
    """

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
    closed_by: str | None
    version: int
    created_by: str
    created_at: datetime
    updated_at: datetime


class ShownGap(Gap):
    """With the newest training job that was begun for it, and the version that came of that.

    A gap is `retraining` until something is decided about it, also when its job has ended.
    """

    retraining_id: str | None
    retraining_status: str | None
    retrained_version: str | None


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


@operation("POST /gaps/analyze", needs=write("improve"), rights="person")
def analyze_gaps(caller: Caller, analysis: Analysis) -> Found:
    """Look for gaps of an endpoint's present version in its evaluation, feedback and labels."""
    subject = subject_of(caller, analysis.endpoint_name)
    looked_at: dict[str, str] = {}
    asked = list(searches(caller, subject, looked_at))
    counted = together(*[_counting(caller, finder, values) for finder, values in asked])
    found = [
        _gap(caller, subject, finder, values, row)
        for (finder, values), rows in zip(asked, counted, strict=True)
        for row in rows
        if _matters(row, analysis, finder)
    ]
    for (finder, values), rows in zip(asked, counted, strict=True):
        seen = {"rows": sum(row["total"] for row in rows), "groups": len(rows)}
        looked_at[finder.kind] = finder.looked.format(**values, **seen)
    stored = _store(caller, subject, found)
    return Found(items=sorted(stored, key=lambda g: (-g.affected, g.kind)), looked_at=looked_at)


@operation("GET /gaps", needs=read("improve"))
def list_gaps(
    caller: Caller, endpoint_name: str | None = None, status: Status | None = None,
    limit: Limit = 100, cursor: str | None = None,
) -> Page[ShownGap]:  # fmt: skip
    """Gaps, those that affect most rows first."""
    after = decode(cursor, int, str) or [None, None]
    rows = caller.warehouse.rows(
        f"{_SHOWN} WHERE (:endpoint IS NULL OR g.endpoint_name = :endpoint)"
        " AND (:status IS NULL OR g.status = :status) AND (:after IS NULL"
        " OR g.affected < :affected OR (g.affected = :affected AND g.id > :after))"
        " ORDER BY g.affected DESC, g.id LIMIT :limit",
        endpoint=endpoint_name, status=status, affected=after[0], after=after[1], limit=limit + 1,
    )  # fmt: skip
    return page([ShownGap(**row) for row in rows], limit, lambda gap: [gap.affected, gap.id])


@operation("GET /gaps/{gap_id}", needs=read("improve"))
def get_gap(caller: Caller, gap_id: Id) -> ShownGap:
    """One gap."""
    rows = caller.warehouse.rows(f"{_SHOWN} WHERE g.id = :id", id=gap_id)
    if not rows:
        raise no_gap(gap_id)
    return ShownGap(**rows[0])


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
    _require(gap, "retraining")
    former = subject_of(caller, gap.endpoint_name).job
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
    _require(gap, "tasked")
    job = subject_of(caller, gap.endpoint_name).job
    raise no_training_sheet(job.training_sheet_id)


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
    caller: Caller, subject: Subject, finder: Finder, values: Mapping[str, Value],
    row: Mapping[str, Any],
) -> Gap:  # fmt: skip
    endpoint, at = subject.endpoint, now()
    key = f"{endpoint.name}\n{endpoint.model_version}\n{finder.kind}\n{row['label']}"
    return Gap(
        id=hashlib.md5(key.encode(), usedforsecurity=False).hexdigest(),
        endpoint_name=endpoint.name, model_name=endpoint.model_name,
        model_version=endpoint.model_version, kind=finder.kind, label=row["label"],
        severity=row["affected"] / row["total"], affected=row["affected"], total=row["total"],
        evidence_summary=finder.says.format(**values, **row), evidence_query=finder.rows,
        evidence_values=json.dumps({**values, "label": row["label"]}), status="open",
        closed_by=None, version=1, created_by=caller.user, created_at=at, updated_at=at,
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
  evidence_values = s.evidence_values, version = t.version + 1, updated_at = :at,
  status = CASE WHEN t.status = 'closed' AND t.closed_by IS NULL THEN 'open' ELSE t.status END
WHEN NOT MATCHED THEN INSERT (id, endpoint_name, model_name, model_version, kind, label, severity,
  affected, total, evidence_summary, evidence_query, evidence_values, status, version, created_by,
  created_at, updated_at)
VALUES (s.id, s.endpoint_name, s.model_name, s.model_version, s.kind, s.label, s.severity,
  s.affected, s.total, s.evidence_summary, s.evidence_query, s.evidence_values, 'open', 1, :by,
  :at, :at)
"""


_CLOSE_GONE = """
UPDATE gaps SET status = 'closed', version = version + 1, updated_at = :at
WHERE endpoint_name = :endpoint AND status = 'open'
  AND id NOT IN (SELECT explode(from_json(:ids, 'ARRAY<STRING>')))
"""
_STORED = "SELECT * FROM gaps WHERE id IN (SELECT explode(from_json(:ids, 'ARRAY<STRING>')))"


def _store(caller: Caller, subject: Subject, found: list[Gap]) -> list[Gap]:
    """Keep what was found, and close open gaps of this endpoint that are found no more.

    What was closed that way opens again when it is found again, what a person closed does not.
    The answer is what is stored of those that were found.
    """
    warehouse, at = caller.warehouse, now()
    gaps = json.dumps([g.model_dump(mode="json") for g in found])
    ids = json.dumps([g.id for g in found])
    warehouse.execute(_STORE, gaps=gaps, by=caller.user, at=at)
    warehouse.execute(_CLOSE_GONE, at=at, endpoint=subject.endpoint.name, ids=ids)
    return [Gap(**row) for row in warehouse.rows(_STORED, ids=ids)]


def _move(caller: Caller, gap_id: str, to: str) -> Gap:
    """The gap after it became `to`; refuses where its state does not allow that."""
    saved = save(
        caller,
        "UPDATE gaps SET status = :to, version = version + 1, updated_at = :at,"  # noqa: S608
        " closed_by = CASE WHEN :to = 'closed' THEN :by END"
        f" WHERE id = :id AND status IN ({_before(to)}) AND NOT ({_MOVED})",
        finds=f"SELECT 1 FROM gaps WHERE {_MOVED}",  # noqa: S608
        answer=_ONE, to=to, at=now(), id=gap_id, by=caller.user,
    )  # fmt: skip
    if saved.row is None:
        raise no_gap(gap_id)
    gap = Gap(**saved.row)
    if not saved.done:
        _require(gap, to)
    return gap


def _require(gap: Gap, to: str) -> None:
    """Raise NotNow unless the gap may become `to`; of a closed one it says what opens it again."""
    if gap.status != "closed":
        GAP_STATES.check(gap.status, to)
        return
    if gap.closed_by:
        why = f"{gap.closed_by} closed it, so it opens again only for another model version."
    else:
        why = "It was found no more. Look for gaps again: it opens if it is found."
    raise NotNow(f"This gap is closed and cannot become {to}. {why}")


def no_gap(gap_id: str) -> NotFound:
    return NotFound(f"There is no gap {gap_id}. Analyse the endpoint again.", field="gap_id")

"""What is looked into for gaps: an endpoint's version, its training, its last evaluation."""

from collections.abc import Iterator

from pydantic import BaseModel

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
from ontos.kernel.errors import Refused
from ontos.train.training_jobs import TrainingJob, get_training_job
from ontos.warehouse import Value


class Subject(BaseModel):
    """An endpoint, the job behind its version, and that job's evaluation."""

    endpoint: Endpoint
    job: TrainingJob
    evaluation_id: str | None
    answers: int


def subject_of(caller: Caller, endpoint_name: str) -> Subject:
    """Raises Refused where the version that answers was not trained here."""
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
    return Subject(
        endpoint=endpoint, job=get_training_job(caller, rows[0]["id"]),
        evaluation_id=rows[0]["evaluation_id"], answers=rows[0]["answers"] or 0,
    )  # fmt: skip


def searches(
    caller: Caller, subject: Subject, looked_at: dict[str, str]
) -> Iterator[tuple[Finder, dict[str, Value]]]:
    """The finders that have something to look into; the others say why not."""
    endpoint, job = subject.endpoint, subject.job
    yield NEGATIVE_FEEDBACK, {"endpoint": endpoint.name, "model_version": endpoint.model_version}
    middle = _middle(caller, job)
    sheet_id = job.training_sheet_id
    yield LOW_COVERAGE, {"training_sheet_id": sheet_id, "middle": middle, "enough": middle // 2}
    if subject.evaluation_id is None:
        why = "nothing: this version was not evaluated. Evaluate its training job first."
        looked_at[LABEL_ERRORS.kind] = looked_at["segment_errors"] = why
        return
    evaluation: dict[str, Value] = {"evaluation_id": subject.evaluation_id}
    yield LABEL_ERRORS, evaluation
    training_sheet = get_training_sheet(caller, sheet_id)
    sheet = get_sheet(caller, training_sheet.sheet_id)
    require_select(caller, sheet.source_table)
    segments = segment_errors(sheet)
    if segments is None:
        looked_at["segment_errors"] = "nothing: the sheet has no metadata columns"
        return
    asked: dict[str, Value] = {"all_answers": subject.answers, "sheet_id": sheet.id}
    yield segments, {**evaluation, **segment_values(sheet), **asked}


def _middle(caller: Caller, job: TrainingJob) -> int:
    """Half of the labels have so many approved examples, or more: the lower median."""
    rows = caller.warehouse.rows(
        "SELECT n AS middle FROM (SELECT n, row_number() OVER (ORDER BY n) AS nth,"
        " count(*) OVER () AS labels FROM (SELECT count(*) AS n FROM pairs"
        " WHERE training_sheet_id = :id AND review_status IN ('approved', 'edited')"
        " AND response IS NOT NULL GROUP BY response) AS counted) AS ranked"
        " WHERE 2 * nth = labels + labels % 2",
        id=job.training_sheet_id,
    )
    return int(rows[0]["middle"]) if rows else 0

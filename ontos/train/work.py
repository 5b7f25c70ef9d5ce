"""The background work of a training job: lay out its inputs, have it run, write down its end."""

import json
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ontos.kernel import jobs, lineage, logs
from ontos.kernel.caller import Caller
from ontos.kernel.errors import OntosError, Refused, Unavailable
from ontos.kernel.fields import now
from ontos.kernel.jobs import Cancelled, Run, job
from ontos.kernel.lineage import Edge, Node
from ontos.label.usage import GATED, eligible_sql
from ontos.train.training_jobs import (
    TRAINING_STATES,
    TrainingJob,
    advance,
    get_training_job,
    model_node,
    node,
    note_events,
)
from ontos.workspace import Run as ComputeRun

EXPERIMENT = "ontos"
LONGEST_PAUSE = 2.0
PATIENCE = 300.0
"""Seconds for which compute may not answer before its run is given up."""

_COLUMNS = ("pair_id", "item_ref", "prompt", "response", "side")
_PAIRS = pa.schema([(name, pa.string()) for name in _COLUMNS])

_DROP = (
    "DELETE FROM training_job_pairs WHERE job_id = :id AND pair_id NOT IN ("  # noqa: S608
    f"SELECT p.id FROM {GATED} JOIN training_job_pairs AS j ON j.pair_id = p.id"
    f" WHERE j.job_id = :id AND j.pair_version = p.version AND {eligible_sql()}"
    f" AND (j.side = 'train' OR {eligible_sql('validation')}))"
)

_RECOUNT = """
UPDATE training_jobs SET notes = :notes,
  total_pairs = (SELECT count(*) FROM training_job_pairs WHERE job_id = :id),
  train_pairs = (SELECT count(*) FROM training_job_pairs WHERE job_id = :id AND side = 'train'),
  val_pairs = (SELECT count(*) FROM training_job_pairs WHERE job_id = :id AND side = 'val')
WHERE id = :id
"""

_READ = (
    "SELECT j.pair_id, j.item_ref, p.prompt, p.response, j.side FROM training_job_pairs AS j"
    " JOIN pairs AS p ON p.id = j.pair_id WHERE j.job_id = :id ORDER BY j.item_ref, j.pair_id"
)


def _gave_up(caller: Caller, work: jobs.Job, outcome: str, reason: str) -> None:
    """No process goes on for a job that ended, and no job is left as if it went on."""
    training = get_training_job(caller, work.entity_id)
    if training.compute_handle:
        try:
            caller.workspace.compute.cancel(training.compute_handle)
        except OntosError:
            logs.failure("a training process could not be stopped", job=training.id)
    if outcome == "cancelled":
        advance(caller, training.id, "cancelled", message=reason)
    else:
        advance(caller, training.id, "failed", message=reason, error_message=reason)


@job("train", title="Train", resumable=True, ended=_gave_up)
def train(run: Run) -> str:
    """Begun again after a restart, it finds its run and goes on watching it."""
    training = get_training_job(run.caller, run.entity_id)
    if TRAINING_STATES.final(training.status):
        return f"It was {training.status} already."
    handle = training.compute_handle or _found(run, training) or _submit(run, training)
    return _settle(run.caller, training.id, _watch(run, training.id, handle))


def _found(run: Run, training: TrainingJob) -> str | None:
    """The handle of a run that was started just before the workbench stopped."""
    if run.job.attempts == 0:
        return None
    try:
        seen = run.caller.workspace.compute.poll(training.id)
    except OntosError:
        return None
    return training.id if seen.status in ("queued", "running", "succeeded") else None


def _submit(run: Run, training: TrainingJob) -> str:
    caller, compute = run.caller, run.caller.workspace.compute
    opening = "Laying out its pairs, and opening the model registry"
    advance(caller, training.id, "queued", message=opening)
    _leave_out_changed(caller, training)
    folder = compute.folder(training.id)
    (folder / "config.json").write_text(json.dumps(_config(caller, training)), "utf-8")
    _write_pairs(caller, training.id, folder / "pairs.parquet")
    run.check()
    handle = compute.submit(training.id, caller.workspace.models.tracking_env())
    kept = caller.warehouse.execute(
        "UPDATE training_jobs SET compute_handle = :handle WHERE id = :id AND status = 'queued'",
        handle=handle, id=training.id,
    )  # fmt: skip
    if not kept:
        compute.cancel(handle)
        raise Cancelled("The training job was cancelled before it began")
    return handle


def _leave_out_changed(caller: Caller, training: TrainingJob) -> None:
    """What was changed or barred since the job was made is not trained on."""
    dropped = caller.warehouse.execute(_DROP, id=training.id)
    if not dropped:
        return
    note = f"{dropped} pairs were changed or barred after the job was made, and left out."
    notes = json.dumps([*training.notes, note])
    caller.warehouse.execute(_RECOUNT, notes=notes, id=training.id)
    note_events(caller, training.id, [{"message": note}], kind="note")
    left = get_training_job(caller, training.id)
    if not (left.train_pairs and left.val_pairs):
        side = "validates" if left.train_pairs else "trains"
        raise Refused(
            f"{note} No pair that {side} is left. Approve pairs in Label, or lift the constraint "
            "on their use, then train again.",
            field="training_sheet_id",
        )


def _config(caller: Caller, training: TrainingJob) -> dict[str, Any]:
    sheet = caller.warehouse.rows(
        "SELECT t.label_type, t.system_prompt, t.user_prompt, t.column_mapping, m.placeholders"
        " FROM training_sheets AS t LEFT JOIN templates AS m ON m.id = t.template_id"
        " WHERE t.id = :id",
        id=training.training_sheet_id,
    )[0]
    options = dict(training.training_config)
    mapped = list(json.loads(sheet["column_mapping"]))
    inputs = json.loads(sheet["placeholders"] or "null") or mapped
    return {
        "job_id": training.id,
        "model_name": caller.workspace.models.full_name(training.model_name),
        "trainer": training.trainer,
        "seed": options.pop("seed"),
        "inputs": inputs,
        "system_prompt": sheet["system_prompt"],
        "user_prompt": sheet["user_prompt"],
        "label_type": sheet["label_type"],
        "options": options,
        "experiment": EXPERIMENT,
        "tags": {
            "ontos.org": caller.org, "ontos.training_job": training.id,
            "ontos.training_sheet": training.training_sheet_id, "ontos.user": training.created_by,
        },
    }  # fmt: skip


def _write_pairs(caller: Caller, job_id: str, path: Path) -> None:
    with pq.ParquetWriter(path, _PAIRS) as out:
        for batch in caller.warehouse.batches(_READ, id=job_id):
            out.write_batch(batch.cast(_PAIRS))


def _watch(run: Run, job_id: str, handle: str) -> ComputeRun:
    """Follows the run to its end: progress, events, its time limit, a cancellation."""
    caller, pause = run.caller, 0.2
    known = _events_kept(caller, job_id)
    while True:
        seen = _poll(caller, handle)
        training = get_training_job(caller, job_id)
        if TRAINING_STATES.final(training.status):
            raise Cancelled(training.message or "The training job was cancelled")
        note_events(caller, job_id, seen.events[known:])
        known = max(known, len(seen.events))
        _show(caller, training, seen)
        if seen.status not in ("queued", "running"):
            return seen
        _stop_overdue(caller, training, handle)
        run.report(seen.progress, seen.message or "Training")
        time.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 1.1)


def _poll(caller: Caller, handle: str) -> ComputeRun:
    """The run; compute that does not answer for a moment is asked again."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return caller.workspace.compute.poll(handle)
        except Unavailable:
            if time.monotonic() > end:
                raise
            time.sleep(LONGEST_PAUSE)


def _events_kept(caller: Caller, job_id: str) -> int:
    rows = caller.warehouse.rows(
        "SELECT count(*) AS n FROM training_job_events WHERE job_id = :id"
        " AND event_type = 'progress'",
        id=job_id,
    )
    return int(rows[0]["n"])


def _show(caller: Caller, training: TrainingJob, seen: ComputeRun) -> None:
    if training.status == "queued" and seen.status != "queued":
        advance(caller, training.id, "running", message="Training")
    percent, message = min(seen.progress, 99.0), seen.message or training.message
    if (percent, message) != (training.progress_percent, training.message):
        caller.warehouse.execute(
            "UPDATE training_jobs SET progress_percent = :percent, message = :message"
            " WHERE id = :id AND status = 'running'",
            percent=percent, message=message, id=training.id,
        )  # fmt: skip


def _stop_overdue(caller: Caller, training: TrainingJob, handle: str) -> None:
    minutes = caller.settings.training_timeout_minutes
    if not training.started_at or now() - training.started_at < timedelta(minutes=minutes):
        return
    caller.workspace.compute.cancel(handle)
    if _poll(caller, handle).status == "succeeded":
        return  # its model stood before it was stopped
    why = (
        f"Stopped after {minutes} minutes. Train on fewer pairs, or raise "
        "ONTOS_TRAINING_TIMEOUT_MINUTES."
    )
    advance(caller, training.id, "timeout", message=why, error_message=why)
    raise Refused(why)


def _settle(caller: Caller, job_id: str, end: ComputeRun) -> str:
    result = end.result or {}
    if end.status == "cancelled":
        raise Cancelled(end.message or "The training process was cancelled")
    if end.status != "succeeded" or not result.get("model_version"):
        raise Unavailable(end.message or "The training process left no model and no reason.")
    with caller.warehouse.transaction() as warehouse:
        return _succeeded(caller.inside(warehouse), job_id, result)


def _succeeded(caller: Caller, job_id: str, result: Mapping[str, Any]) -> str:
    training = get_training_job(caller, job_id)
    name, version = str(result["model_name"]), str(result["model_version"])
    metrics = dict(result.get("metrics") or {})
    about = {"trainer": result.get("trainer"), "head": result.get("head")}
    _link(caller, training, model_node(name, version))
    advance(
        caller, job_id, "succeeded", message=f"Registered {name} version {version}",
        progress_percent=100.0, uc_model_name=name, uc_model_version=version,
        run_id=result.get("run_id"), metrics=json.dumps(metrics | about),
        notes=json.dumps([*training.notes, *(result.get("notes") or [])]),
    )  # fmt: skip
    return f"Registered {name} version {version}"


def _link(caller: Caller, training: TrainingJob, model: Node) -> None:
    """Whoever sees that it succeeded sees where the model came from; unless it ended otherwise."""
    going = ", ".join(f"'{state}'" for state in TRAINING_STATES.before("succeeded"))
    still = f"SELECT 1 FROM training_jobs AS j WHERE j.id = :job AND j.status IN ({going})"  # noqa: S608
    statement, values = lineage.beside(caller, [Edge(node(training), model, "train")], still)
    caller.warehouse.execute(statement, job=training.id, **values)

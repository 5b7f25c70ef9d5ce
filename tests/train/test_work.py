import os
import signal
from dataclasses import replace
from datetime import timedelta

import pyarrow.parquet as pq
import pytest

from ontos.bootstrap import open_workbench
from ontos.kernel.errors import NotNow
from ontos.kernel.fields import now
from ontos.kernel.jobs import Run, latest
from ontos.kernel.settings import Settings
from ontos.train import work
from ontos.train.training_jobs import (
    TrainingJobSpec,
    advance,
    cancel_training_job,
    create_training_job,
    get_training_job,
    get_training_metrics,
    list_training_events,
)
from ontos.workspace.local.compute import LocalCompute
from tests.train.made import bar, ended, training_sheet, until


def make(caller, sheet, **given):
    return create_training_job(
        caller, TrainingJobSpec(training_sheet_id=sheet.id, model_name="kinds", **given)
    )


def kernel_job(caller, job):
    rows = caller.warehouse.rows("SELECT * FROM jobs WHERE entity_id = :id", id=job.id)
    return rows[0]


def running(caller, job):
    """The job once its process runs; the first to train waits for MLflow's tables."""
    return until(lambda: get_training_job(caller, job.id), lambda j: j.status == "running", 90)


@pytest.fixture
def held(bench, monkeypatch):
    """Who has trainings that do not end by themselves, however late they are looked at."""
    caller = bench.local_caller()
    monkeypatch.setattr(caller.workspace.compute, "_module", "tests.train.held")
    return caller


def alive(caller, job):
    return caller.workspace.compute.poll(job.id).status == "running"


def test_a_trained_job_tells_its_story(trained):
    job = trained.first
    assert (job.progress_percent, job.uc_model_name, job.uc_model_version) == (100, "kinds", "1")
    assert job.started_at and job.finished_at and job.run_id and job.error_message is None
    events = list_training_events(trained.caller, job.id).events
    states = [e.new_status for e in events if e.event_type == "status_change"]
    assert states == ["pending", "queued", "running", "succeeded"]
    reported = [e.progress_percent for e in events if e.event_type == "progress"]
    assert len(reported) > 3 and reported == sorted(reported)
    metrics = get_training_metrics(trained.caller, job.id)
    assert 0.8 <= metrics["val_accuracy"] <= 1 and job.metrics["trainer"] == "classifier"
    assert kernel_job(trained.caller, job)["status"] == "succeeded"


def test_a_model_knows_its_job(trained):
    edges = trained.caller.warehouse.rows(
        "SELECT source_id FROM lineage_edges WHERE target_type = 'model' AND target_id = 'kinds/2'"
    )
    assert [edge["source_id"] for edge in edges] == [trained.second.id]
    found = trained.caller.workspace.models.version("kinds", "2")
    assert found is not None and found.inputs == ("message",)


def test_cancelling_stops_the_process(held):
    job = make(held, training_sheet(held))
    running(held, job)
    cancelled = cancel_training_job(held, job.id)
    assert cancelled.status == "cancelled" and not alive(held, job)
    assert ended(held, job.id).status == "cancelled"
    assert kernel_job(held, job)["status"] == "cancelled"


@pytest.fixture
def late(bench):
    """A job that nobody watches yet, whose process has just registered its model."""
    bench.pool.stop()
    caller = bench.local_caller()
    job = make(caller, training_sheet(caller))
    assert advance(caller, job.id, "queued") and advance(caller, job.id, "running")
    compute = LocalCompute(bench.settings.home / "orgs" / "default", module="tests.train.late")
    folder = compute.folder(job.id)
    handle = compute.submit(job.id, {})
    caller.warehouse.execute(
        "UPDATE training_jobs SET compute_handle = :handle WHERE id = :id",
        handle=handle, id=job.id,
    )  # fmt: skip
    until((folder / "ready").exists, bool)
    yield caller, job
    compute.cancel(handle)
    assert compute.poll(handle).status == "succeeded"  # asking also takes its remains away


def watched(caller, job):
    """The job after its background work went on."""
    work.train(Run(caller, latest(caller, ("training_job", job.id)), {}))
    return get_training_job(caller, job.id)


def test_a_training_that_has_registered_its_model_is_not_cancelled(late):
    caller, job = late
    with pytest.raises(NotNow, match="registered kinds version 4"):
        cancel_training_job(caller, job.id)
    done = watched(caller, job)
    assert (done.status, done.uc_model_name, done.uc_model_version) == ("succeeded", "kinds", "4")
    edges = caller.warehouse.rows(
        "SELECT source_id FROM lineage_edges WHERE target_type = 'model' AND target_id = 'kinds/4'"
    )
    assert [edge["source_id"] for edge in edges] == [job.id]


def test_a_training_that_registered_at_its_time_limit_succeeds(bench, late):
    caller, job = late
    caller.warehouse.execute(
        "UPDATE training_jobs SET started_at = :at WHERE id = :id",
        at=now() - timedelta(minutes=bench.settings.training_timeout_minutes + 1), id=job.id,
    )  # fmt: skip
    assert watched(caller, job).uc_model_version == "4" and not alive(caller, job)


def test_a_process_that_dies_fails_the_job_with_the_reason(bench, held):
    job = make(held, training_sheet(held))
    running(held, job)
    folder = bench.settings.home / "orgs" / "default" / "runs" / job.id
    pid = until(lambda: (folder / "process.json").read_text("utf-8"), bool)
    os.killpg(int("".join(c for c in pid if c.isdigit())), signal.SIGKILL)
    failed = ended(held, job.id)
    assert failed.status == "failed" and "SIGKILL" in str(failed.error_message)
    assert kernel_job(held, job)["status"] == "failed"


def test_a_job_over_its_time_is_stopped(bench, held):
    job = make(held, training_sheet(held))
    running(held, job)
    held.warehouse.execute(
        "UPDATE training_jobs SET started_at = :at WHERE id = :id",
        at=now() - timedelta(minutes=bench.settings.training_timeout_minutes + 1), id=job.id,
    )  # fmt: skip
    late = ended(held, job.id)
    assert late.status == "timeout" and "ONTOS_TRAINING_TIMEOUT_MINUTES" in str(late.error_message)
    assert not alive(held, job)


def test_what_changed_after_the_job_was_made_is_left_out(bench, held):
    sheet = training_sheet(held)
    with held.warehouse.transaction() as warehouse:  # nothing starts before it ends
        inside = replace(held, warehouse=warehouse)
        job = make(inside, sheet)
        bar(inside, sheet, [0], "training")
        warehouse.execute("UPDATE pairs SET version = 2 WHERE id = :id", id=sheet.pair_ids[1])
    held.pulse.beat("test")
    seen = running(held, job)
    cancel_training_job(held, job.id)
    ended(held, job.id)
    assert seen.total_pairs == seen.train_pairs + seen.val_pairs == job.total_pairs - 2
    assert any("left out" in note for note in seen.notes)
    laid_out = bench.settings.home / "orgs" / "default" / "runs" / job.id / "pairs.parquet"
    assert set(pq.read_table(laid_out).column("pair_id").to_pylist()) == set(sheet.pair_ids[2:])


def queued(caller, sheet, barred, use):
    """A job whose items are barred from a use before it begins."""
    with caller.warehouse.transaction() as warehouse:  # nothing starts before it ends
        inside = replace(caller, warehouse=warehouse)
        job = make(inside, sheet)
        bar(inside, sheet, barred, use)
    caller.pulse.beat("test")
    return job


def test_what_may_not_validate_any_more_validates_no_more(held):
    sheet = training_sheet(held)
    barred = range(0, 54, 2)
    job = queued(held, sheet, barred, "validation")
    seen = running(held, job)
    cancel_training_job(held, job.id)
    ended(held, job.id)
    validating = held.warehouse.rows(
        "SELECT pair_id FROM training_job_pairs WHERE job_id = :id AND side = 'val'", id=job.id
    )
    assert seen.val_pairs == len(validating) < job.val_pairs
    assert not {row["pair_id"] for row in validating} & {sheet.pair_ids[n] for n in barred}
    assert seen.train_pairs == job.train_pairs


@pytest.mark.parametrize(("use", "side"), [("training", "trains"), ("validation", "validates")])
def test_a_job_that_lost_a_side_says_why(caller, use, side):
    job = ended(caller, queued(caller, training_sheet(caller), range(54), use).id)
    assert job.status == "failed"
    assert f"left out. No pair that {side} is left" in job.error_message


def test_a_restart_goes_on_with_the_same_process(tmp_path, monkeypatch):
    settings = Settings(home=tmp_path / "home", log_level="ERROR")
    before = open_workbench(settings)
    before.start()
    monkeypatch.setattr(before.local_caller().workspace.compute, "_module", "tests.train.held")
    job = make(before.local_caller(), training_sheet(before.local_caller()))
    running(before.local_caller(), job)
    before.close()
    after = open_workbench(settings)
    caller = after.local_caller()
    assert get_training_job(caller, job.id).status == "running"
    after.start()
    (settings.home / "orgs" / "default" / "runs" / job.id / "go").touch()
    try:
        assert ended(caller, job.id).status == "succeeded"
        assert [v.version for v in caller.workspace.models.versions("kinds")] == ["1"]
    finally:
        after.close()


@pytest.mark.parametrize("trainer", ["retrieval"])
def test_open_ended_responses_are_retrieved(bench, caller, trainer):
    rows = [(f"how do I reset the {n} {word}", f"Press the {word} button {n} times.")
            for n in range(8) for word in ("red", "green", "blue")]  # fmt: skip
    job = ended(caller, make(caller, training_sheet(caller, rows)).id)
    assert job.status == "succeeded", job.error_message
    assert job.metrics["trainer"] == trainer

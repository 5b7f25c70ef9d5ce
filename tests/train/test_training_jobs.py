from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import pytest

from ontos.kernel.errors import Denied, Invalid, NotFound, NotNow, Refused
from ontos.kernel.fields import new_id
from ontos.train.training_jobs import (
    Cancellation,
    TrainingJobSpec,
    advance,
    cancel_training_job,
    create_training_job,
    get_training_job,
    get_training_lineage,
    get_training_metrics,
    list_training_events,
    list_training_jobs,
)
from tests.train.made import WORDS, training_sheet


@pytest.fixture
def idle(bench):
    """A caller of a workbench whose jobs wait: nothing is trained."""
    bench.pool.stop()
    return bench.local_caller()


def make(caller, sheet, **given):
    return create_training_job(
        caller, TrainingJobSpec(training_sheet_id=sheet.id, model_name="kinds", **given)
    )


def changes(caller, job_id):
    events = list_training_events(caller, job_id).events
    return [(e.old_status, e.new_status) for e in events if e.event_type == "status_change"]


def test_a_new_job_waits_with_its_counts(idle):
    job = make(idle, training_sheet(idle))
    assert job.status == "pending"
    assert job.total_pairs == job.train_pairs + job.val_pairs == len(WORDS)
    assert job.training_config["seed"] == 7
    assert get_training_job(idle, job.id) == job
    assert changes(idle, job.id) == [(None, "pending")]


def test_a_refused_job_leaves_nothing(idle):
    with pytest.raises(Refused):
        make(idle, training_sheet(idle, review="pending"))
    with pytest.raises(NotFound, match="no gap") as refused:
        make(idle, training_sheet(idle), source_gap_id=new_id())
    assert refused.value.field == "source_gap_id"
    assert list_training_jobs(idle).items == []
    assert idle.warehouse.rows("SELECT * FROM training_job_pairs") == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model_name", "a/b"), ("model_name", "x" * 10_000), ("model_name", "a\nb"),
        ("model_name", "🍏"),
        ("train_val_split", 0), ("train_val_split", 1), ("trainer", "magic"),
        ("training_config", {"seed": -1}), ("training_config", {"colour": "red"}),
        ("training_sheet_id", "nonsense"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(idle, field, value):
    given = {"training_sheet_id": new_id(), "model_name": "kinds", field: value}
    with pytest.raises(Invalid) as wrong:
        create_training_job(idle, given)
    assert field in str(wrong.value.field)


def test_jobs_are_listed_newest_first_in_pages(idle):
    sheet, other = training_sheet(idle), training_sheet(idle)
    first, second, third = make(idle, sheet), make(idle, sheet), make(idle, other)
    page = list_training_jobs(idle, limit=2)
    assert [job.id for job in page.items] == [third.id, second.id]
    rest = list_training_jobs(idle, limit=2, cursor=page.next_cursor)
    assert [job.id for job in rest.items] == [first.id] and rest.next_cursor is None
    assert {j.id for j in list_training_jobs(idle, training_sheet_id=sheet.id).items} == {
        first.id, second.id}  # fmt: skip


def test_lineage_names_the_very_pairs(idle):
    sheet = training_sheet(idle)
    lineage = get_training_lineage(idle, make(idle, sheet).id)
    assert sorted(lineage.qa_pair_ids) == sorted(sheet.pair_ids)
    assert (lineage.training_sheet_id, lineage.sheet_id) == (sheet.id, sheet.sheet_id)


def test_a_waiting_job_is_cancelled_at_once(idle):
    job = make(idle, training_sheet(idle))
    cancelled = cancel_training_job(idle, job.id, Cancellation(reason="wrong sheet"))
    assert (cancelled.status, cancelled.message) == ("cancelled", "wrong sheet")
    assert cancelled.finished_at is not None
    assert changes(idle, job.id)[-1] == ("pending", "cancelled")


def test_a_final_job_cannot_be_cancelled(idle):
    job = make(idle, training_sheet(idle))
    cancel_training_job(idle, job.id)
    with pytest.raises(NotNow, match="final"):
        cancel_training_job(idle, job.id, Cancellation(reason="again"))


class Overtaken:
    """A warehouse where something else is written just before each of the first writes."""

    def __init__(self, warehouse, before):
        self._warehouse, self._before = warehouse, before

    @contextmanager
    def transaction(self):
        with self._warehouse.transaction() as warehouse:
            yield Overtaken(warehouse, self._before)

    def execute(self, sql, /, **values):
        if self._before:
            self._before.pop(0)()
        return self._warehouse.execute(sql, **values)

    def __getattr__(self, name):
        return getattr(self._warehouse, name)


def overtaken(caller, job, *states):
    """A caller whose first writes find the job one state further than it was read."""
    steps = [partial(advance, caller, job.id, state) for state in states]
    return replace(caller, warehouse=Overtaken(caller.warehouse, steps))


def test_a_job_that_moves_on_meanwhile_is_cancelled(idle):
    job = make(idle, training_sheet(idle))
    assert cancel_training_job(overtaken(idle, job, "queued"), job.id).status == "cancelled"
    assert changes(idle, job.id)[1:] == [("pending", "queued"), ("queued", "cancelled")]


def test_a_job_may_move_on_more_than_once(idle):
    job = make(idle, training_sheet(idle))
    assert advance(overtaken(idle, job, "queued", "running"), job.id, "cancelled")
    assert changes(idle, job.id)[-1] == ("running", "cancelled")


def test_a_job_that_ends_meanwhile_is_not_cancelled(idle):
    job = make(idle, training_sheet(idle))
    with pytest.raises(NotNow, match="ended meanwhile"):
        cancel_training_job(overtaken(idle, job, "failed"), job.id)
    assert get_training_job(idle, job.id).status == "failed"


def test_a_job_moves_only_as_its_states_allow(idle):
    job = make(idle, training_sheet(idle))
    assert not advance(idle, job.id, "succeeded")
    assert advance(idle, job.id, "queued") and advance(idle, job.id, "running")
    assert get_training_job(idle, job.id).started_at is not None
    assert not advance(idle, job.id, "queued")
    assert [to for _, to in changes(idle, job.id)] == ["pending", "queued", "running"]


def test_metrics_are_empty_until_there_are_some(idle):
    assert get_training_metrics(idle, make(idle, training_sheet(idle)).id) == {}


def test_a_missing_job_is_named(idle):
    for read in (get_training_job, get_training_lineage, list_training_events, cancel_training_job):
        with pytest.raises(NotFound, match="job_id"):
            read(idle, new_id())


def test_who_may_only_read_cannot_train(idle, as_role):
    sheet = training_sheet(idle)
    with pytest.raises(Denied):
        make(as_role("data_consumer"), sheet)

"""Gaps come from rows; their evidence is those rows; what is done about them is real."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest

from ontos.improve.evidence import get_evidence
from ontos.improve.feedback import FeedbackSpec, create_feedback
from ontos.improve.finders import LOW_COVERAGE, NEGATIVE_FEEDBACK
from ontos.improve.gaps import (
    Analysis,
    Gap,
    RetrainOfGap,
    TaskOfGap,
    analyze_gaps,
    close_gap,
    create_gap_task,
    get_gap,
    list_gaps,
    retrain_gap,
)
from ontos.kernel.errors import NotFound, NotNow, Refused
from ontos.kernel.fields import new_id
from ontos.kernel.pool import Pool
from ontos.label.tasks import list_tasks
from ontos.train.training_jobs import Cancellation, cancel_training_job
from tests.improve.conftest import ANALYSIS, ENDPOINT, FEW, WRONG, found
from tests.train.made import Trained


def test_errors_are_counted_by_label(served: Trained) -> None:
    label, wrong = WRONG
    gap = found(served)["label_errors", label]
    assert (gap.affected, gap.total, gap.severity) == (wrong, 6, wrong / 6)
    assert f"{wrong} of 6" in gap.evidence_summary


def test_errors_are_counted_by_segment(served: Trained) -> None:
    gaps = found(served)
    assert gaps["segment_errors", "channel = mail"].affected == WRONG[1]
    assert ("segment_errors", "channel = chat") not in gaps


def test_a_thumbs_down_is_a_gap(served: Trained) -> None:
    spec = FeedbackSpec(
        endpoint_name=ENDPOINT, input={"message": "x"}, output="tool", rating="down"
    )
    create_feedback(served.caller, spec)
    gap = found(served)[NEGATIVE_FEEDBACK.kind, "tool"]
    assert (gap.affected, gap.total) == (1, 1)
    assert get_evidence(served.caller, gap.id).rows[0]["output"] == "tool"


def test_few_examples_are_counted_beside_what_others_have(scarce: Trained) -> None:
    label, left = FEW
    gap = found(scarce)[LOW_COVERAGE.kind, label]
    assert (gap.affected, gap.total) == (9 - left, 9)
    assert gap.evidence_summary == (
        f"“{label}” has few approved examples: {left}. Half of the labels have 18 or more."
    )
    assert len(get_evidence(scarce.caller, gap.id).rows) == left
    looked = analyze_gaps(scarce.caller, ANALYSIS).looked_at[LOW_COVERAGE.kind]
    assert looked == (
        "labels with fewer than 9 approved examples: 1. Half of the labels have 18 or more."
    )


def test_looking_again_adds_nothing_and_closes_what_is_gone(served: Trained) -> None:
    first = found(served)
    assert {g.id for g in found(served).values()} == {g.id for g in first.values()}
    analyze_gaps(served.caller, Analysis(endpoint_name=ENDPOINT, min_rate=0.99))
    assert {g.status for g in list_gaps(served.caller).items} == {"closed"}


def rate(served: Trained, rating: Literal["up", "down"], times: int) -> None:
    spec = FeedbackSpec(
        endpoint_name=ENDPOINT, input={"message": "x"}, output="tool", rating=rating
    )
    for _ in range(times):
        create_feedback(served.caller, spec)


def test_a_gap_that_was_found_no_more_opens_again(served: Trained) -> None:
    """What the analysis answers is what is stored, so a task is taken."""
    rate(served, "down", 1)
    first = found(served)["negative_feedback", "tool"]
    rate(served, "up", 10)
    assert ("negative_feedback", "tool") not in found(served)
    gone = get_gap(served.caller, first.id)
    assert (gone.status, gone.closed_by) == ("closed", None)
    with pytest.raises(NotNow, match="Look for gaps again"):
        create_gap_task(served.caller, first.id, TaskOfGap(title="more tools"))
    rate(served, "down", 9)
    again = found(served)["negative_feedback", "tool"]
    assert (again.status, again.affected, again.total) == ("open", 10, 20)
    assert again.model_dump() == get_gap(served.caller, first.id).model_dump(
        include=set(Gap.model_fields)
    )
    create_gap_task(served.caller, first.id, TaskOfGap(title="more tools"))


def test_strict_thresholds_put_nothing_away_for_good(served: Trained) -> None:
    first = found(served)
    analyze_gaps(served.caller, Analysis(endpoint_name=ENDPOINT, min_rate=0.99))
    again = found(served)
    assert again.keys() == first.keys()
    assert {g.status for g in list_gaps(served.caller).items} == {"open"}
    assert all(again[key].version > gap.version for key, gap in first.items())


def test_what_a_person_closed_stays_closed(served: Trained) -> None:
    gap = next(iter(found(served).values()))
    closed = close_gap(served.caller, gap.id)
    assert (closed.status, closed.closed_by) == ("closed", served.caller.user)
    seen = found(served)[gap.kind, gap.label]
    assert (seen.status, seen.closed_by) == ("closed", served.caller.user)
    with pytest.raises(NotNow, match="only for another model version"):
        retrain_gap(served.caller, gap.id, RetrainOfGap())


def test_what_was_looked_at_is_said(served: Trained) -> None:
    looked = analyze_gaps(served.caller, ANALYSIS).looked_at
    assert looked["label_errors"] == "18 rows in 3 groups"
    assert set(looked) == {"label_errors", "segment_errors", "negative_feedback", "low_coverage"}


def test_a_task_names_its_gap(served: Trained) -> None:
    gap = next(iter(found(served).values()))
    task = create_gap_task(served.caller, gap.id, TaskOfGap(title="more fruit"))
    assert task.source_gap_id == gap.id and task.training_sheet_id == served.sheet.id
    assert get_gap(served.caller, gap.id).status == "tasked"
    assert [t.id for t in list_tasks(served.caller).items] == [task.id]


def test_retraining_repeats_the_job(served: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    gap = next(iter(found(served).values()))
    monkeypatch.setattr(Pool, "_claim", lambda *_: False)  # the model is shared: nothing is trained
    job = retrain_gap(served.caller, gap.id, RetrainOfGap())
    assert job.source_gap_id == gap.id and job.model_name == served.first.model_name
    assert job.training_config == served.first.training_config
    seen = get_gap(served.caller, gap.id)
    assert (seen.status, seen.retraining_id) == ("retraining", job.id)
    assert cancel_training_job(served.caller, job.id, Cancellation()).status == "cancelled"


def test_a_gap_is_retrained_once_at_a_time(
    served: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    gap = next(iter(found(served).values()))
    monkeypatch.setattr(Pool, "_claim", lambda *_: False)  # the model is shared: nothing is trained

    def retrain() -> str:
        try:
            return retrain_gap(served.caller, gap.id, RetrainOfGap()).id
        except NotNow as refused:
            return refused.detail

    with ThreadPoolExecutor(3) as people:
        answers = list(people.map(lambda _: retrain(), range(3)))
    (job,) = [answer for answer in answers if " " not in answer]
    refused = [answer for answer in answers if answer != job]
    assert len(refused) == 2 and all(f"{job} is under way" in why for why in refused)
    cancel_training_job(served.caller, job, Cancellation())
    again = retrain_gap(served.caller, gap.id, RetrainOfGap())
    cancel_training_job(served.caller, again.id, Cancellation())


def test_a_retraining_says_how_it_ended(served: Trained, retrained: Gap) -> None:
    """What was decided about the gap stays as it was."""
    seen = get_gap(served.caller, retrained.id)
    assert (seen.status, seen.retraining_status) == ("retraining", "succeeded")
    assert seen.retrained_version == served.second.uc_model_version
    listed = {gap.id: gap for gap in list_gaps(served.caller, ENDPOINT).items}
    assert listed[retrained.id] == seen
    others = [gap for gap in listed.values() if gap.id != retrained.id]
    assert others and {gap.retraining_id for gap in others} == {None}


def test_lists_page_by_what_is_affected(served: Trained) -> None:
    every = list_gaps(served.caller, found(served) and ENDPOINT).items
    first = list_gaps(served.caller, ENDPOINT, limit=1)
    rest = list_gaps(served.caller, ENDPOINT, cursor=first.next_cursor)
    assert [*first.items, *rest.items] == every and rest.items
    assert [gap.affected for gap in every] == sorted((g.affected for g in every), reverse=True)


def test_a_closed_gap_takes_no_task(served: Trained) -> None:
    gap = next(iter(found(served).values()))
    close_gap(served.caller, gap.id)
    with pytest.raises(NotNow, match="closed"):
        create_gap_task(served.caller, gap.id, TaskOfGap(title="late"))
    assert list_tasks(served.caller).items == []


def test_unknown_names(served: Trained) -> None:
    with pytest.raises(NotFound):
        analyze_gaps(served.caller, Analysis(endpoint_name="nowhere"))
    with pytest.raises(NotFound):
        get_gap(served.caller, new_id())


@pytest.fixture
def foreign(served: Trained) -> Iterator[str]:
    """An endpoint of a model that was not trained here; the workbench is shared, so it goes."""
    warehouse = served.caller.warehouse
    warehouse.execute(
        "INSERT INTO endpoints (name, model_name, model_version, status, version, created_by,"
        " created_at, updated_by, updated_at) SELECT 'foreign', 'other', '1', 'ready', 1,"
        " created_by, created_at, updated_by, updated_at FROM endpoints WHERE name = :name",
        name=ENDPOINT,
    )
    yield "foreign"
    warehouse.execute("DELETE FROM endpoints WHERE name = 'foreign'")


def test_a_model_from_elsewhere_is_refused(served: Trained, foreign: str) -> None:
    with pytest.raises(Refused, match="was not trained here"):
        analyze_gaps(served.caller, Analysis(endpoint_name=foreign))


def test_a_gap_of_a_model_from_elsewhere_takes_no_task(served: Trained, foreign: str) -> None:
    gap = next(iter(found(served).values()))
    served.caller.warehouse.execute(
        "UPDATE gaps SET endpoint_name = :name WHERE id = :id", name=foreign, id=gap.id
    )
    with pytest.raises(Refused, match="was not trained here"):
        create_gap_task(served.caller, gap.id, TaskOfGap(title="late"))
    assert get_gap(served.caller, gap.id).status == "open"
    assert list_tasks(served.caller).items == []

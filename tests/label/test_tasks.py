"""Annotation tasks: asked, taken, followed, ended."""

import pytest

from ontos.kernel.errors import Conflict, Denied, Invalid, NotFound, NotNow
from ontos.kernel.fields import new_id
from ontos.label.pairs import PairFilter
from ontos.label.reviews import Review, review_pairs
from ontos.label.tasks import (
    Assignment,
    TaskSpec,
    assign_task,
    cancel_task,
    complete_task,
    create_task,
    get_task,
    list_tasks,
)


def ask(caller, **more):
    return create_task(caller, TaskSpec(title="Label more", target_record_count=20, **more))


def test_progress_is_what_was_reviewed_since(caller, assemble):
    made = assemble()
    review_pairs(caller, made.id, Review(action="approve", where=PairFilter(item_ref="i0")))
    task = ask(caller, training_sheet_id=made.id, instructions="Look at leave.")
    assert (task.status, task.reviewed_count, task.training_sheet_name) == ("open", 0, "Intents")
    review_pairs(caller, made.id, Review(action="approve", where=PairFilter(label="leave")))
    assert get_task(caller, task.id).reviewed_count == 2


def test_without_a_training_sheet_progress_is_not_available(caller):
    task = ask(caller)
    assert (task.source_gap_id, task.reviewed_count, task.training_sheet_name) == (None, None, None)


def test_what_a_task_names_must_be_there(caller, assemble):
    made = assemble()
    for field, words in (("source_gap_id", "no gap"), ("training_sheet_id", "no training sheet")):
        with pytest.raises(NotFound, match=words) as refused:
            ask(caller, **{"training_sheet_id": made.id} | {field: new_id()})
        assert refused.value.field == field
    assert list_tasks(caller).items == []


def test_waiting_for_me_are_mine_and_nobodys(caller, as_role):
    ana = as_role("labeler", "ana@example.org")
    hers, anybodys = ask(caller, assignee="ana@example.org"), ask(caller)
    ask(caller, assignee="ben@example.org")
    complete_task(ana, ask(caller, assignee="ana@example.org").id)
    waiting = list_tasks(ana, waiting_for="ana@example.org").items
    assert [t.id for t in waiting] == [anybodys.id, hers.id]
    assert len(list_tasks(caller, status="done").items) == 1
    first = list_tasks(caller, limit=3)
    assert len(list_tasks(caller, limit=3, cursor=first.next_cursor).items) == 1


def test_tasks_are_handed_over_and_end_once(caller):
    task = ask(caller)
    taken = assign_task(caller, task.id, Assignment(assignee="ana@example.org", version=1))
    assert (taken.assignee, taken.version) == ("ana@example.org", 2)
    with pytest.raises(Conflict, match="meanwhile"):
        assign_task(caller, task.id, Assignment(version=1))
    assert assign_task(caller, task.id, Assignment()).assignee is None
    assert complete_task(caller, task.id).status == "done"
    with pytest.raises(NotNow):
        cancel_task(caller, task.id)
    with pytest.raises(NotNow):
        assign_task(caller, task.id, Assignment(assignee="ben@example.org"))


def test_wrong_input_is_named(caller, as_role):
    with pytest.raises(NotFound):
        ask(caller, training_sheet_id=new_id())
    with pytest.raises(NotFound):
        get_task(caller, new_id())
    with pytest.raises(Invalid) as wrong:
        create_task(caller, {"title": "x", "target_record_count": 0})
    assert wrong.value.field == "spec.target_record_count"
    with pytest.raises(Denied):
        ask(as_role("data_consumer"))

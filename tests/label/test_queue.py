"""The review queue: windows of pairs beside their rows, in two waits, or one."""

import pytest

from ontos.generate.training_sheets import get_training_sheet
from ontos.kernel.errors import NotFound
from ontos.kernel.fields import new_id, now
from ontos.label import queue
from ontos.label.pairs import get_pair
from ontos.label.queue import look_up_window, review_queue
from ontos.label.reviews import Review, review_pairs
from ontos.warehouse import tally
from tests.label.elsewhere import pairs_elsewhere, with_own_token


def test_each_pair_is_beside_its_row(caller, assemble):
    made = assemble()
    queue = review_queue(caller, made.id)
    assert [pair.item_ref for pair in queue.pairs] == [f"i{n}" for n in range(6)]
    assert [pair.source["text"] for pair in queue.pairs] == [f"text {n}" for n in range(6)]
    assert queue.pairs[0] == get_pair(caller, queue.pairs[0].id)


def test_windows_go_on_where_the_one_before_ended(caller, assemble):
    made = assemble()
    first = review_queue(caller, made.id, limit=4)
    second = review_queue(caller, made.id, limit=4, cursor=first.next_cursor)
    assert [len(first.pairs), len(second.pairs)] == [4, 2]
    assert second.next_cursor is None
    assert second.pairs[0].item_ref == "i4"


def test_what_is_decided_leaves_the_queue(caller, assemble):
    made = assemble()
    review_pairs(caller, made.id, Review(action="approve", pair_ids=[made.pair("i0").id]))
    waiting = review_queue(caller, made.id, review_status="pending")
    assert "i0" not in {pair.item_ref for pair in waiting.pairs}
    assert [p.item_ref for p in review_queue(caller, made.id, review_status="approved").pairs] == [
        "i0"
    ]


def test_the_newest_is_meant_where_none_is_named(caller, assemble):
    assert review_queue(caller).training_sheet_id is None
    assemble(name="older")
    newest = assemble(name="newer")
    assemble(name="unfinished", status="assembling")
    assert review_queue(caller).training_sheet_id == newest.id
    with pytest.raises(NotFound, match="no training sheet"):
        review_queue(caller, new_id())


def test_two_waits_however_many_pairs(caller, assemble):
    made = assemble()
    with tally() as cost:
        review_queue(caller, made.id)
    assert cost.waits <= 2


def test_one_wait_where_the_training_sheet_was_seen(caller, assemble):
    made = assemble()
    before = review_queue(caller, made.id, limit=4)
    get_training_sheet(caller, made.id)
    with tally() as cost:
        after = review_queue(caller, made.id, limit=4)
    assert (after, cost.waits) == (before, 1)
    rest = review_queue(caller, made.id, review_status="pending", cursor=after.next_cursor)
    assert [pair.source["text"] for pair in rest.pairs] == ["text 4", "text 5"]


def test_a_pair_of_feedback_costs_no_second_wait(caller, assemble):
    """It has no row that could be looked for."""
    made = assemble()
    sheet_id = get_training_sheet(caller, made.id).sheet_id
    caller.warehouse.execute(
        "INSERT INTO pairs (id, training_sheet_id, sheet_id, item_ref, prompt, response,"
        " response_source, review_status, version, created_at, updated_at) VALUES"
        " (:id, :made, :sheet, 'feedback-1', 'p', 'r', 'feedback', 'pending', 1, :at, :at)",
        id=new_id(), made=made.id, sheet=sheet_id, at=now(),
    )  # fmt: skip
    with tally() as cost:
        first, *rest = review_queue(caller, made.id).pairs
    assert ("came of feedback" in first.source_problem, cost.waits) == (True, 1)
    assert [pair.source["text"] for pair in rest] == [f"text {n}" for n in range(6)]


def test_rows_that_were_not_read_beside_are_read_after(caller, assemble, monkeypatch):
    made = assemble()
    get_training_sheet(caller, made.id)
    monkeypatch.setattr(queue, "_ITEMS", "SELECT 'i0' WHERE :id <> :status AND :after = :limit")
    monkeypatch.setattr(queue, "_ITEMS", f"{queue._ITEMS} UNION ALL SELECT 'i1'")
    assert [pair.source["text"] for pair in review_queue(caller, made.id).pairs] == [
        f"text {n}" for n in range(6)
    ]


def test_pairs_outlive_their_table(caller, assemble, table):
    made = assemble()
    name = caller.warehouse.rows("SELECT source_table FROM sheets WHERE id = :id", id=made.sheet_id)
    caller.warehouse.execute(f"DROP TABLE {name[0]['source_table']}")
    found = review_queue(caller, made.id).pairs
    assert len(found) == 6
    assert all(pair.source is None and pair.source_problem for pair in found)


def test_the_rows_of_what_was_looked_up_are_read_beside(caller, bench, monkeypatch):
    made = pairs_elsewhere(bench)
    expected = review_queue(caller, made.id, review_status="pending").pairs
    person = with_own_token(caller, monkeypatch)
    caller.seen.forget()
    look_up_window(person, None)
    with tally() as cost:
        assert review_queue(person, made.id, review_status="pending").pairs == expected
    assert (len(expected), cost.waits) == (3, 1)
    review_pairs(caller, made.id, Review(action="approve", pair_ids=[expected[0].id]))
    assert review_queue(person, made.id, review_status="pending").pairs == expected[1:]
    (approved,) = review_queue(person, made.id, review_status="approved").pairs
    assert approved.source == expected[0].source

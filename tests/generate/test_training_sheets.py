"""Training sheets as they are read: counts, states, the job that works on them."""

import pytest

from ontos.generate.training_sheets import (
    archive_training_sheet,
    cancel_training_sheet_job,
    get_training_sheet,
    get_training_sheet_job,
    list_training_sheets,
    require_ready,
)
from ontos.kernel.errors import NotFound, NotNow

STATES = ("approved", "edited", "rejected", "flagged", "pending")


def test_every_state_of_review_is_counted(caller, sheet_of, template, assembled):
    rows = [{"ref": f"r{n}", "text": "x", "intent": "y"} for n in range(15)]
    made = assembled(sheet_of(rows), template)
    for n, state in enumerate(STATES):
        refs = tuple(f"r{5 * k + n}" for k in range(3))
        for ref in refs[: n % 3 + 1]:
            caller.warehouse.execute(
                "UPDATE pairs SET review_status = :state WHERE item_ref = :ref",
                state=state,
                ref=ref,
            )
    seen = get_training_sheet(caller, made.id)
    assert (seen.approved_count, seen.edited_count) == (3, 2)
    assert (seen.rejected_count, seen.flagged_count, seen.pending_count) == (3, 1, 8)
    assert (seen.total_items, seen.empty_count, seen.auto_approved_count) == (15, 0, 0)
    assert list_training_sheets(caller).items == [seen]


def test_lists_keep_the_counts_of_each_apart(caller, sheet, template, assembled):
    first, second = assembled(sheet, template), assembled(sheet, template, None, None)
    page = list_training_sheets(caller, limit=1)
    assert [(s.id, s.empty_count) for s in page.items] == [(second.id, 4)]
    rest = list_training_sheets(caller, limit=1, cursor=page.next_cursor)
    assert [(s.id, s.empty_count) for s in rest.items] == [(first.id, 2)]
    assert list_training_sheets(caller, sheet_id="0" * 32).items == []
    assert len(list_training_sheets(caller, status="ready", sheet_id=sheet.id).items) == 2


def test_archived_ones_are_closed(caller, sheet, template, assembled):
    made = assembled(sheet, template)
    require_ready(made)
    gone = archive_training_sheet(caller, made.id)
    assert (gone.status, gone.total_items, gone.updated_by) == ("archived", 4, caller.user)
    with pytest.raises(NotNow, match="archived"):
        require_ready(gone)
    with pytest.raises(NotNow, match="final"):
        archive_training_sheet(caller, made.id)


def test_work_is_told_and_what_is_over_is_not_cancelled(caller, sheet, template, assembled):
    made = assembled(sheet, template)
    work = get_training_sheet_job(caller, made.id)
    assert (work.kind, work.status, work.progress) == ("assemble", "succeeded", 100.0)
    with pytest.raises(NotNow, match="Nothing runs"):
        cancel_training_sheet_job(caller, made.id)


@pytest.mark.parametrize("read", [get_training_sheet, get_training_sheet_job])
def test_a_missing_one_is_not_found(caller, read):
    with pytest.raises(NotFound):
        read(caller, "0" * 32)

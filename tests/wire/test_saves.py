"""A save is one wait, and is done once, whatever becomes of the answer."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ontos.bootstrap import Workbench, open_workbench
from ontos.data.sheets import SheetChange, get_sheet, update_sheet
from ontos.generate.templates import (
    TemplateChange,
    TemplateSpec,
    create_template,
    publish_template,
    update_template,
)
from ontos.govern.audit import list_audit
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict
from ontos.kernel.settings import Settings
from ontos.label.labels import label_history, list_labels
from ontos.label.reviews import Review, ReviewBatch, review_batch, review_pairs
from ontos.label.tasks import Assignment, TaskSpec, assign_task, complete_task, create_task
from ontos.label.usage import Usage, set_usage
from ontos.warehouse import tally
from tests.label.assembled import Assembled, Maker
from tests.wire.server import Warehouse

ROWS = [{"ref": f"i{n}", "text": f"text {n}", "label": "greet"} for n in range(4)]


@pytest.fixture
def caller(settings: Settings, tmp_path: Path) -> Iterator[Caller]:
    opened: Workbench = open_workbench(
        settings.model_copy(update={"home": tmp_path, "log_level": "ERROR"})
    )
    yield opened.local_caller()
    opened.close()


@pytest.fixture
def made(caller: Caller) -> Assembled:
    def table(name: str, rows: list[dict[str, str]]) -> str:
        data = caller.warehouse.within("data_default")
        data.execute(f"CREATE TABLE {name} (ref STRING, text STRING, label STRING)")
        for row in rows:
            data.execute(f"INSERT INTO {name} VALUES (:ref, :text, :label)", **row)
        return f"workbench.data_default.{name}"

    return Maker(caller, table)(ROWS)


def approval(made: Assembled, item: str) -> ReviewBatch:
    pair = made.pair(item)
    return ReviewBatch.model_validate(
        {"changes": [{"pair_id": pair.id, "version": pair.version, "action": "approve"}]}
    )


def saves(made: Assembled) -> dict[str, Callable[[], object]]:
    """What people save most often, each ready to be saved."""
    caller, approve = made.caller, approval(made, "i0")
    reject = Review(action="reject", pair_ids=[made.pair("i1").id], reason="spam")
    edit = Review(action="edit", pair_ids=[made.pair("i2").id], response="leave")
    draft = create_template(caller, TemplateSpec(name="t", label_type="x", user_prompt="{{ a }}"))
    task = create_task(caller, TaskSpec(title="more", target_record_count=3)).id
    kept = made.pair("i3").id
    return {
        "approve": lambda: review_batch(caller, made.id, approve),
        "reject": lambda: review_pairs(caller, made.id, reject),
        "edit": lambda: review_pairs(caller, made.id, edit),
        "usage": lambda: set_usage(caller, kept, Usage(reason="private")),
        "sheet": lambda: update_sheet(caller, made.sheet_id, SheetChange(description="d")),
        "template": lambda: update_template(caller, draft.id, TemplateChange(name="u")),
        "publish": lambda: publish_template(caller, draft.id),
        "assign": lambda: assign_task(caller, task, Assignment(assignee="ann@example.org")),
        "complete": lambda: complete_task(caller, task),
    }


def test_a_save_waits_for_the_warehouse_once(made: Assembled) -> None:
    for name, save in saves(made).items():
        with tally() as cost:
            save()
        assert (name, cost.waits) == (name, 1)


def test_a_review_whose_answer_is_lost_is_done_once(made: Assembled, served: Warehouse) -> None:
    approve = approval(made, "i0")
    served.faults.cut_after()
    done = review_batch(made.caller, made.id, approve)
    assert (done.changed, done.labels_set, done.conflicts) == (1, 1, [])
    pair = made.pair("i0")
    assert (pair.review_status, pair.version) == ("approved", approve.changes[0].version + 1)
    label = list_labels(made.caller, item_ref="i0").items[0]
    assert [each.change for each in label_history(made.caller, label.id)] == ["set"]
    assert journaled(made.caller, "review_batch") == ["done"]


def test_a_withdrawal_whose_answer_is_lost_is_kept_once(made: Assembled, served: Warehouse) -> None:
    review_batch(made.caller, made.id, approval(made, "i0"))
    label = list_labels(made.caller, item_ref="i0").items[0]
    served.faults.cut_after()
    rejected = Review(action="reject", pair_ids=[made.pair("i0").id], reason="spam")
    assert review_pairs(made.caller, made.id, rejected).labels_withdrawn == 1
    kept = [each.change for each in label_history(made.caller, label.id)]
    assert kept == ["withdrawn", "set"]
    assert list_labels(made.caller, item_ref="i0").items == []


def test_a_change_whose_answer_is_lost_is_made_once(made: Assembled, served: Warehouse) -> None:
    before = get_sheet(made.caller, made.sheet_id)
    served.faults.cut_after()
    after = update_sheet(made.caller, made.sheet_id, SheetChange(description="d"))
    assert (after.description, after.version) == ("d", before.version + 1)
    assert journaled(made.caller, "update_sheet") == ["done"]


def test_a_stale_change_is_refused_and_journaled_as_failed(made: Assembled) -> None:
    with pytest.raises(Conflict, match="changed this sheet meanwhile"):
        update_sheet(made.caller, made.sheet_id, SheetChange(description="d", version=0))
    assert get_sheet(made.caller, made.sheet_id).description is None
    assert journaled(made.caller, "update_sheet") == ["failed"]


def journaled(caller: Caller, operation: str) -> list[str]:
    return [entry.outcome for entry in list_audit(caller, operation=operation).items]

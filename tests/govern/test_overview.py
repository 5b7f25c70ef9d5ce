"""Home's figures are counts of rows; what waits is what a person can do."""

from collections.abc import Callable

import pytest

from ontos.data.sheets import SheetSpec, create_sheet, publish_sheet
from ontos.govern.overview import (
    dismiss_notice,
    get_funnel,
    list_notices,
    list_running_jobs,
    list_waiting,
)
from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound
from ontos.kernel.fields import new_id
from ontos.warehouse import tally


def test_an_empty_store_counts_nothing(caller: Caller) -> None:
    assert set(get_funnel(caller).model_dump().values()) == {0}
    assert list_waiting(caller) == [] and list_running_jobs(caller) == []


def test_figures_are_counted_in_one_statement(caller: Caller, table: Callable[..., str]) -> None:
    sheet = create_sheet(caller, SheetSpec(name="s", source_table=table("t", [{"a": "x"}] * 3)))
    assert get_funnel(caller).sheets == 0  # a draft is not there yet
    publish_sheet(caller, sheet.id)
    with tally() as cost:
        funnel = get_funnel(caller)
    assert (funnel.sheets, funnel.items) == (1, 3) and cost.statements == 1


def test_tasks_wait_for_their_assignee_or_for_anybody(
    caller: Caller, as_role: Callable[..., Caller]
) -> None:
    from ontos.label.tasks import TaskSpec, create_task

    for assignee in (None, caller.user, "somebody@example.org"):
        create_task(caller, TaskSpec(title="t", target_record_count=1, assignee=assignee))
    assert [(w.what, w.count) for w in list_waiting(caller)] == [("annotation tasks", 2)]
    assert [(w.what, w.count) for w in list_waiting(as_role("labeler"))] == [
        ("annotation tasks", 1)
    ]
    assert list_waiting(as_role("data_consumer")) == [], "who may not do it waits for nothing"


def test_a_notice_is_shown_until_it_is_put_away(caller: Caller) -> None:
    caller.warehouse.execute(
        "INSERT INTO notices (id, user, message, at)"
        " VALUES (:id, :user, 'hear', current_timestamp())",
        id=(key := new_id()),
        user=caller.user,
    )
    assert [n.message for n in list_notices(caller)] == ["hear"]
    dismiss_notice(caller, key)
    assert list_notices(caller) == []


def test_nobody_dismisses_anothers_notice(caller: Caller, as_role: Callable[..., Caller]) -> None:
    caller.warehouse.execute(
        "INSERT INTO notices (id, user, message, at)"
        " VALUES (:id, :user, 'hear', current_timestamp())",
        id=(key := new_id()),
        user=caller.user,
    )
    with pytest.raises(NotFound):
        dismiss_notice(as_role("labeler"), key)
    assert len(list_notices(caller)) == 1

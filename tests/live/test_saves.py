"""Saves on real Delta: one script each, with named values in all of its statements (decision 012).

`tests/wire/test_live.py` goes through them on this machine, so that they are sound when it counts.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from ontos.data.sheets import Sheet, SheetChange, SheetSpec, create_sheet, get_sheet, update_sheet
from ontos.govern.audit import list_audit
from ontos.govern.lineage import get_lineage
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict, Denied, NotFound
from ontos.label.labels import label_history, list_labels
from ontos.label.pairs import PairFilter, list_pairs
from ontos.label.reviews import Review, review_pairs
from ontos.warehouse import quote, tally
from tests.label.assembled import Assembled, Maker

SIDE_BY_SIDE = 4


@pytest.fixture
def made(maker: Maker) -> Assembled:
    """Six pairs, one of them without a response, over a published sheet."""
    return maker()


def outcomes(caller: Caller, operation: str, entity_id: str | None = None) -> list[str]:
    found = list_audit(caller, operation=operation, entity_id=entity_id).items
    return [entry.outcome for entry in found]


def test_a_new_row_its_lineage_and_its_journal_are_one_wait(made: Assembled) -> None:
    caller, source = made.caller, get_sheet(made.caller, made.sheet_id).source_table
    with tally() as cost:
        fresh = create_sheet(caller, SheetSpec(name="It's; :new", source_table=source))
    assert cost.waits == 1
    assert get_sheet(caller, fresh.id) == fresh
    assert outcomes(caller, "create_sheet", fresh.id) == ["done"]
    edges = get_lineage(caller, "sheet", fresh.id).edges
    assert f"table/{source}" in {edge.source for edge in edges}


def test_a_stale_change_is_refused_and_changes_nothing(made: Assembled) -> None:
    caller, before = made.caller, get_sheet(made.caller, made.sheet_id)
    with tally() as cost:
        after = update_sheet(
            caller, before.id, SheetChange(description="first", version=before.version)
        )
    assert (cost.waits, after.version) == (1, before.version + 1)
    with pytest.raises(Conflict, match="changed this sheet meanwhile"):
        update_sheet(caller, before.id, SheetChange(description="late", version=before.version))
    assert get_sheet(caller, before.id) == after
    assert sorted(outcomes(caller, "update_sheet", before.id)) == ["done", "failed"]


def test_of_two_changes_at_once_one_is_made(made: Assembled) -> None:
    """The others see that they came late, or meet Delta's conflict, are sent again, and see it."""
    caller, before = made.caller, get_sheet(made.caller, made.sheet_id)

    def change(n: int) -> Sheet | None:
        wanted = SheetChange(description=f"by {n}", version=before.version)
        try:
            return update_sheet(caller, before.id, wanted)
        except Conflict:
            return None

    with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
        won = [sheet for sheet in threads.map(change, range(SIDE_BY_SIDE)) if sheet]
    assert len(won) == 1
    assert get_sheet(caller, before.id) == won[0]
    assert won[0].version == before.version + 1


def test_a_review_by_filter_sets_and_withdraws_labels(made: Assembled) -> None:
    caller = made.caller
    with tally() as cost:
        done = review_pairs(caller, made.id, Review(action="approve", where=PairFilter()))
    assert cost.waits == 1
    assert (done.changed, done.without_response, done.labels_set) == (5, 1, 5)
    refused = Review(action="reject", reason="spam", where=PairFilter(search="text 4"))
    assert review_pairs(caller, made.id, refused).labels_withdrawn == 1
    states = {ref: pair.review_status for ref, pair in made.pairs().items()}
    assert states == dict.fromkeys(("i0", "i1", "i2", "i3"), "approved") | {
        "i4": "rejected", "i5": "pending",
    }  # fmt: skip
    labels = {label.item_ref: label for label in list_labels(caller, made.sheet_id).items}
    assert {ref: label.response for ref, label in labels.items()} == {
        "i0": "greet", "i1": "greet", "i2": "greet", "i3": "leave",
    }  # fmt: skip
    assert [each.change for each in label_history(caller, labels["i0"].id)] == ["set"]
    assert outcomes(caller, "review_pairs", made.id)[:2] == ["done", "done"]


def looks(made: Assembled) -> list[Callable[[Caller], object]]:
    approve = Review(action="approve", where=PairFilter())
    return [
        lambda who: list_pairs(who, made.id),
        lambda who: review_pairs(who, made.id, approve),
        lambda who: list_labels(who, made.sheet_id),
    ]


def test_nobody_sees_through_the_workbench_what_is_not_granted(
    made: Assembled, stranger: Caller
) -> None:
    """They may use the warehouse: it is the table that they may not read."""
    theirs = stranger.warehouse.as_person(str(stranger.person.token))
    assert theirs.rows("SELECT 1 AS one") == [{"one": 1}]
    for look in looks(made):
        assert look(made.caller) is not None
        with pytest.raises(Denied, match="GRANT "):
            look(stranger)
    denied = outcomes(made.caller, "review_pairs", made.id)
    assert sorted(denied) == ["done", "refused"]


def test_the_workbenchs_own_tables_are_not_open_to_people(
    made: Assembled, stranger: Caller
) -> None:
    theirs = stranger.warehouse.as_person(str(stranger.person.token))
    own = quote(stranger.settings.catalog, stranger.warehouse.schema, "pairs")
    for statement in (f"SELECT id FROM {own}", f"DELETE FROM {own} WHERE id = 'a'"):
        with pytest.raises((Denied, NotFound)):
            theirs.execute(statement)
    assert len(made.pairs()) == 6

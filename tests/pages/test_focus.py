"""One by one: a press decides on what was drawn, by button or key, and can be taken back."""

from collections.abc import Callable

import pytest

from ontos.bootstrap import Workbench
from ontos.generate.training_sheets import archive_training_sheet, get_training_sheet
from ontos.kernel.caller import Caller
from ontos.label.labels import LabelCount, LabelDistribution
from ontos.label.pairs import PairFilter, get_pair
from ontos.label.queue import review_queue
from ontos.label.reviews import Review, ReviewBatch, review_batch, review_pairs
from pages.label.focus import quick_labels
from pages.label.grid import item_of
from pages.label.queue import WINDOW, Queue, decided, read_anew
from pages.label.training_sheets import moved_on
from tests.label.assembled import Assembled, Maker
from tests.pages.opened import opened, press, sound, texts


def test_one_by_one_with_the_buttons(bench: Workbench, caller: Caller, made: Assembled) -> None:
    page = opened(bench, "label", view="focus", sheet=made.id)
    sound(press(page, "Approve"))
    assert made.pair("i0").review_status == "approved"
    assert "Say why you reject" in texts(press(page, "Reject"))
    page.selectbox(key="focus-reason").set_value("Duplicate").run()
    sound(press(page, "Reject"))
    assert made.pair("i1").review_reason == "Duplicate"
    sound(press(page, "leave"))
    assert made.pair("i2").response == "leave"
    sound(press(page, "Reopen"))
    assert made.pair("i2").review_status == "pending"
    assert made.pair("i2").response == "greet"
    assert "i2" in texts(page)


def test_one_by_one_sees_what_another_decided(
    bench: Workbench, caller: Caller, made: Assembled
) -> None:
    page = opened(bench, "label", view="focus", sheet=made.id)
    first = Review(action="flag", pair_ids=[made.pair("i0").id], reason="theirs")
    review_pairs(caller, made.id, first)
    assert "It is shown as it is now" in texts(press(page, "Approve"))
    assert made.pair("i0").review_status == "flagged"
    sound(press(page, "Approve"))
    assert made.pair("i0").review_status == "approved"


def test_a_press_decides_on_the_pair_that_was_drawn_with_its_button(
    bench: Workbench, caller: Caller, made: Assembled
) -> None:
    page = opened(bench, "label", view="focus", sheet=made.id)
    page.session_state["focus-queue"].move(1)  # as an earlier press did, before it was drawn
    sound(press(page, "Approve"))
    assert {pair.review_status for pair in made.pairs().values()} == {"pending"}
    sound(press(page, "Approve"))
    assert [ref for ref, p in made.pairs().items() if p.review_status == "approved"] == ["i1"]


def test_a_press_decides_on_nothing_that_changed_since_it_was_drawn(
    bench: Workbench, caller: Caller, made: Assembled
) -> None:
    page = opened(bench, "label", view="focus", sheet=made.id)
    theirs = Review(action="edit", pair_ids=[made.pair("i0").id], response="theirs")
    review_pairs(caller, made.id, theirs)
    queue = page.session_state["focus-queue"]
    read_anew(caller, queue, queue.pair.id)  # as an earlier press did, which met a conflict
    sound(press(page, "Reject"))
    assert made.pair("i0").review_status == "edited"


@pytest.mark.parametrize(
    ("action", "response", "reason"),
    [
        ("approve", None, None), ("edit", "other", None), ("reject", None, "why"),
        ("flag", None, "why"),
    ],
)  # fmt: skip
def test_what_a_decision_leaves_is_known_as_it_is_stored(
    caller: Caller, made: Assembled, action: str, response: str | None, reason: str | None
) -> None:
    begun = review_queue(caller, made.id)
    labels = LabelDistribution(total=0, distinct=0, top=[], other=0)
    queue = Queue(made.id, "pending", list(begun.pairs), None, labels)
    for ref in ("i0", "i5"):  # the last has no response
        shown = next(pair for pair in begun.pairs if pair.item_ref == ref)
        if action == "approve" and not shown.response:
            continue
        change = {"pair_id": shown.id, "version": shown.version, "action": action}
        batch = {"changes": [change | {"response": response, "reason": reason}]}
        review_batch(caller, made.id, ReviewBatch.model_validate(batch))
        known = decided(queue, shown, caller.user, action, response, reason)
        stored, not_shown = get_pair(caller, shown.id), {"reviewed_at", "canonical_label_id"}
        assert known.model_dump(exclude=not_shown) == stored.model_dump(exclude=not_shown)
        assert queue.context[shown.id] == known


def test_one_by_one_counts_beyond_what_was_read(
    bench: Workbench, caller: Caller, table: Callable[..., str]
) -> None:
    rows = [{"ref": f"i{n:03}", "text": "text", "label": "greet"} for n in range(WINDOW + 11)]
    made = Maker(caller, table)(rows)
    page = opened(bench, "label", view="focus", sheet=made.id)
    assert f"1 of {WINDOW + 11}" in texts(page)
    assert f"2 of {WINDOW + 11}" in texts(press(page, "Approve"))
    page.button_group(key="focus-status").set_value("approved").run()
    assert "1 of 1 ·" in texts(page)


def test_the_list_of_labels_begins_with_the_pairs_own(
    bench: Workbench, caller: Caller, made: Assembled
) -> None:
    page = press(opened(bench, "label", view="focus", sheet=made.id), "Edit the response")
    assert page.selectbox(key="focus-label").value == "greet"
    sound(page.selectbox(key="focus-label").set_value("leave").run())
    assert made.pair("i0").response == "leave"
    assert made.pair("i1").review_status == "pending"


def test_the_meter_follows_what_is_decided(caller: Caller, made: Assembled) -> None:
    sheet, before = get_training_sheet(caller, made.id), made.pairs()
    review_pairs(caller, made.id, Review(action="approve", pair_ids=[before["i0"].id]))
    edited = Review(action="edit", pair_ids=[before["i5"].id], response="new")
    review_pairs(caller, made.id, edited)
    moved = moved_on(sheet, [(before[ref], made.pair(ref)) for ref in ("i0", "i5")])
    assert moved == get_training_sheet(caller, made.id)


def test_what_came_of_feedback_is_not_named_by_an_id(made: Assembled) -> None:
    pair = made.pair("i0")
    assert item_of(pair) == "i0"
    assert item_of(pair.model_copy(update={"response_source": "feedback"})) == "from feedback"


def keys(**counts: int) -> list[str]:
    """The labels that have number keys where labels occur so often."""
    top = [LabelCount(label=label, pairs=count) for label, count in counts.items()]
    labels = LabelDistribution(
        total=sum(counts.values()), distinct=len(top), other=0,
        top=sorted(top, key=lambda c: -c.pairs),
    )  # fmt: skip
    return quick_labels(Queue("sheet", None, [], None, labels))


def test_there_are_number_keys_for_all_labels_or_for_none() -> None:
    assert len(keys(**{f"label{n}": n + 1 for n in range(9)})) == 9
    assert keys(**{f"label{n}": n + 1 for n in range(10)}) == []


def test_a_number_key_means_the_same_label_whatever_is_most_frequent() -> None:
    assert keys(greet=9, leave=3, ask=1) == keys(greet=1, leave=3, ask=9) == [
        "ask", "greet", "leave",
    ]  # fmt: skip


def test_one_by_one_comes_to_an_end(bench: Workbench, caller: Caller, made: Assembled) -> None:
    review_pairs(caller, made.id, Review(action="approve", where=PairFilter()))
    page = opened(bench, "label", view="focus", sheet=made.id)
    page = sound(press(page, "Next"))
    assert "last one" in page.success[0].value


def test_whoever_may_only_look_sees_the_pairs_and_decides_nothing(
    bench: Workbench, caller: Caller, made: Assembled
) -> None:
    archive_training_sheet(caller, made.id)
    page = opened(bench, "label", view="focus", sheet=made.id)
    assert "Archived" in texts(page) and "i0" in texts(page)
    assert "Approve" not in [button.label for button in page.button]
    assert "i1" in texts(press(page, "Next"))

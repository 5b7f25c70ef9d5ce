"""The Label page: every view opens empty and full, and decisions made by clicking are kept."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from ontos.bootstrap import Workbench
from ontos.govern.overview import list_notices
from ontos.kernel.caller import Caller
from ontos.label.labels import list_labels
from ontos.label.pairs import PairFilter
from ontos.label.reviews import Review, review_pairs
from ontos.label.tasks import TaskSpec, create_task, list_tasks
from ontos.label.usage import list_usage
from pages.data.words import escaped
from pages.label.drafts import overlay
from pages.label.grid import row_height
from pages.label.long import MOST, cut
from tests.label.assembled import Assembled, Maker
from tests.pages.opened import figure, opened, press, sound, texts

VIEWS = ("review", "focus", "labels", "usage", "export", "tasks")


def grid_key(page: AppTest) -> str:
    return str(page.session_state["grid-shown"].key)


def edit(page: AppTest, rows: dict[int, dict[str, str | None]]) -> AppTest:
    """Change cells of the grid; earlier changes of the page shown are given again."""
    page.session_state[grid_key(page)] = {
        "edited_rows": rows, "added_rows": [], "deleted_rows": [],
    }  # fmt: skip
    page.run()
    assert not page.exception, page.exception[0].value
    return page


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_opens_empty(bench: Workbench, view: str) -> None:
    page = opened(bench, "label", view=view)
    assert page.title[0].value == "Label"


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_opens_full(
    bench: Workbench, caller: Caller, made: Assembled, view: str
) -> None:
    review_pairs(caller, made.id, Review(action="approve", where=PairFilter(label="greet")))
    create_task(caller, TaskSpec(title="Look", target_record_count=5, training_sheet_id=made.id))
    sound(opened(bench, "label", view=view, sheet=made.id))


def test_decisions_in_the_grid_are_saved_together(
    bench: Workbench, caller: Caller, made: Assembled
) -> None:
    page = opened(bench, "label", sheet=made.id)
    edit(page, {0: {"decision": "Approve"}, 1: {"response": "hi"},
                2: {"decision": "Reject", "reason": "spam"}, 5: {"response": "new"}})  # fmt: skip
    assert "4 unsaved changes" in texts(page)
    sound(press(page, "Save"))
    pairs = made.pairs()
    assert [pairs[f"i{n}"].review_status for n in range(6)] == [
        "approved", "edited", "rejected", "pending", "pending", "edited",
    ]  # fmt: skip
    assert (pairs["i1"].response, pairs["i2"].review_reason) == ("hi", "spam")
    assert "unsaved" not in texts(page)


def test_what_cannot_be_saved_is_said_and_kept(
    bench: Workbench, caller: Caller, made: Assembled
) -> None:
    page = opened(bench, "label", sheet=made.id)
    edit(page, {0: {"decision": "Reject"}, 5: {"decision": "Approve"}, 1: {"response": " "}})
    said = texts(press(page, "Save"))
    assert "Say why you reject" in said
    assert "Item i5: there is no response to approve" in said
    assert "Item i1: the response is empty" in said
    assert "3 unsaved changes" in said
    assert {p.review_status for p in made.pairs().values()} == {"pending"}


def test_one_reason_stands_for_all_rows_without_one(
    bench: Workbench, caller: Caller, made: Assembled
) -> None:
    page = opened(bench, "label", sheet=made.id)
    edit(page, {0: {"decision": "Reject"}, 1: {"decision": "Flag", "reason": "unsure"}})
    page.text_input(key="bar-reason").set_value("spam").run()
    sound(press(page, "Save"))
    assert [made.pair(ref).review_reason for ref in ("i0", "i1")] == ["spam", "unsure"]


def test_unsaved_decisions_survive_another_filter_and_another_view(
    bench: Workbench, caller: Caller, made: Assembled
) -> None:
    page = opened(bench, "label", sheet=made.id)
    edit(page, {0: {"decision": "Approve"}})
    page.text_input(key="q").set_value("text 4").run()
    assert "1 unsaved change** · 1 on other pages" in texts(page)
    page.button_group(key="view").set_value("labels").run()
    page.button_group(key="view").set_value("review").run()
    sound(press(page, "Save"))
    assert made.pair("i0").review_status == "approved"


def test_what_is_unsaved_is_marked_and_listed(
    bench: Workbench, caller: Caller, made: Assembled
) -> None:
    page = opened(bench, "label", sheet=made.id)
    edit(page, {1: {"response": "leave"}, 3: {"decision": "Flag", "reason": "unsure"}})
    marks = [status[0] for status in page.dataframe[0].value["status"]]
    assert marks == ["pending", "unsaved", "pending", "unsaved", "pending", "pending"]
    listed = [text.value for text in page.text]
    assert listed == ["i1", "greet → leave", "i3", "Flag: unsure"]
    sound(press(page, "Save"))
    marks = [status[0] for status in page.dataframe[0].value["status"]]
    assert marks == ["pending", "edited", "pending", "flagged", "pending", "pending"]


def test_a_label_that_no_pair_has_is_asked_about(
    bench: Workbench, caller: Caller, table: Callable[..., str]
) -> None:
    rows = [{"ref": f"i{n}", "text": "text", "label": ("greet", "leave")[n % 2]} for n in range(8)]
    made = Maker(caller, table)(rows)
    page = opened(bench, "label", sheet=made.id)
    edit(page, {0: {"response": "leave"}, 1: {"response": "graet"}})
    assert "No pair has the label “graet” yet" in texts(press(page, "Save"))
    assert {p.review_status for p in made.pairs().values()} == {"pending"}
    page.checkbox[0].check().run()
    edit(page, {0: {"response": "leave"}, 1: {"response": "greeet"}})
    assert "No pair has the label “greeet” yet" in texts(press(page, "Save"))
    page.checkbox[0].check().run()
    sound(press(page, "Save"))
    assert (made.pair("i0").response, made.pair("i1").response) == ("leave", "greeet")


def test_texts_are_no_labels_that_could_be_new(
    bench: Workbench, caller: Caller, table: Callable[..., str]
) -> None:
    rows = [{"ref": f"i{n}", "text": "text", "label": f"answer {n // 2}"} for n in range(8)]
    made = Maker(caller, table)(rows)
    page = opened(bench, "label", sheet=made.id)
    edit(page, {0: {"response": "another answer"}})
    sound(press(page, "Save"))
    assert made.pair("i0").response == "another answer"


def test_rows_have_room_for_the_lines_of_a_prompt() -> None:
    def high(*lengths: int) -> int:
        return row_height(["x" * n for n in lengths])

    assert high(20, 30) == 36
    assert high(60, 60) == 66, "lower rows show one line of the two"
    assert high(20, 60, 140, 140) == 72
    assert high(5_000) == 108


def test_discarding_forgets_them(bench: Workbench, caller: Caller, made: Assembled) -> None:
    page = opened(bench, "label", sheet=made.id)
    edit(page, {0: {"decision": "Approve"}})
    sound(press(page, "Discard them"))
    assert "unsaved" not in texts(page)
    assert made.pair("i0").review_status == "pending"


def test_a_conflict_is_shown_row_by_row_and_settled(
    bench: Workbench, caller: Caller, made: Assembled, as_role: Callable[..., Caller]
) -> None:
    page = opened(bench, "label", sheet=made.id)
    edit(page, {0: {"response": "mine"}, 1: {"decision": "Approve"}})
    ana = as_role("labeler", "ana@example.org")
    theirs = Review(action="edit", pair_ids=[made.pair("i0").id], response="theirs")
    review_pairs(ana, made.id, theirs)
    said = texts(press(page, "Save"))
    assert escaped("ana@example.org") in said
    assert "“theirs”" in said
    assert "Change the response to “mine”" in said
    assert made.pair("i0").response == "theirs"
    assert made.pair("i1").review_status == "approved"
    assert len(list_notices(ana)) == 1
    press(page, "Use mine")
    sound(press(page, "Save"))
    assert made.pair("i0").response == "mine"


def test_if_everything_conflicts_theirs_can_be_kept(
    bench: Workbench, caller: Caller, made: Assembled
) -> None:
    page = opened(bench, "label", sheet=made.id)
    edit(page, {0: {"response": "mine"}})
    theirs = Review(action="edit", pair_ids=[made.pair("i0").id], response="theirs")
    review_pairs(caller, made.id, theirs)
    press(page, "Save")
    page = press(page, "Keep theirs")
    assert "unsaved" not in texts(page)
    assert made.pair("i0").response == "theirs"


def test_the_address_filters(bench: Workbench, made: Assembled) -> None:
    page = opened(bench, "label", sheet=made.id, q="text 3", status="pending")
    assert [p.item_ref for p in page.session_state["grid-shown"].pairs] == ["i3"]
    page = opened(bench, "label", sheet=made.id, status="nonsense", p="99")
    assert len(page.session_state["grid-shown"].pairs) == 6


def test_the_grid_shows_what_the_filter_says_after_another_link(
    bench: Workbench, made: Assembled
) -> None:
    page = opened(bench, "label", sheet=made.id, status="Flagged")
    assert page.session_state["grid-shown"].pairs == []
    page.switch_page("home/page.py").run()
    page.switch_page("label/page.py")
    page.query_params.update({"sheet": made.id, "status": "Pending"})
    page = sound(page.run())
    assert page.segmented_control(key="status").value == "pending"
    assert len(page.session_state["grid-shown"].pairs) == 6


def test_a_page_that_another_sheet_does_not_have_is_its_first(
    bench: Workbench, made: Assembled
) -> None:
    page = opened(bench, "label", sheet=made.id)
    page.session_state["p"] = 99
    page = sound(page.run())
    assert page.session_state["p"] == 1 and len(page.session_state["grid-shown"].pairs) == 6


def test_whoever_may_only_read_is_told_why(
    bench: Workbench, caller: Caller, table: Callable[..., str]
) -> None:
    made = Maker(caller, table)(status="archived")
    page = opened(bench, "label", sheet=made.id)
    assert "Archived" in texts(page)
    assert not [b for b in page.button if b.label.startswith(("Save", "Approve"))]


LONG = "Once upon a time. " * 600 + "The end."


@pytest.fixture
def endless(caller: Caller, table: Callable[..., str]) -> Assembled:
    """Two pairs: the prompt and the response of the first are long."""
    rows = [{"ref": "i0", "text": LONG, "label": LONG}, {"ref": "i1", "text": "b", "label": "c"}]
    return Maker(caller, table)(rows)


def test_the_grid_holds_the_beginning_of_what_is_long(bench: Workbench, endless: Assembled) -> None:
    page = opened(bench, "label", sheet=endless.id)
    first, second = page.dataframe[0].value.to_dict("records")
    assert {len(first["prompt"]), len(first["response"])} == {MOST}
    assert first["response"] == LONG[: MOST - 1] + "…"
    assert (second["prompt"], second["response"]) == ("Message: b", "c")
    assert LONG not in page.selectbox(key="label").options


def test_a_response_is_never_replaced_by_its_beginning(
    bench: Workbench, endless: Assembled
) -> None:
    page = opened(bench, "label", sheet=endless.id)
    edit(page, {0: {"response": cut(LONG), "decision": "Approve"}})
    edit(page, {0: {"response": cut(LONG) + " And more."}})
    assert "Item i0: its response is longer than its cell" in texts(press(page, "Save"))
    edit(page, {0: {"response": None, "decision": "Approve"}, 1: {"response": "d"}})
    sound(press(page, "Save"))
    pairs = endless.pairs()
    assert (pairs["i0"].response, pairs["i0"].review_status) == (LONG, "approved")
    assert pairs["i1"].response == "d"


def test_a_long_draft_that_is_drawn_again_keeps_all_of_it(endless: Assembled) -> None:
    pair = endless.pair("i1")
    drafted = overlay([pair], {}, {0: {"response": LONG}})
    assert drafted[pair.id].response == LONG
    assert overlay([pair], drafted, {0: {"response": cut(LONG)}}) == drafted
    assert overlay([pair], drafted, {0: {"response": "cut"}})[pair.id].problem
    assert overlay([pair], drafted, {0: {"response": None}}) == {}


def test_one_by_one_shows_all_of_what_is_long(bench: Workbench, endless: Assembled) -> None:
    page = opened(bench, "label", view="focus", sheet=endless.id)
    sound(page)
    assert LONG in [text.value for text in page.text]
    sound(press(page, "Edit the response"))
    assert page.text_area(key="focus-response").value == LONG


def test_labels_are_found(bench: Workbench, caller: Caller, made: Assembled) -> None:
    review_pairs(caller, made.id, Review(action="approve", where=PairFilter()))
    page = opened(bench, "label", view="labels")
    page.text_input(key="labels-q").set_value("leave").run()
    assert len(page.dataframe[0].value) == 2
    assert list_labels(caller, search="leave").items


def test_usage_is_set_for_the_items_that_match(
    bench: Workbench, caller: Caller, made: Assembled
) -> None:
    page = opened(bench, "label", view="usage", sheet=made.id)
    assert "Say which items" in texts(press(page, "Set for the items that match"))
    next(t for t in page.text_input if t.label == "Item").set_value("i0")
    next(g for g in page.button_group if g.label == "Prohibited").set_value(["training"])
    assert escaped("Reason: is empty") in texts(press(page, "Set for the items that match"))
    next(t for t in page.text_input if t.label == "Why").set_value("consent withdrawn")
    sound(press(page, "Set for the items that match"))
    [usage] = list_usage(caller, made.id).items
    assert (usage.item_ref, usage.prohibited_uses) == ("i0", ["training"])


def test_export_counts_what_passes_and_why_the_rest_does_not(
    bench: Workbench, caller: Caller, made: Assembled
) -> None:
    page = opened(bench, "label", view="export", sheet=made.id)
    assert "6 pending review" in texts(page)
    review_pairs(caller, made.id, Review(action="approve", where=PairFilter(label="greet")))
    page = opened(bench, "label", view="export", sheet=made.id)
    assert (figure(page, "Will be exported"), figure(page, "Pending")) == ("3", "3")


def test_a_task_is_asked_for_taken_and_ended(
    bench: Workbench, caller: Caller, made: Assembled
) -> None:
    page = opened(bench, "label", view="tasks")
    next(t for t in page.text_input if t.label == "Title").set_value("Look at greetings")
    sound(press(page, "Ask"))
    [task] = list_tasks(caller).items
    assert (task.title, task.status, task.target_record_count) == ("Look at greetings", "open", 100)
    sound(press(page, "Take it"))
    assert list_tasks(caller).items[0].assignee == caller.user
    sound(press(page, "It is done"))
    assert list_tasks(caller).items[0].status == "done"


def test_a_chosen_training_sheet_stays_chosen_at_the_next_stage(
    bench: Workbench, caller: Caller, table: Callable[..., str], made: Assembled
) -> None:
    maker = Maker(caller, table)
    older = maker([{"ref": "a", "text": "older", "label": "leave"}], name="older").id
    newer = maker([{"ref": "b", "text": "newer", "label": "leave"}], name="newer").id
    page = opened(bench, "label")
    assert page.selectbox(key="pick-sheet").value == newer
    page.selectbox(key="pick-sheet").set_value(older).run()
    for stage, shown in (("data", None), ("train", older), ("home", None), ("label", older)):
        page.query_params.clear()
        page.switch_page(f"{stage}/page.py").run()
        assert shown is None or sound(page).selectbox(key="pick-sheet").value == shown
    page.query_params["sheet"] = made.id
    assert page.run().selectbox(key="pick-sheet").value == made.id
    del page.query_params["sheet"]
    assert page.run().selectbox(key="pick-sheet").value == newer, "going back undoes the choice"

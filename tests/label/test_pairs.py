"""Reading pairs: pages, filters, counts, and a pair beside its source row."""

import pytest

from ontos.kernel.errors import Denied, Invalid, NotFound
from ontos.kernel.fields import new_id
from ontos.label.pairs import USES, count_pairs, get_pair, list_pairs
from ontos.label.reviews import Review, review_pairs

HARD = 'O\'Hara; "x"\n\\n {{ y }} 👍🏽 % _'


def test_pages_follow_each_other_in_the_order_of_items(caller, assemble):
    made = assemble()
    first = list_pairs(caller, made.id, limit=4)
    second = list_pairs(caller, made.id, limit=4, cursor=first.next_cursor)
    assert [p.item_ref for p in first.items + second.items] == [f"i{n}" for n in range(6)]
    assert second.next_cursor is None


def test_offset_jumps_to_a_page(caller, assemble):
    made = assemble()
    assert [p.item_ref for p in list_pairs(caller, made.id, limit=2, offset=4).items] == [
        "i4",
        "i5",
    ]


def test_messages_hold_the_system_prompt_and_end_with_the_response_if_there_is_one(
    caller, assemble
):
    pairs = assemble().pairs()
    assert [m.role for m in pairs["i0"].messages] == ["system", "user", "assistant"]
    assert [m.role for m in pairs["i5"].messages] == ["system", "user"]
    bare = assemble(system=None).pair("i0")
    assert [(m.role, m.content) for m in bare.messages] == [
        ("user", "Message: text 0"), ("assistant", "greet"),
    ]  # fmt: skip
    assert bare.prompt == "Message: text 0"


def test_everything_is_allowed_unless_somebody_said_otherwise(caller, assemble):
    pair = assemble().pair("i0")
    assert (pair.allowed_uses, pair.prohibited_uses) == (list(USES), [])


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"label": "leave"}, ["i3", "i4"]),
        ({"search": "TEXT 3"}, ["i3"]),
        ({"search": "greet"}, ["i0", "i1", "i2"]),
        ({"search": "t%2"}, []),
        ({"source": "none"}, ["i5"]),
        ({"has_response": False}, ["i5"]),
        ({"has_response": True, "label": "greet"}, ["i0", "i1", "i2"]),
        ({"item_ref": "i4"}, ["i4"]),
        ({"review_status": "approved"}, ["i0"]),
        ({"reviewed_by": "nobody"}, []),
    ],
)
def test_lists_and_counts_use_the_same_filter(caller, assemble, given, found):
    made = assemble()
    review_pairs(caller, made.id, Review(action="approve", pair_ids=[made.pair("i0").id]))
    assert [p.item_ref for p in list_pairs(caller, made.id, **given).items] == found
    assert count_pairs(caller, made.id, **given).count == len(found)


@pytest.mark.parametrize("blank", ["\t", "\n", " \r\u00a0", "\u2003", ""])
def test_a_blank_response_is_none(caller, assemble, blank):
    made = assemble()
    caller.warehouse.execute(
        "UPDATE pairs SET response = :blank WHERE id = :id", blank=blank, id=made.pair("i0").id
    )
    found = list_pairs(caller, made.id, has_response=False).items
    assert [pair.item_ref for pair in found] == ["i0", "i5"]
    assert count_pairs(caller, made.id).without_response == 2


def test_counts_are_by_decision(caller, assemble):
    made = assemble()
    pairs = made.pairs()
    review_pairs(caller, made.id, Review(action="reject", pair_ids=[pairs["i0"].id], reason="no"))
    review_pairs(caller, made.id, Review(action="flag", pair_ids=[pairs["i1"].id], reason="hm"))
    review_pairs(caller, made.id, Review(action="edit", pair_ids=[pairs["i2"].id], response="bye"))
    review_pairs(caller, made.id, Review(action="approve", pair_ids=[pairs["i3"].id]))
    counts = count_pairs(caller, made.id)
    assert counts.model_dump() == {
        "count": 6, "pending": 2, "approved": 1, "edited": 1, "rejected": 1, "flagged": 1,
        "without_response": 1,
    }  # fmt: skip


def test_a_pair_shows_the_row_it_was_made_of(caller, assemble):
    made = assemble([{"ref": "a", "text": HARD, "label": HARD}])
    shown = get_pair(caller, made.pair("a").id)
    assert shown.source == {"item_ref": "a", "ref": "a", "text": HARD, "label": HARD}
    assert [c.name for c in shown.source_columns] == ["ref", "text", "label"]
    assert (shown.label_type, shown.source_problem) == ("intent", None)
    assert list_pairs(caller, made.id, label=HARD).items[0].response == HARD


def test_a_pair_outlives_its_row(caller, assemble):
    made = assemble()
    pair = made.pair("i0")
    caller.warehouse.execute("DELETE FROM sheets WHERE id = :id", id=made.sheet_id)
    shown = get_pair(caller, pair.id)
    assert shown.source is None
    assert shown.source_problem


def test_what_is_not_there_is_said_so(caller, assemble):
    with pytest.raises(NotFound, match="no training sheet"):
        list_pairs(caller, new_id())
    with pytest.raises(NotFound, match="no training sheet"):
        count_pairs(caller, new_id())
    with pytest.raises(NotFound, match="no pair"):
        get_pair(caller, new_id())
    with pytest.raises(Invalid) as wrong:
        list_pairs(caller, assemble().id, review_status="nice")
    assert wrong.value.field == "review_status"


def test_reading_needs_the_right(assemble, as_role):
    made = assemble()
    assert list_pairs(as_role("data_consumer"), made.id).items
    assert list_pairs(as_role("labeler"), made.id).items
    outsider = as_role("labeler")
    bare = type(outsider)(**{**outsider.__dict__, "levels": {}})
    with pytest.raises(Denied):
        list_pairs(bare, made.id)

"""What items may be used for: set on a pair, held by the item, obeyed by the gate."""

import pytest

from ontos.kernel.errors import Denied, Invalid, NotFound
from ontos.kernel.fields import new_id
from ontos.label.pairs import USES, PairFilter
from ontos.label.reviews import Review, review_pairs
from ontos.label.usage import (
    GATED,
    Usage,
    UsageOfMany,
    eligible_sql,
    get_eligibility,
    list_usage,
    set_usage,
    set_usage_of_pairs,
)

CONSENT = {"allowed_uses": ["validation"], "prohibited_uses": ["training"], "reason": "consent"}


def eligible(caller, made, use="training"):
    rows = caller.warehouse.rows(
        f"SELECT p.item_ref FROM {GATED} WHERE p.training_sheet_id = :id AND {eligible_sql(use)}"
        " ORDER BY p.item_ref",
        id=made.id,
    )
    return [row["item_ref"] for row in rows]


def test_the_constraint_is_the_items_and_later_pairs_inherit_it(caller, assemble):
    made = assemble()
    answered = set_usage(caller, made.pair("i0").id, Usage(**CONSENT))
    assert (answered.allowed_uses, answered.prohibited_uses) == (["validation"], ["training"])
    later = assemble(of=made, label_type="mood").pairs()
    assert later["i0"].prohibited_uses == ["training"]
    assert (later["i1"].allowed_uses, later["i1"].prohibited_uses) == (list(USES), [])


def test_setting_it_again_replaces_it_and_says_who_and_why(caller, assemble, as_role):
    made = assemble()
    ana = as_role("labeler", "ana@example.org")
    set_usage(caller, made.pair("i0").id, Usage(**CONSENT))
    set_usage(ana, made.pair("i0").id, Usage(reason="consent given again"))
    [usage] = list_usage(caller, made.id).items
    assert (usage.item_ref, usage.updated_by, usage.version) == ("i0", "ana@example.org", 2)
    assert (usage.reason, usage.prohibited_uses) == ("consent given again", [])
    assert list_usage(caller, made.id, barred_from="training").items == []


def test_by_filter_in_one_go(caller, assemble):
    made = assemble()
    change = UsageOfMany(where=PairFilter(label="greet"), **CONSENT)
    assert set_usage_of_pairs(caller, made.id, change).changed == 3
    named = UsageOfMany(pair_ids=[made.pair("i3").id], **CONSENT)
    assert set_usage_of_pairs(caller, made.id, named).changed == 1
    assert [u.item_ref for u in list_usage(caller, made.id, barred_from="training").items] == [
        "i0", "i1", "i2", "i3",
    ]  # fmt: skip


def test_the_gate_wants_acceptance_a_response_and_permission(caller, assemble):
    made = assemble()
    p = made.pairs()
    assert eligible(caller, made) == []
    review_pairs(caller, made.id, Review(action="approve", where=PairFilter(label="greet")))
    review_pairs(caller, made.id, Review(action="edit", pair_ids=[p["i3"].id], response="x"))
    review_pairs(caller, made.id, Review(action="reject", pair_ids=[p["i4"].id], reason="no"))
    assert eligible(caller, made) == ["i0", "i1", "i2", "i3"]
    set_usage(
        caller, p["i0"].id, Usage(allowed_uses=["validation", "testing"], reason="only these")
    )
    both = {"allowed_uses": ["training"], "prohibited_uses": ["training"], "reason": "both"}
    set_usage(caller, p["i1"].id, Usage(**both))
    assert eligible(caller, made) == ["i2", "i3"]
    assert eligible(caller, made, "validation") == ["i0", "i2", "i3"]
    counts = get_eligibility(caller, made.id)
    assert counts.model_dump() == {
        "use": "training", "total": 6, "eligible": 2, "pending": 1, "flagged": 0, "rejected": 1,
        "without_response": 0, "prohibited": 2,
    }  # fmt: skip
    assert counts.reasons() == "1 pending review, 1 rejected, 2 not permitted for training"
    many = counts.model_copy(update={"pending": 1440})
    assert many.reasons().startswith("1,440 pending review")


def test_wrong_input_is_named(caller, assemble):
    made = assemble()
    key = made.pair("i0").id
    with pytest.raises(ValueError, match="no use 'selling'"):
        Usage(allowed_uses=["selling"], reason="x")
    with pytest.raises(Invalid) as wrong:
        set_usage(caller, key, {"allowed_uses": ["selling"], "reason": "x"})
    assert wrong.value.field == "usage.allowed_uses"
    with pytest.raises(Invalid) as wrong:
        set_usage(caller, key, Usage(reason="  "))
    assert wrong.value.field == "reason"
    with pytest.raises(NotFound):
        set_usage(caller, new_id(), Usage(reason="x"))
    for read in (list_usage, get_eligibility):
        with pytest.raises(NotFound, match="no training sheet"):
            read(caller, new_id())
    with pytest.raises(Invalid, match="no use"):
        eligible_sql("selling'")
    assert list_usage(caller, made.id).items == []


def test_setting_needs_the_right(assemble, as_role):
    made = assemble()
    with pytest.raises(Denied):
        set_usage(as_role("data_consumer"), made.pair("i0").id, Usage(**CONSENT))
    assert set_usage(as_role("labeler"), made.pair("i0").id, Usage(**CONSENT)).prohibited_uses

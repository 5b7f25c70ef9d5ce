"""Reviewing one by one, by filter, in a batch; compare-and-set; canonical labels follow."""

import pytest

from ontos.govern.overview import list_notices
from ontos.kernel.errors import Conflict, Denied, Invalid, NotFound, NotNow
from ontos.kernel.fields import new_id
from ontos.label.decisions import REVIEW_STATES
from ontos.label.labels import label_history, list_labels
from ontos.label.pairs import PairFilter
from ontos.label.reviews import (
    Decision,
    Review,
    ReviewBatch,
    review_batch,
    review_pairs,
)

PENDING = PairFilter(review_status="pending")


def labels(caller, made):
    return {label.item_ref: label for label in list_labels(caller, sheet_id=made.sheet_id).items}


def decide(action, pair, version=None, **more):
    """A decision over a pair as it was seen."""
    seen = pair.version if version is None else version
    return Decision(pair_id=pair.id, version=seen, action=action, **more)


def test_one_by_one(caller, assemble):
    made = assemble()
    pairs = made.pairs()
    edit = Review(action="edit", pair_ids=[pairs["i0"].id], response="bye", reason="wrong")
    assert review_pairs(caller, made.id, edit).changed == 1
    reject = Review(action="reject", pair_ids=[pairs["i1"].id], reason="not a message")
    assert review_pairs(caller, made.id, reject).changed == 1
    flag = Review(action="flag", pair_ids=[pairs["i2"].id], reason="which one?")
    assert review_pairs(caller, made.id, flag).changed == 1
    after = made.pairs()
    assert [after[f"i{n}"].review_status for n in range(4)] == [
        "edited", "rejected", "flagged", "pending",
    ]  # fmt: skip
    edited = after["i0"]
    assert (edited.response, edited.response_source, edited.review_reason) == (
        "bye",
        "human",
        "wrong",
    )
    assert (edited.reviewed_by, edited.version) == (caller.user, 2)
    assert edited.messages[-1].content == "bye"
    assert edited.reviewed_at is not None


def test_by_filter_and_what_has_no_response_is_left_and_counted(caller, assemble):
    made = assemble()
    result = review_pairs(caller, made.id, Review(action="approve", where=PENDING))
    assert (result.changed, result.without_response, result.labels_set) == (5, 1, 5)
    assert made.pair("i5").review_status == "pending"
    again = review_pairs(caller, made.id, Review(action="approve", where=PENDING))
    assert (again.changed, again.unchanged, again.without_response) == (0, 0, 1)
    everything = review_pairs(caller, made.id, Review(action="approve", where=PairFilter()))
    assert (everything.changed, everything.unchanged) == (0, 5)


def test_relabelling_by_filter(caller, assemble):
    made = assemble()
    where = PairFilter(label="greet")
    result = review_pairs(caller, made.id, Review(action="edit", where=where, response="hello"))
    assert result.changed == 3
    assert {p.response for p in made.pairs().values()} == {"hello", "leave", None}


def test_several_decisions_in_one_save(caller, assemble):
    made = assemble()
    p = made.pairs()
    result = review_batch(caller, made.id, ReviewBatch(changes=[
        decide("approve", p["i0"]), decide("edit", p["i1"], response="hi", reason="politer"),
        decide("reject", p["i2"], reason="spam"), decide("flag", p["i3"], reason="unsure"),
        decide("edit", p["i5"], response="new"),
    ]))  # fmt: skip
    assert (result.changed, result.conflicts, result.labels_set) == (5, [], 3)
    assert {k: v.response for k, v in labels(caller, made).items()} == {
        "i0": "greet", "i1": "hi", "i5": "new",
    }  # fmt: skip
    reopened = review_batch(
        caller, made.id, ReviewBatch(changes=[decide("reopen", made.pair("i3"))])
    )
    assert reopened.changed == 1
    assert made.pair("i3").review_status == "pending"


def test_a_pair_that_another_changed_is_not_overwritten_and_both_are_told(
    caller, assemble, as_role
):
    made = assemble()
    ana = as_role("labeler", "ana@example.org")
    p = made.pairs()
    review_batch(ana, made.id, ReviewBatch(changes=[decide("edit", p["i0"], response="hers")]))
    mine = [decide("reject", p["i0"], reason="no"), decide("approve", p["i1"])]
    result = review_batch(caller, made.id, ReviewBatch(changes=mine))
    assert result.changed == 1
    [conflict] = result.conflicts
    assert (conflict.pair_id, conflict.changed_by, conflict.review_status, conflict.version) == (
        p["i0"].id, "ana@example.org", "edited", 2,
    )  # fmt: skip
    assert made.pair("i0").response == "hers"
    assert made.pair("i1").review_status == "approved"
    [notice] = list_notices(ana)
    assert caller.user in notice.message
    assert "i0" in notice.message
    assert (notice.entity_type, notice.entity_id) == ("training_sheet", made.id)
    assert list_notices(caller) == []


def test_if_every_pair_conflicts_the_review_is_refused_and_the_other_still_told(
    caller, assemble, as_role
):
    made = assemble()
    ana = as_role("reviewer", "ana@example.org")
    seen = made.pair("i0")
    review_pairs(ana, made.id, Review(action="reject", pair_ids=[seen.id], reason="hers"))
    mine = Review(action="approve", pair_ids=[seen.id], versions={seen.id: seen.version})
    with pytest.raises(Conflict) as refused:
        review_pairs(caller, made.id, mine)
    problem = refused.value.problem()
    assert problem["field"] == "version"
    assert "ana@example.org" in problem["detail"]
    assert [c["review_status"] for c in problem["conflicts"]] == ["rejected"]
    assert made.pair("i0").review_reason == "hers"
    assert len(list_notices(ana)) == 1


def test_a_conflict_with_oneself_leaves_no_notice(caller, assemble):
    made = assemble()
    seen = made.pair("i0")
    review_batch(caller, made.id, ReviewBatch(changes=[decide("approve", seen)]))
    with pytest.raises(Conflict):
        review_batch(caller, made.id, ReviewBatch(changes=[decide("reject", seen, reason="no")]))
    assert list_notices(caller) == []


def test_reopening_takes_an_edit_back(caller, assemble):
    made = assemble()
    for ref, before in (("i0", ("greet", "existing_column")), ("i5", (None, "none"))):
        for response in ("wrong", "worse"):
            edit = decide("edit", made.pair(ref), response=response)
            review_batch(caller, made.id, ReviewBatch(changes=[edit]))
        reopened = review_batch(
            caller, made.id, ReviewBatch(changes=[decide("reopen", made.pair(ref))])
        )
        assert (reopened.changed, reopened.labels_withdrawn) == (1, 1)
        pair = made.pair(ref)
        assert (pair.response, pair.response_source) == before
        assert (pair.review_status, pair.version) == ("pending", 4)
    assert labels(caller, made) == {}
    assert review_pairs(caller, made.id, Review(action="approve", where=PENDING)).changed == 5
    assert labels(caller, made)["i0"].response == "greet"
    history = label_history(caller, labels(caller, made)["i0"].id)
    assert [(v.change, v.response) for v in history] == [
        ("set", "greet"), ("withdrawn", "worse"), ("set", "worse"), ("set", "wrong"),
    ]  # fmt: skip


def test_reopening_by_filter_takes_edits_back_and_leaves_other_labels(caller, assemble):
    made = assemble()
    edit = Review(action="edit", pair_ids=[made.pair("i0").id], response="wrong")
    review_pairs(caller, made.id, edit)
    later = assemble(of=made)
    review_pairs(caller, later.id, Review(action="edit", pair_ids=[later.pair("i0").id],
                                          response="greet"))  # fmt: skip
    reopened = review_pairs(caller, made.id, Review(action="reopen", where=PairFilter()))
    assert (reopened.changed, reopened.labels_withdrawn) == (1, 0)
    assert made.pair("i0").response == labels(caller, made)["i0"].response == "greet"


def test_an_edit_after_reopening_is_taken_back_too(caller, assemble):
    made = assemble()
    for action in ("approve", "reopen", "edit", "reject", "reopen"):
        more = {"edit": {"response": "wrong"}, "reject": {"reason": "no"}}.get(action, {})
        change = decide(action, made.pair("i0"), **more)
        assert review_batch(caller, made.id, ReviewBatch(changes=[change])).changed == 1
    assert made.pair("i0").response == "greet"


def test_saying_the_same_again_changes_nothing(caller, assemble):
    made = assemble()
    one = [made.pair("i0").id]
    for review in (
        Review(action="edit", pair_ids=one, response="x"),
        Review(action="flag", pair_ids=one, reason="why"),
    ):
        assert review_pairs(caller, made.id, review).changed == 1
        again = review_pairs(caller, made.id, review)
        assert (again.changed, again.unchanged) == (0, 1)
    review_pairs(caller, made.id, Review(action="edit", pair_ids=one, response="x"))
    approve = review_pairs(caller, made.id, Review(action="approve", pair_ids=one))
    assert (approve.changed, approve.unchanged) == (0, 1)
    assert made.pair("i0").review_status == "edited"


def test_a_new_response_or_reason_is_a_change(caller, assemble):
    made = assemble()
    one = [made.pair("i0").id]
    for response in ("x", "y"):
        assert review_pairs(
            caller, made.id, Review(action="edit", pair_ids=one, response=response)
        ).changed
    for reason in ("a", "b"):
        assert review_pairs(
            caller, made.id, Review(action="reject", pair_ids=one, reason=reason)
        ).changed
    assert (made.pair("i0").version, made.pair("i0").review_reason) == (5, "b")


@pytest.mark.parametrize("text", ["x" * 10_000, "👩‍👩‍👧 ok", "line\n\nnext\t\\n", 'it\'s "so"; --'])
def test_any_text_is_a_response(caller, assemble, text):
    made = assemble()
    change = decide("edit", made.pair("i0"), response=text, reason="👍")
    assert review_batch(caller, made.id, ReviewBatch(changes=[change])).changed == 1
    assert made.pair("i0").response == text
    assert labels(caller, made)["i0"].response == text


@pytest.mark.parametrize(
    ("review", "field"),
    [
        ({"action": "edit", "response": "  "}, "response"),
        ({"action": "edit"}, "response"),
        ({"action": "approve", "response": "x"}, "response"),
        ({"action": "reject"}, "reason"),
        ({"action": "flag", "reason": " \n"}, "reason"),
    ],
)
def test_incomplete_reviews_name_the_field(caller, assemble, review, field):
    made = assemble()
    key = made.pair("i0").id
    with pytest.raises(Invalid) as wrong:
        review_pairs(caller, made.id, Review(pair_ids=[key], **review))
    assert wrong.value.field == field
    with pytest.raises(Invalid) as wrong:
        change = Decision(pair_id=key, version=1, **review)
        review_batch(caller, made.id, ReviewBatch(changes=[change]))
    assert wrong.value.field == f"changes.0.{field}"
    assert made.pair("i0").version == 1


def test_which_pairs_must_be_said_once(caller, assemble):
    made = assemble()
    pair = made.pair("i0")
    for given in ({}, {"pair_ids": [pair.id], "where": PENDING}):
        with pytest.raises(Invalid, match="either pair_ids or where"):
            review_pairs(caller, made.id, Review(action="approve", **given))
    with pytest.raises(Invalid, match="decided twice"):
        twice = [decide("approve", pair), decide("reject", pair, reason="no")]
        review_batch(caller, made.id, ReviewBatch(changes=twice))
    same = Review(action="approve", pair_ids=[pair.id, pair.id])
    assert review_pairs(caller, made.id, same).changed == 1


def test_pairs_of_elsewhere_are_refused_and_nothing_is_half_done(caller, assemble):
    made, other = assemble(), assemble()
    both = [made.pair("i0").id, other.pair("i0").id, new_id()]
    with pytest.raises(NotFound, match="2 of 3"):
        review_pairs(caller, made.id, Review(action="approve", pair_ids=both))
    assert made.pair("i0").review_status == "pending"


@pytest.mark.parametrize("status", ["assembling", "failed", "archived"])
def test_only_a_ready_training_sheet_is_reviewed(caller, assemble, status):
    made = assemble(status=status)
    with pytest.raises(NotNow, match=status):
        review_pairs(caller, made.id, Review(action="approve", where=PENDING))


def test_reviewing_needs_the_right(assemble, as_role):
    made = assemble()
    one = Review(action="approve", pair_ids=[made.pair("i0").id])
    with pytest.raises(Denied, match="write on labels"):
        review_pairs(as_role("data_consumer"), made.id, one)
    assert review_pairs(as_role("labeler"), made.id, one).changed == 1
    two = Review(action="approve", pair_ids=[made.pair("i1").id])
    assert review_pairs(as_role("reviewer"), made.id, two).changed == 1


def test_every_transition_holds_as_declared(caller, assemble):
    """From each state each action does what the lifecycle allows."""
    words = {"response": "other", "reason": "because"}
    needs = {"edit": ["response"], "reject": ["reason"], "flag": ["reason"]}
    become = {"approve": "approved", "edit": "edited", "reject": "rejected", "flag": "flagged",
              "reopen": "pending"}  # fmt: skip

    def act(pair_id, action, suffix=""):
        given = {k: words[k] + suffix for k in needs.get(action, [])}
        return review_pairs(caller, made.id, Review(action=action, pair_ids=[pair_id], **given))

    made = assemble()
    one = made.pair("i0").id
    for first, state in become.items():
        for action, to in become.items():
            act(one, "reopen")
            act(one, first)
            changed = act(one, action, "!").changed
            assert changed == (to in REVIEW_STATES.allowed[state]), (state, to)


def test_rejecting_withdraws_the_label_that_carries_the_response(caller, assemble):
    made = assemble()
    one = [made.pair("i0").id]
    review_pairs(caller, made.id, Review(action="approve", pair_ids=one))
    result = review_pairs(caller, made.id, Review(action="reject", pair_ids=one, reason="no"))
    assert (result.changed, result.labels_withdrawn) == (1, 1)
    assert labels(caller, made) == {}
    assert assemble(of=made).pair("i0").review_status == "pending"


def test_rejecting_an_older_response_leaves_a_newer_label(caller, assemble):
    made = assemble()
    review_pairs(caller, made.id, Review(action="approve", pair_ids=[made.pair("i0").id]))
    later = assemble(of=made)
    newer = Review(action="edit", pair_ids=[later.pair("i0").id], response="newer")
    review_pairs(caller, later.id, newer)
    reject = Review(action="reject", pair_ids=[made.pair("i0").id], reason="old")
    assert review_pairs(caller, made.id, reject).labels_withdrawn == 0
    assert labels(caller, made)["i0"].response == "newer"


def test_a_pending_pair_that_is_rejected_withdraws_nothing(caller, assemble):
    made = assemble()
    other = assemble(of=made)
    review_pairs(caller, made.id, Review(action="approve", where=PENDING))
    reject = Review(action="reject", where=PENDING, reason="no")
    result = review_pairs(caller, other.id, reject)
    assert (result.changed, result.labels_withdrawn) == (6, 0)
    assert len(labels(caller, made)) == 5


def test_a_withdrawn_label_that_is_set_again_goes_on_counting(caller, assemble):
    made = assemble()
    one = [made.pair("i0").id]
    review_pairs(caller, made.id, Review(action="approve", pair_ids=one))
    label_id = labels(caller, made)["i0"].id
    review_pairs(caller, made.id, Review(action="flag", pair_ids=one, reason="doubt"))
    review_pairs(caller, made.id, Review(action="edit", pair_ids=one, response="sure"))
    history = [
        (v.version, v.change, v.response, v.standing) for v in label_history(caller, label_id)
    ]
    assert history == [
        (3, "set", "sure", True), (2, "withdrawn", "greet", False), (1, "set", "greet", False),
    ]  # fmt: skip

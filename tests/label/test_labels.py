"""Canonical labels: made by reviews, reused by later pairs, with a readable history."""

import pytest

from ontos.bootstrap import Workbench
from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound
from ontos.kernel.fields import new_id
from ontos.label.labels import label_distribution, label_history, list_labels
from ontos.label.origins import look_up_tables
from ontos.label.pairs import PairFilter
from ontos.label.reviews import Review, review_pairs
from ontos.warehouse import tally
from tests.label.assembled import Maker
from tests.label.elsewhere import pairs_elsewhere, with_own_token


def approve_all(caller, made):
    return review_pairs(caller, made.id, Review(action="approve", where=PairFilter()))


def test_a_later_training_sheet_arrives_labelled(caller, assemble):
    made = assemble()
    approve_all(caller, made)
    later = assemble(of=made)
    pair = later.pair("i0")
    assert (pair.review_status, pair.response_source) == ("approved", "canonical")
    assert pair.canonical_label_id == made.pair("i0").canonical_label_id


def test_a_label_is_one_for_each_sheet_item_and_type(caller, assemble):
    made = assemble()
    approve_all(caller, made)
    approve_all(caller, assemble(of=made))
    approve_all(caller, assemble(of=made, label_type="mood"))
    found = list_labels(caller, sheet_id=made.sheet_id, item_ref="i0").items
    assert sorted(label.label_type for label in found) == ["intent", "mood"]
    assert len(list_labels(caller, label_type="mood").items) == 5


def test_agreeing_makes_no_version_and_an_edit_does(caller, assemble):
    made, other = (first := assemble()), assemble(of=first)
    approve_all(caller, made)
    assert approve_all(caller, other).labels_set == 0
    edit = Review(action="edit", pair_ids=[other.pair("i0").id], response="bye", reason="politer")
    assert review_pairs(caller, other.id, edit).labels_set == 1
    [label] = list_labels(caller, sheet_id=made.sheet_id, item_ref="i0").items
    assert (label.response, label.version, label.pair_id) == ("bye", 2, other.pair("i0").id)
    newest, oldest = label_history(caller, label.id)
    assert (newest.response, newest.reason, newest.changed_by) == ("bye", "politer", caller.user)
    assert (newest.standing, oldest.standing) == (True, False)
    assert (oldest.version, oldest.response, oldest.change) == (1, "greet", "set")


def test_lists_page_and_search(caller, assemble):
    made = assemble()
    approve_all(caller, made)
    first = list_labels(caller, limit=3)
    rest = list_labels(caller, limit=3, cursor=first.next_cursor)
    assert len({label.id for label in first.items + rest.items}) == 5
    assert rest.next_cursor is None
    assert {label.item_ref for label in list_labels(caller, search="LEAV").items} == {"i3", "i4"}
    assert [label.item_ref for label in list_labels(caller, search="i2").items] == ["i2"]


def test_odd_item_references_do_not_share_a_label(caller, assemble):
    """Item `a|b` of type `c`, and item `a` of type `b|c`."""
    rows = [{"ref": ref, "text": "x", "label": "1"} for ref in ("a|b", "a")]
    made = assemble(rows, label_type="c")
    approve_all(caller, made)
    approve_all(caller, assemble(of=made, label_type="b|c"))
    assert len(list_labels(caller, sheet_id=made.sheet_id).items) == 4


def test_the_distribution_counts_every_pair_once(caller, assemble):
    made = assemble()
    shown = label_distribution(caller, made.id, top=1)
    assert [(c.label, c.pairs) for c in shown.top] == [("greet", 3)]
    assert (shown.total, shown.distinct, shown.other) == (5, 2, 2)
    none = label_distribution(caller, made.id, review_status="rejected")
    assert (none.total, none.distinct, none.top, none.other) == (0, 0, [], 0)


def test_a_label_that_never_was_is_not_found(caller):
    with pytest.raises(NotFound):
        label_history(caller, new_id())
    with pytest.raises(NotFound):
        label_distribution(caller, new_id())


def test_labels_of_tables_from_elsewhere_are_read_beside_the_rights(
    caller: Caller, bench: Workbench, assemble: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = [pairs_elsewhere(bench), assemble()]
    for made in both:
        review_pairs(caller, made.id, Review(action="approve", where=PairFilter(has_response=True)))
    expected = list_labels(caller, limit=4)
    person = with_own_token(caller, monkeypatch)
    look_up_tables(person)
    for waits in (1, 1):  # the rights are not known, then they are
        with tally() as cost:
            assert list_labels(person, limit=4) == expected
        assert cost.waits == waits
    rest = list_labels(person, limit=4, cursor=expected.next_cursor)
    assert rest == list_labels(caller, limit=4, cursor=expected.next_cursor)
    one = list_labels(person, both[0].sheet_id).items
    assert {label.sheet_id for label in one} == {both[0].sheet_id}

import pytest

from ontos.kernel.errors import NotFound, Refused
from ontos.kernel.fields import new_id
from ontos.train.snapshots import RAREST, SHOWN_LABELS, get_training_gate, take
from ontos.train.training_jobs import TrainingJobSpec, create_training_job, list_training_jobs
from tests.train.made import WORDS, bar, training_sheet


def sides(snapshot):
    return {row["pair_id"]: row["side"] for row in snapshot.pairs.to_pylist()}


def test_the_snapshot_is_exactly_the_eligible_pairs(caller):
    made = training_sheet(caller)
    bar(caller, made, [0, 1], "training")
    caller.warehouse.execute(
        "UPDATE pairs SET review_status = 'rejected' WHERE id = :id", id=made.pair_ids[2]
    )
    snapshot = take(caller, made.id, 0.8, 7)
    assert set(sides(snapshot)) == set(made.pair_ids[3:])
    assert snapshot.train + snapshot.val == len(WORDS) - 3


def test_every_label_is_on_both_sides(caller):
    made = training_sheet(caller)
    label = dict(zip(made.pair_ids, (label for _, label in WORDS), strict=True))
    taken = sides(take(caller, made.id, 0.8, 7))
    assert len({(label[pair], side) for pair, side in taken.items()}) == 6


def test_the_same_seed_gives_the_same_sides(caller):
    made = training_sheet(caller)
    once, again, other = (sides(take(caller, made.id, 0.8, seed)) for seed in (7, 7, 8))
    assert once == again != other


def test_what_may_not_validate_trains(caller):
    made = training_sheet(caller)
    validating = [p for p, side in sides(take(caller, made.id, 0.8, 7)).items() if side == "val"]
    bar(caller, made, [made.pair_ids.index(validating[0])], "validation")
    snapshot = take(caller, made.id, 0.8, 7)
    assert sides(snapshot)[validating[0]] == "train"
    assert any("validation" in note for note in snapshot.notes)


def test_a_label_with_one_item_trains_and_is_reported(caller):
    made = training_sheet(caller, [*WORDS, ("please bring me a cow", "animal")])
    snapshot = take(caller, made.id, 0.8, 7)
    assert sides(snapshot)[made.pair_ids[-1]] == "train"
    assert any("'animal'" in note for note in snapshot.notes)


def test_nothing_approved_is_refused_with_the_counts(caller):
    made = training_sheet(caller, review="pending")
    with pytest.raises(Refused, match=f"{len(WORDS)} pending review") as refused:
        take(caller, made.id, 0.8, 7)
    assert refused.value.field == "training_sheet_id"
    assert refused.value.more["pending"] == len(WORDS)


def test_a_single_label_is_refused(caller):
    made = training_sheet(caller, [(text, "same") for text, _ in WORDS])
    with pytest.raises(Refused, match="same response"):
        take(caller, made.id, 0.8, 7)


def test_a_prompt_without_placeholders_is_refused(caller):
    """Before anything is made: the gate says it too."""
    made = training_sheet(caller)
    caller.warehouse.execute(
        "UPDATE training_sheets SET user_prompt = 'Which kind is it?' WHERE id = :id", id=made.id
    )
    spec = TrainingJobSpec(training_sheet_id=made.id, model_name="kinds")
    with pytest.raises(Refused, match="Write a placeholder into its user_prompt") as refused:
        create_training_job(caller, spec)
    gate = get_training_gate(caller, made.id)
    assert (gate.allowed, gate.reason) == (False, refused.value.detail)
    assert list_training_jobs(caller).items == []


def test_two_pairs_of_two_labels_are_too_few(caller):
    with pytest.raises(Refused, match="Approve more pairs"):
        take(caller, training_sheet(caller, [("a", "x"), ("b", "y")]).id, 0.8, 7)


def test_nothing_to_validate_with_is_refused(caller):
    made = training_sheet(caller)
    bar(caller, made, range(len(WORDS)), "validation")
    with pytest.raises(Refused, match="validation"):
        take(caller, made.id, 0.8, 7)


def test_a_sheet_that_is_still_assembled_is_refused(caller):
    with pytest.raises(Refused, match="assembling"):
        take(caller, training_sheet(caller, status="assembling").id, 0.8, 7)


def test_a_missing_sheet_is_named(caller):
    with pytest.raises(NotFound, match="training_sheet_id"):
        take(caller, new_id(), 0.8, 7)


def test_the_gate_counts_labels_and_what_is_held_back(caller):
    made = training_sheet(caller)
    bar(caller, made, [0], "training")
    bar(caller, made, [5], "validation")
    gate = get_training_gate(caller, made.id)
    assert gate.allowed and gate.reason is None
    assert (gate.eligibility.eligible, gate.eligibility.prohibited) == (len(WORDS) - 1, 1)
    assert (gate.classes, gate.not_for_validation) == (3, 1)
    counts = {count.label: count.pairs for count in gate.labels}
    assert counts == {"fruit": 17, "metal": 18, "tool": 18}


def test_the_gate_tells_the_rarest_of_many_labels(caller):
    rows = [(f"{label} {n}", f"l{label:02d}") for label in range(12) for n in range(label + 1)]
    made = training_sheet(caller, rows)
    gate = get_training_gate(caller, made.id)
    assert [count.label for count in gate.labels] == [f"l{n:02d}" for n in reversed(range(12))]
    assert [(c.label, c.pairs) for c in gate.fewest] == [
        (f"l{n:02d}", n + 1) for n in range(RAREST)
    ]


def test_the_rarest_are_told_where_not_all_labels_are(caller):
    """A text can be its own label: there may be more of them than are told."""
    rows = [(f"{n}", f"l{n:03d}") for n in range(SHOWN_LABELS + 20)] * 2
    gate = get_training_gate(caller, training_sheet(caller, [*rows, ("x", "rare")]).id)
    assert gate.classes == SHOWN_LABELS + 21 and len(gate.labels) == SHOWN_LABELS
    assert (gate.fewest[0].label, gate.fewest[0].pairs, len(gate.fewest)) == ("rare", 1, RAREST)


def test_the_gate_says_why_not(caller):
    gate = get_training_gate(caller, training_sheet(caller, review="flagged").id)
    assert not gate.allowed and "flagged" in str(gate.reason)

"""Which examples a model learns from, and which it is judged by."""

import random
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ontos.kernel.errors import Invalid
from ontos.train.split import assign, open_ended

rows_of = st.lists(
    st.tuples(st.integers(0, 40).map("i{}".format), st.sampled_from("abcdef")),
    min_size=2,
    max_size=120,
)


def sides_of(rows, fraction=0.8, seed=7, **more):
    items, responses = zip(*rows, strict=True)
    return assign(items, responses, fraction, seed, **more)


def labelled(**counts):
    return [(f"{label}{n}", label) for label, count in counts.items() for n in range(count)]


@settings(deadline=None)
@given(rows_of, st.floats(0.05, 0.95), st.integers(0, 5))
def test_an_item_is_on_one_side_and_both_sides_have_some(rows, fraction, seed):
    if len({item for item, _ in rows}) < 2:
        return
    split = sides_of(rows, fraction, seed)
    found = defaultdict(set)
    for (item, _), side in zip(rows, split.sides, strict=True):
        found[item].add(str(side))
    assert all(len(sides) == 1 for sides in found.values())
    assert split.train > 0 and split.val > 0
    counts = Counter(split.sides)
    assert (split.train, split.val) == (counts["train"], counts["val"])


@settings(deadline=None)
@given(rows_of, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows, shuffle):
    if len({item for item, _ in rows}) < 2:
        return
    once = dict(zip((item for item, _ in rows), sides_of(rows).sides, strict=True))
    shuffle.shuffle(rows)
    assert once == dict(zip((item for item, _ in rows), sides_of(rows).sides, strict=True))


def test_each_response_gives_its_share():
    split = sides_of(labelled(a=100, b=50, c=10, d=3, e=2))
    rows = labelled(a=100, b=50, c=10, d=3, e=2)
    val = Counter(
        label for (_, label), side in zip(rows, split.sides, strict=True) if side == "val"
    )
    assert val == {"a": 20, "b": 10, "c": 2, "d": 1, "e": 1}


def test_every_response_validates_before_any_gives_more_than_its_share():
    rows = labelled(**{f"label{n}": 4 for n in range(10)})
    split = sides_of(rows, 0.75)
    val = [label for (_, label), side in zip(rows, split.sides, strict=True) if side == "val"]
    assert sorted(val) == sorted({label for _, label in rows})


def test_a_response_with_one_item_trains_and_is_reported():
    split = sides_of([*labelled(a=5, b=5), ("x", "only"), ("x", "only")])
    assert split.single == ("only",) and list(split.sides[-2:]) == ["train", "train"]


def test_the_seed_decides():
    rows = labelled(a=200, b=200)
    sides = [tuple(sides_of(rows, seed=seed).sides) for seed in (1, 1, 2)]
    assert sides[0] == sides[1] != sides[2]


def test_more_items_move_few_of_the_former():
    rows = labelled(a=500, b=500)
    more = [*rows, *((f"new{n}", "ab"[n % 2]) for n in range(100))]
    before, after = sides_of(rows).sides, sides_of(more).sides[: len(rows)]
    assert (before != after).mean() < 0.05


def test_answers_are_split_as_one_group():
    rows = [(f"i{n}", f"answer {n}") for n in range(100)]
    split = sides_of(rows)
    assert (split.val, split.stratified, split.single) == (20, False, ())
    assert open_ended(100, 100) and not open_ended(18_000, 151) and not open_ended(6, 6)


def test_labels_that_each_have_one_item_still_give_a_validation_side():
    assert sides_of([("i1", "a"), ("i2", "b"), ("i3", "c")]).val == 1


def test_bad_input_is_refused():
    with pytest.raises(Invalid) as refused:
        assign(["a", "b"], ["x", "y"], 1.0, 1)
    assert refused.value.field == "train_val_split"
    with pytest.raises(Invalid, match="at least two items"):
        assign(["a", "a"], ["x", "y"], 0.5, 1)


def test_many_items():
    draw = random.Random(3)  # noqa: S311 - a fixed sequence is wanted
    rows = [(f"item-{n:07d}", f"label {draw.randrange(151)}") for n in range(200_000)]
    split = sides_of(rows)
    assert split.val == pytest.approx(40_000, abs=100)

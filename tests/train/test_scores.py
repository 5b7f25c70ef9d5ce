"""How good predictions are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontos.kernel.errors import Invalid
from ontos.train.scores import (
    accuracy,
    by_label,
    evaluate_predictions,
    sign_test,
    token_f1,
)

TRUTH = ["refund", "refund", "refund", "login", "login", "hours"]
GIVEN = ["refund", "refund", "login", "login", "refund", "refund"]


def test_accuracy():
    assert accuracy(TRUTH, GIVEN) == pytest.approx(3 / 6)


def test_each_label_has_its_errors():
    rows = {score.label: score.row() for score in by_label(TRUTH, GIVEN)}
    assert rows["refund"] == {
        "label": "refund",
        "support": 3,
        "predicted": 4,
        "precision": 0.5,
        "recall": pytest.approx(2 / 3),
        "f1": pytest.approx(4 / 7),
        "error_rate": pytest.approx(1 / 3),
    }
    assert rows["hours"]["precision"] is None and rows["hours"]["error_rate"] == 1.0


def test_a_label_that_nobody_has_shows_no_recall():
    (never,) = [score for score in by_label(["a"], ["b"]) if score.label == "b"]
    assert never.recall is None and never.error_rate is None and never.precision == 0.0


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcde")), min_size=1))
def test_labels_add_up_to_the_whole(pairs):
    truth, predicted = zip(*pairs, strict=True)
    labels = by_label(truth, predicted)
    assert sum(score.support for score in labels) == len(pairs)
    assert sum(score.predicted for score in labels) == len(pairs)
    correct = sum(score.correct for score in labels)
    assert correct / len(pairs) == pytest.approx(accuracy(truth, predicted))
    assert 0 <= evaluate_predictions(truth, predicted)["macro_f1"] <= 1


def test_macro_f1_is_the_usual_one():
    from sklearn.metrics import f1_score

    usual = f1_score(TRUTH, GIVEN, average="macro", zero_division=0)
    assert evaluate_predictions(TRUTH, GIVEN)["macro_f1"] == pytest.approx(usual)


def test_words_overlap():
    assert token_f1(["We open at nine."], ["we open at ten"]) == [pytest.approx(0.75)]
    assert token_f1(["", "a", "!"], ["", "", "!"]) == [1.0, 0.0, 1.0]


def test_evaluations_by_kind():
    assert evaluate_predictions(TRUTH, GIVEN)["classes"] == 3
    free = evaluate_predictions(["a b", "c"], ["a b", "d"], open_ended=True)
    assert free == {"accuracy": 0.5, "exact_match": 0.5, "token_f1": 0.5}


def test_nothing_is_no_score():
    with pytest.raises(Invalid, match="nothing to score"):
        accuracy([], [])
    with pytest.raises(Invalid, match="1 predictions cannot be scored against 2"):
        by_label(["a", "b"], ["a"])


@pytest.mark.parametrize(
    ("improved", "worsened", "chance"),
    [(0, 0, 1.0), (1, 0, 1.0), (15, 13, 0.8506), (5, 0, 0.0625), (0, 6, 0.03125), (30, 10, 0.0022)],
)
def test_chance_splits_changes(improved, worsened, chance):
    assert sign_test(improved, worsened) == pytest.approx(chance, abs=5e-5)


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_sign_test_is_the_binomial_one(improved, worsened):
    from scipy.stats import binomtest

    usual = binomtest(improved, improved + worsened).pvalue if improved + worsened else 1.0
    assert sign_test(improved, worsened) == pytest.approx(usual)


def test_the_sign_test_takes_as_many_as_are_compared():
    assert sign_test(10_000, 10_000) == 1.0 and sign_test(20_000, 0) == 0.0

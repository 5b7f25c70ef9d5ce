import pytest

from ontos.kernel.errors import NotFound, Refused
from ontos.train.comparisons import compare_versions


def test_both_versions_answer_the_same_unseen_pairs(trained):
    seen = compare_versions(trained.caller, "kinds", "1", "2")
    assert seen.examples == seen.validation_pairs == trained.second.val_pairs
    accuracy = seen.metrics["accuracy"]
    assert accuracy.delta == pytest.approx(accuracy.b - accuracy.a)
    assert "macro_f1" in seen.metrics and "classes" not in seen.metrics
    assert sum(label.support for label in seen.per_label) == seen.examples
    assert seen.improved == seen.worsened == 0
    assert (seen.chance, seen.better) == (1.0, None)


def test_the_other_way_round_mirrors(trained):
    there = compare_versions(trained.caller, "kinds", "1", "2")
    back = compare_versions(trained.caller, "kinds", "2", "1")
    assert back.examples == there.examples
    assert back.metrics["accuracy"].delta == pytest.approx(-there.metrics["accuracy"].delta)


def test_pairs_that_one_of_them_trained_on_are_left_out(trained):
    swap = (
        "UPDATE training_job_pairs SET side = CASE WHEN side = 'val' THEN 'train' ELSE 'val' END"
        " WHERE job_id = :id"
    )
    trained.caller.warehouse.execute(swap, id=trained.first.id)
    try:
        with pytest.raises(Refused, match="same seed"):
            compare_versions(trained.caller, "kinds", "1", "2")
    finally:
        trained.caller.warehouse.execute(swap, id=trained.first.id)


@pytest.mark.parametrize(
    ("model", "version"), [("kinds", "99"), ("nothing", "1"), ("kinds", "'; --")]
)
def test_a_missing_version_is_named(trained, model, version):
    with pytest.raises(NotFound, match="no version"):
        compare_versions(trained.caller, model, "1", version)

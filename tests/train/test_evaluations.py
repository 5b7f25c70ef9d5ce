import pytest

from ontos.kernel.errors import NotFound, NotNow, Refused
from ontos.train.evaluations import ask, evaluate_training_job, get_evaluation
from ontos.train.training_jobs import TrainingJobSpec, create_training_job
from tests.train.made import training_sheet


def test_an_evaluation_asks_every_validation_pair(trained):
    made = evaluate_training_job(trained.caller, trained.first.id)
    assert made.examples == trained.first.val_pairs
    assert 0 < made.metrics["accuracy"] <= 1 and 0 < made.metrics["macro_f1"] <= 1
    assert sum(label.support for label in made.per_label) == made.examples
    assert (made.model_name, made.model_version) == ("kinds", "1")
    answers = trained.caller.warehouse.rows(
        "SELECT * FROM evaluation_answers WHERE evaluation_id = :id", id=made.evaluation_id
    )
    assert {row["pair_id"] for row in answers} <= set(trained.sheet.pair_ids)
    assert len(answers) == made.examples


def test_confusions_and_labels_are_counted_from_the_answers(trained):
    made = evaluate_training_job(trained.caller, trained.second.id)
    trained.caller.warehouse.execute(
        "UPDATE evaluation_answers SET predicted = 'metal' WHERE evaluation_id = :id"
        " AND expected = 'tool'",
        id=made.evaluation_id,
    )
    seen = get_evaluation(trained.caller, trained.second.id, made.evaluation_id)
    worst = seen.per_label[0]
    assert (worst.label, worst.recall, worst.error_rate) == ("tool", 0.0, 1.0)
    assert [(c.expected, c.predicted, c.count) for c in seen.confusions] == [
        ("tool", "metal", worst.support)]  # fmt: skip


def test_the_latest_evaluation_is_shown(trained):
    evaluate_training_job(trained.caller, trained.first.id)
    latest = evaluate_training_job(trained.caller, trained.first.id)
    assert get_evaluation(trained.caller, trained.first.id) == latest


def test_without_a_model_there_is_nothing_to_evaluate(bench):
    bench.pool.stop()
    caller = bench.local_caller()
    sheet = training_sheet(caller)
    spec = TrainingJobSpec(training_sheet_id=sheet.id, model_name="kinds")
    job = create_training_job(caller, spec)
    with pytest.raises(NotNow, match="pending"):
        evaluate_training_job(caller, job.id)
    with pytest.raises(NotFound):
        get_evaluation(caller, job.id)


def test_no_pair_is_no_evaluation(trained):
    nothing = trained.caller.warehouse.arrow("SELECT id AS pair_id, prompt FROM pairs WHERE 1 = 0")
    with pytest.raises(Refused):
        ask(trained.caller, "kinds", "1", nothing)

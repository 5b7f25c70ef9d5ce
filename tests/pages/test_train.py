import pytest

from ontos.kernel.fields import new_id
from ontos.train.evaluations import evaluate_training_job
from ontos.train.training_jobs import (
    TrainingJobSpec,
    advance,
    create_training_job,
    list_training_jobs,
)
from tests.pages.opened import figure, opened, press, sound, texts, visited
from tests.train.made import WORDS, training_sheet
from tests.trained import trained

__all__ = ["trained"]


@pytest.fixture
def idle(bench):
    """A caller of a workbench whose jobs wait: nothing is trained."""
    bench.pool.stop()
    return bench.local_caller()


@pytest.mark.parametrize(
    ("view", "says"),
    [("new", "Nothing to train on yet"), ("jobs", "No model has been trained yet"),
     ("compare", "Nothing to compare yet")],
)  # fmt: skip
def test_an_empty_view_says_what_to_do(bench, view, says):
    page = opened(bench, "train", view=view)
    assert says in texts(page)
    assert any(button.proto.type == "primary" for button in page.button)


def test_the_gate_is_explained_before_training(bench, idle):
    sheet = training_sheet(idle, review="pending")
    page = opened(bench, "train", view="new", sheet=sheet.id)
    assert figure(page, "To train on") == "0"
    assert f"{len(WORDS)} pending review" in texts(page)
    assert "Train" not in [button.label for button in page.button]


def test_pressing_train_makes_a_job_with_the_settings(bench, idle):
    sheet = training_sheet(idle)
    page = opened(bench, "train", view="new", sheet=sheet.id)
    assert figure(page, "To train on") == str(len(WORDS))
    page.text_input(key=f"new-model-name-{sheet.id}").set_value("fruits")
    page.slider(key="new-model-share").set_value(70)
    page = sound(press(page, "Train"))
    job = list_training_jobs(idle).items[0]
    assert (job.model_name, job.train_val_split, job.status) == ("fruits", 0.7, "pending")
    assert "fruits" in page.subheader[0].value
    assert "Stop the training" in [button.label for button in page.button]


def test_a_refused_job_keeps_what_was_typed(bench, idle):
    sheet = training_sheet(idle)
    page = opened(bench, "train", view="new", sheet=sheet.id)
    page.text_input(key=f"new-model-name-{sheet.id}").set_value("not/allowed")
    page = press(page, "Train")
    assert "Model name: " in page.error[0].value
    assert page.text_input(key=f"new-model-name-{sheet.id}").value == "not/allowed"
    assert list_training_jobs(idle).items == []


def test_a_running_job_shows_its_progress_and_can_be_cancelled(bench, idle):
    spec = TrainingJobSpec(training_sheet_id=training_sheet(idle).id, model_name="kinds")
    job = create_training_job(idle, spec)
    advance(idle, job.id, "queued")
    advance(idle, job.id, "running", progress_percent=42.0)
    page = opened(bench, "train", view="jobs", job=job.id)
    assert "running" in page.subheader[0].value
    page = sound(press(page, "Stop the training"))
    assert list_training_jobs(idle).items[0].status == "cancelled"
    assert "cancelled" in page.subheader[0].value


def test_a_failed_job_says_why(bench, idle):
    spec = TrainingJobSpec(training_sheet_id=training_sheet(idle).id, model_name="kinds")
    job = create_training_job(idle, spec)
    advance(idle, job.id, "failed", error_message="the disk is full")
    page = opened(bench, "train", view="jobs")
    assert "failed" in texts(page)
    page = press(page, "Open")
    assert "the disk is full" in page.error[0].value


def test_a_trained_model_shows_how_good_it_is(trained):
    evaluate_training_job(trained.caller, trained.first.id)
    page = opened(trained.bench, "train", view="jobs", job=trained.first.id)
    assert figure(page, "Right on validation").endswith("%")
    assert figure(page, "Pairs trained on") == str(trained.first.train_pairs)
    assert {"Deploy", "Evaluate", "Train again"} <= {button.label for button in page.button}
    assert page.tabs[0].label == "How good it is"
    assert "things" in texts(page)


def test_evaluating_by_a_click(trained):
    page = opened(trained.bench, "train", view="jobs", job=trained.second.id)
    page = sound(press(page, "Evaluate"))
    assert f"{trained.second.val_pairs:,} pairs answered" in texts(page)


def test_jobs_are_listed(trained):
    page = opened(trained.bench, "train", view="jobs")
    assert "kinds" in texts(page) and "right on validation" in texts(page)


def test_two_versions_are_compared_by_a_click(trained):
    page = opened(trained.bench, "train", view="compare", model="kinds")
    page = sound(press(page, "Compare"))
    assert figure(page, "Right answers").endswith("%")
    assert figure(page, "Became wrong") == "0"


def test_a_job_that_is_not_there_is_said_so(bench):
    page = visited(bench, "train", view="jobs", job=new_id())
    assert not page.exception and "no training job" in page.error[0].value

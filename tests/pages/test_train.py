import pytest
from streamlit.testing.v1 import AppTest

from ontos.kernel.fields import new_id
from ontos.train.comparisons import CLEAR, Difference, compare_versions
from ontos.train.evaluations import evaluate_training_job
from ontos.train.scores import sign_test
from ontos.train.training_jobs import (
    TrainingJobSpec,
    advance,
    create_training_job,
    list_training_jobs,
)
from pages.data.words import escaped
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


def test_what_is_rare_is_shown_beside_what_is_frequent(bench, idle):
    rows = [(f"{label} {n}", f"l{label:02d}") for label in range(40) for n in range(4)]
    sheet = training_sheet(idle, [*rows, ("alone", "wrong_label")])
    page = opened(bench, "train", view="new", sheet=sheet.id)
    often, rarest = (h.proto.body for h in page.get("html") if 'class="bars"' in h.proto.body)
    assert often.count("<tr") == 20 and "wrong_label" not in often
    assert "wrong_label: 1 pair" in rarest and rarest.count("<tr") == 5
    assert "The 20 most frequent of 41" in texts(page) and "16 are not shown" in texts(page)


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
    said = page.error[0].value
    assert escaped("Model name: ") in said and escaped("not_allowed would do") in said
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


def test_training_again_makes_a_version_of_the_same_model(trained):
    page = opened(trained.bench, "train", view="jobs", job=trained.first.id)
    page = sound(press(page, "Train again"))
    assert page.query_params["model"] in ("kinds", ["kinds"])
    name = next(field for field in page.text_input if field.label == "Model name")
    assert name.value == "kinds"


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


def test_the_versions_that_are_compared_stay_in_the_address(trained):
    page = opened(trained.bench, "train", view="compare", model="kinds")
    usual = page.selectbox(key="compare-From-kinds").value
    other = {"1": "2", "2": "1"}[usual]
    page = page.selectbox(key="compare-From-kinds").select(other).run()
    assert page.query_params["from"] in (other, [other])
    del page.query_params["from"]  # as the browser's Back does
    assert page.run().selectbox(key="compare-From-kinds").value == usual


def compared(trained, improved: int, worsened: int) -> AppTest:
    """The page after a comparison in which so many answers changed."""
    chance = sign_test(improved, worsened)
    seen = compare_versions(trained.caller, "kinds", "1", "2")
    accuracy = Difference(a=0.9566, b=0.9570, delta=0.0004 if improved > worsened else -0.0004)
    leads = "2" if improved > worsened else "1"
    found = seen.model_copy(update={
        "improved": improved, "worsened": worsened, "chance": chance,
        "better": leads if chance < CLEAR else None, "metrics": {"accuracy": accuracy},
    })  # fmt: skip
    asked = {"view": "compare", "model": "kinds", "from": "1", "to": "2"}
    page = opened(trained.bench, "train", **asked)
    page.session_state["comparison"] = found
    return sound(page.run())


def test_versions_that_hardly_differ_are_not_called_better(trained):
    page = compared(trained, 15, 13)
    assert "No clear difference" in texts(page)
    assert "28 pairs changed: 15 became right, 13 wrong" in texts(page)
    assert "85% of such comparisons" in texts(page) and "below 5%" in texts(page)
    (right,) = (metric for metric in page.metric if metric.label == "Right answers")
    assert right.proto.color == right.proto.MetricColor.GRAY
    (deploy,) = (button for button in page.button if button.label.startswith("Deploy"))
    assert (deploy.label, deploy.proto.type) == ("Deploy v2", "secondary")


@pytest.mark.parametrize(("improved", "worsened", "better"), [(30, 10, "2"), (0, 6, "1")])
def test_the_version_that_is_clearly_better_is_offered(trained, improved, worsened, better):
    page = compared(trained, improved, worsened)
    assert f"v{better} is better" in texts(page)
    (deploy,) = (button for button in page.button if button.label.startswith("Deploy"))
    assert (deploy.label, deploy.proto.type) == (f"Deploy v{better}", "primary")


def test_versions_that_answer_alike_do_not_differ(trained):
    page = press(opened(trained.bench, "train", view="compare", model="kinds"), "Compare")
    assert "No difference" in texts(page)


def test_a_job_that_is_not_there_is_said_so(bench):
    page = visited(bench, "train", view="jobs", job=new_id())
    assert not page.exception and "no training job" in page.error[0].value

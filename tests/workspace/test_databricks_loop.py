"""The closed loop at the level of the protocols, through the real SDK and the real MLflow."""

import pytest

from ontos.workspace import Guardrails
from tests.wire.workspace.half import PLACE, ended, half, opened, start, until

QUESTION = {"message": "bring one saw"}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("workspace")) as workspace:
        yield workspace


@pytest.fixture(scope="module")
def trained(workspace, tmp_path_factory):
    """Two versions of `kinds`, trained side by side by the project's own script."""
    app = half(tmp_path_factory.mktemp("home"))
    handles = [start(app, "run-1"), start(app, "run-2", flip=True)]
    right, wrong = (ended(app, handle) for handle in handles)
    assert (right.status, wrong.status) == ("succeeded", "succeeded"), (right, wrong)
    return app, right.result, wrong.result


def test_train_register_serve_query_update_roll_back(workspace, trained):
    """Jobs, MLflow and Serving endpoints API in one go: submit, register, create, query, update
    config and back by a traffic of 0 percent, with the states that each passes through."""
    app, right, wrong = trained
    name, first, second = right["model_name"], right["model_version"], wrong["model_version"]
    assert name == f"{PLACE}.kinds" and {first, second} == {"1", "2"}
    assert app.models.names() == [name]
    assert app.models.version("kinds", first).inputs == ("message",)

    app.serving.create("desk", name, first)
    assert _settled(app, "creating").model_version == first
    assert app.serving.query("desk", [QUESTION] * 2).predictions == ["tool", "tool"]

    app.serving.update("desk", name, {second: 100})
    assert _settled(app, "updating").model_version == second
    assert app.serving.query("desk", [QUESTION] * 20).predictions == ["fruit"] * 20

    app.serving.update("desk", name, {first: 100})
    assert _settled(app, "updating").model_version == first
    assert app.serving.query("desk", [QUESTION] * 20).predictions == ["tool"] * 20
    assert _traffic(workspace, "default-desk") == {f"version-{first}": 100, f"version-{second}": 0}

    assert app.serving.guard("desk", Guardrails(pii="MASK")).held == set()
    assert workspace.unforeseen == []


def test_a_run_is_kept_where_ai_runtime_keeps_it(workspace, trained):
    """AI Runtime task, output: the MLflow run of a submission. Not documented in the SDK: that the
    script's environment names it, so that the script continues it."""
    _, right, _ = trained
    [experiment] = workspace.tracking.experiments.values()
    assert experiment.name == "/Shared/ontos/default"
    run = workspace.tracking.run(right["run_id"])
    assert run.info.status.value == "FINISHED"
    assert "val_accuracy" in {metric.key for metric in run.data.metrics}
    assert {"ontos.job_id", "ontos.user"} <= {tag.key for tag in run.data.tags}
    assert len(workspace.tracking.runs) == 2


def test_the_registered_model_is_loaded_in_the_app(trained):
    """Registered Models API: a version that was registered is loaded by MLflow,
    by its three-level name."""
    app, right, _ = trained
    model = app.models.load("kinds", right["model_version"])
    assert model.predict([QUESTION]) == ["tool"]
    answer = model.get_raw_model().answers(["Message: bring one pear\nKind:"])[0]
    assert answer.response == "fruit"


def _settled(app, moving):
    return until(lambda: app.serving.state("desk"), lambda state: state.status != moving)


def _traffic(workspace, name):
    config = workspace.serving.endpoints[name].active
    return {r.served_entity_name: r.traffic_percentage for r in config.traffic.routes}

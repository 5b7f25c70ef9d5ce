"""Registered models of Unity Catalog, written by MLflow's own client as training writes them."""

import pytest

from ontos.kernel.errors import Denied, NotFound, Unavailable
from ontos.workspace.databricks.client import Connection
from ontos.workspace.databricks.models import DatabricksModels
from tests.wire.workspace.faults import Fault
from tests.wire.workspace.half import half, opened, register


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("workspace")) as workspace:
        register(workspace, "greeter", "hello", "good day")
        workspace.faults.clear()
        yield workspace


@pytest.fixture
def models(workspace):
    return half(workspace.root / "home").models


def test_names_are_three_level(models):
    """Registered Models API, list: those of a schema, each with its name of three levels."""
    assert models.names() == ["workbench.data_default.greeter"]
    assert models.full_name("greeter") == "workbench.data_default.greeter"
    assert models.full_name("other.s.m") == "other.s.m"


def test_versions_newest_first_in_two_requests(workspace, models):
    """Model Versions API, list: in no particular order and without aliases, which
    the model's get tells."""
    workspace.faults.clear()
    assert [each.version for each in models.versions("greeter")] == ["2", "1"]
    assert len(workspace.faults.calls) == 2
    assert models.versions("nobody") == []


def test_a_version_with_its_tags_and_aliases(models):
    """Registered Models API, set alias: an alias points to a version. Keys of tags hold no dots in
    Unity Catalog; ours come back as they were meant."""
    Connection().client.registered_models.set_alias("workbench.data_default.greeter", "best", 2)
    found = models.version("greeter", "2")
    assert (found.inputs, found.aliases) == (("name",), ("best",))
    assert found.tags == {"ontos.inputs": '["name"]'}
    assert [each.aliases for each in models.versions("greeter")] == [("best",), ()]
    for version in ("3", "champion"):
        assert models.version("greeter", version) is None


def test_a_dotted_key_of_a_tag_is_refused_by_the_workspace(workspace, models):
    """Unity Catalog, constraints of tags: none of `. , - = / :` in a key."""
    import mlflow
    from mlflow.exceptions import MlflowException

    client = mlflow.MlflowClient(tracking_uri="databricks", registry_uri="databricks-uc")
    with pytest.raises(MlflowException, match="may not contain"):
        client.set_model_version_tag("workbench.data_default.greeter", "1", "a.b", "c")


def test_a_version_is_loaded_and_answers(models):
    """Model Versions API, ModelVersionInfo: once it is READY, a version can be
    loaded for inference."""
    answer = models.load("greeter", "1").predict([{"name": "Ann"}])
    assert list(answer) == ["hello, Ann"]


def test_a_version_that_is_not_there_is_not_loaded(models):
    """SDK, errors: NotFound for a version that does not exist; MLflow is not
    asked for its files."""
    with pytest.raises(NotFound, match="greeter has no version 9"):
        models.load("greeter", "9")


def test_files_that_are_gone_are_told_as_such(workspace, models):
    """Not documented: what a READY version answers whose files are gone; MLflow's
    own error is told."""
    name = register(workspace, "hollow", "hello")
    for path in workspace.files.local(workspace.models.place(name, 1)).rglob("*"):
        if path.is_file():
            path.unlink()
    with pytest.raises(Unavailable, match="Version 1 of hollow cannot be loaded"):
        models.load("hollow", "1")


def test_the_registry_is_checked_by_its_schema(workspace, models):
    """Schemas API, get: 404 where there is none, and 403 without the privileges to use it."""
    models.check()
    with pytest.raises(Unavailable, match=r"There is no schema workbench\.data_nowhere"):
        DatabricksModels(Connection(), "workbench", "data_nowhere").check()
    token = workspace.people.add("bob@example.org")
    with pytest.raises(Denied, match="does not have USE CATALOG"):
        DatabricksModels(Connection(token), "workbench", "data_default").check()


def test_a_registry_that_is_down_is_not_an_empty_one(workspace, models):
    """SDK, errors: 500 is InternalError; NotFound alone means that there is nothing."""
    for path in ("/unity-catalog/models", "/mlflow/unity-catalog"):
        workspace.faults.plan(Fault(path, status=500, code="INTERNAL_ERROR", message="down"))
    for call in (models.names, lambda: models.version("greeter", "1")):
        with pytest.raises(Unavailable, match="down"):
            call()
    assert workspace.unforeseen == []

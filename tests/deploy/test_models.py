import pytest

from ontos.deploy.models import find_version, list_model_versions, list_models
from ontos.kernel.errors import NotFound
from tests.deploy.made import ready


def test_a_registered_model_shows_its_newest_version(trained):
    model = next(m for m in list_models(trained.caller).items if m.name == "kinds")
    assert (model.trained_versions, model.latest_version) == (2, "2")
    assert model.accuracy is not None and model.training_sheet_name == "things"


def test_a_model_says_which_version_answers_where(trained):
    with ready(trained, "former", "1"):
        model = next(m for m in list_models(trained.caller).items if m.name == "kinds")
    assert "former" in model.answering["1"] and "former" in model.endpoints
    assert "former" not in model.answering.get("2", [])


def test_versions_say_how_they_were_made_and_where_they_answer(trained):
    with ready(trained, "shown", "1"):
        newer, older = list_model_versions(trained.caller, "kinds").items
    assert (newer.version, older.version) == ("2", "1")
    assert older.job_id == trained.first.id and older.inputs == ["message"]
    assert older.metrics["val_accuracy"] == trained.first.metrics["val_accuracy"]
    assert "shown" in older.endpoints and "shown" not in newer.endpoints


def test_a_missing_version_names_those_there_are(trained):
    with pytest.raises(NotFound, match=r"no version '9'. Versions: 2, 1") as missing:
        find_version(trained.caller, "kinds", "9")
    assert missing.value.field == "model_version"


@pytest.mark.parametrize("name", ["nothing", "'; DROP TABLE pairs; --", "🍏", "x" * 10_000, "a\nb"])
def test_a_missing_model_is_named(trained, name):
    with pytest.raises(NotFound) as missing:
        list_model_versions(trained.caller, name)
    assert missing.value.field == "model_name"


def test_without_a_registry_there_are_no_models(caller):
    assert list_models(caller).items == []

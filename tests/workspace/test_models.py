import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ontos.kernel.errors import NotFound, Unavailable
from ontos.workspace.local.models import LocalModels


@pytest.fixture
def models(registry: Path) -> LocalModels:
    return LocalModels(registry)


def test_a_registry_that_does_not_exist_yet_is_empty_and_well(tmp_path):
    models = LocalModels(tmp_path)
    models.check()
    assert (models.names(), models.versions("any"), models.version("any", "1")) == ([], [], None)
    assert list(tmp_path.iterdir()) == []


def test_names(models):
    assert models.names() == ["broken", "greeter", "picky"]
    assert models.full_name("greeter") == "greeter"


def test_versions_newest_first_with_aliases_tags_and_inputs(models):
    newest, oldest = models.versions("greeter")
    assert (newest.version, oldest.version) == ("2", "1")
    assert (newest.aliases, oldest.aliases) == (("champion",), ())
    assert newest.inputs == ("message", "tone")
    assert newest.tags == {"ontos.inputs": '["message", "tone"]'}
    assert newest.run_id and newest.created_at.endswith("+00:00")


@pytest.mark.parametrize("name", ["", "nobody", "it's", 'say "hi"', "a' OR '1'='1", "x" * 5000])
def test_a_name_that_is_not_there_has_no_versions(models, name):
    assert models.versions(name) == []


def test_one_version(models):
    assert models.version("greeter", "1") == models.versions("greeter")[1]
    assert models.version("greeter", "2").aliases == ("champion",)


@pytest.mark.parametrize("version", ["9", "one", "", "0", "-1", " 1", "01", "1.0", "9" * 30])
def test_a_version_that_is_not_there(models, version):
    assert models.version("greeter", version) is None


def test_loading_what_is_not_registered(models):
    with pytest.raises(NotFound, match="greeter has no version 9"):
        models.load("greeter", "9")


def test_artifacts_lie_in_the_home(models, registry):
    assert any((registry / "mlartifacts").rglob("toy.json"))


def test_check_answers_without_mlflow(registry):
    code = (
        "import sys; from pathlib import Path; from ontos.workspace.local.models import "
        "LocalModels; LocalModels(Path(sys.argv[1])).check(); print('mlflow' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, str(registry)], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "False"


def test_check_names_a_registry_that_does_not_open(tmp_path):
    (tmp_path / "mlflow.db").write_bytes(b"this is not a database" * 100)
    with pytest.raises(Unavailable, match=r"mlflow\.db does not open"):
        LocalModels(tmp_path).check()


def test_check_waits_for_nobody(tmp_path):
    with sqlite3.connect(tmp_path / "mlflow.db") as store:
        store.execute("CREATE TABLE registered_models (name TEXT)")
    store.close()
    LocalModels(tmp_path).check()

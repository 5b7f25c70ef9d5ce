"""A trained model in MLflow: all of it, or nothing."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from ontos.kernel.errors import Unavailable
from ontos.train.served import Card, Served
from ontos.train.tracking import Record, Stopped, _take_back, publish
from ontos.train.trainers.retrieval import RetrievalHead
from ontos.workspace.local.models import LocalModels
from tests.train.sentences import QUESTIONS

# MLflow's own dependencies warn; nothing that we could change.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("registry")


@pytest.fixture
def models(home, monkeypatch):
    import mlflow

    models = LocalModels(home)
    for name, value in models.tracking_env().items():
        monkeypatch.setenv(name, value)
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)
    return models


def record(name):
    head = RetrievalHead.learn(*zip(*QUESTIONS, strict=True), 1000)
    card = Card("retrieval", head.kind, "{{ question }}", ("question",), None, "No idea.")
    return Record(
        name,
        "ontos",
        "job-1",
        Served(card, head),
        {"seed": 7},
        {"val_accuracy": 0.5},
        [text for text, _ in QUESTIONS],
    )


def stop():
    raise Stopped


def test_versions_count_up(models, tmp_path):
    for number in ("1", "2"):
        (folder := tmp_path / number).mkdir()
        done = publish(record("counted"), folder, lambda message: None, lambda: None)
        assert done.model_version == number
    assert [version.version for version in models.versions("counted")] == ["2", "1"]


def test_a_stop_before_the_end_takes_the_version_back(models, tmp_path):
    with pytest.raises(Stopped):
        publish(record("stopped"), tmp_path, lambda message: None, stop)
    assert "stopped" not in models.names()


def test_a_stop_leaves_former_versions(models, tmp_path):
    for number in ("1", "2"):
        (tmp_path / number).mkdir()
    publish(record("kept"), tmp_path / "1", lambda message: None, lambda: None)
    with pytest.raises(Stopped):
        publish(record("kept"), tmp_path / "2", lambda message: None, stop)
    assert [version.version for version in models.versions("kept")] == ["1"]


class Listing:
    """A registry in whose list a page is empty before the last one."""

    def __init__(self, *runs):
        self.there = [SimpleNamespace(version=str(n), run_id=run) for n, run in enumerate(runs, 1)]
        self.models = ["shared"]

    def search_model_versions(self, filter_string, page_token=None):
        from mlflow.store.entities import PagedList

        return PagedList(self.there, None) if page_token else PagedList([], "next")

    def delete_model_version(self, name, version):
        self.there = [each for each in self.there if each.version != version]

    def get_registered_model(self, name):
        return name

    def delete_registered_model(self, name):
        self.models.remove(name)


@pytest.mark.parametrize(
    ("runs", "new", "left", "models"),
    [
        (("theirs", "mine"), True, ["1"], ["shared"]),
        (("theirs",), True, ["1"], ["shared"]),
        (("mine",), False, [], ["shared"]),
        (("mine",), True, [], []),
    ],
)
def test_what_is_taken_back_is_its_own(runs, new, left, models):
    registry = Listing(*runs)
    _take_back(registry, "shared", "mine", new)
    assert [each.version for each in registry.there] == left and registry.models == models


class Forgetful(RetrievalHead):
    """Keeps other answers than it gives."""

    def save(self, folder):
        RetrievalHead(
            self.features, self.responses[::-1], self.starts, self.examples, self.weights
        ).save(folder)


def test_a_model_that_answers_otherwise_once_stored_is_not_registered(models, tmp_path):
    good = record("otherwise")
    wrong = Served(good.served.card, Forgetful(**vars(good.served.head)))
    with pytest.raises(Unavailable, match="answers otherwise"):
        publish(replace(good, served=wrong), tmp_path, lambda message: None, lambda: None)
    assert "otherwise" not in models.names()

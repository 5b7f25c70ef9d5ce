import pytest

from ontos.workspace import Person
from ontos.workspace.local.people import LocalPeople
from ontos.workspace.local.secrets import LocalSecrets


def test_a_secret_comes_from_its_variable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ONTOS_SECRET_OPEN_AI_KEY", "s3cret")
    secrets = LocalSecrets()
    assert secrets.get("open-ai.key") == secrets.get("OPEN_AI_KEY") == "s3cret"
    assert secrets.get("other") is None


def test_nobody_has_groups_on_one_machine():
    assert LocalPeople().groups(Person("ann")) == frozenset()

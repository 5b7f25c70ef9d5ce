"""Secrets of a scope, which the workspace sends in base64."""

import pytest

from ontos.kernel.errors import Denied
from ontos.workspace.databricks.client import Connection
from ontos.workspace.databricks.secrets import DatabricksSecrets
from tests.wire.workspace.half import half, opened


@pytest.fixture
def workspace(tmp_path):
    with opened(tmp_path) as workspace:
        workspace.secrets.scopes["ontos"] = {"webhook": "s3cret ü"}
        yield workspace


def test_a_secret_of_the_scope(workspace):
    secrets = half(workspace.root / "home").secrets
    assert secrets.get("webhook") == "s3cret ü"
    assert secrets.get("unknown") is None


def test_a_scope_that_is_missing_holds_nothing(workspace):
    workspace.secrets.scopes.clear()
    assert half(workspace.root / "home").secrets.get("webhook") is None


def test_the_environment_comes_first_and_asks_nobody(workspace, monkeypatch):
    monkeypatch.setenv("ONTOS_SECRET_WEBHOOK", "given")
    assert half(workspace.root / "home").secrets.get("webhook") == "given"
    assert workspace.faults.calls == []


def test_a_reader_without_rights_is_told_so(workspace):
    token = workspace.people.add("bob@example.org")
    with pytest.raises(Denied, match=r"secret webhook cannot be read.*READ permission"):
        DatabricksSecrets(Connection(token)).get("webhook")

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
    """Secrets API, get: the value in bytes (base64, as the SDK's dbutils reads it), and
    RESOURCE_DOES_NOT_EXIST without one. The reference names DBUtils as its only caller."""
    secrets = half(workspace.root / "home").secrets
    assert secrets.get("webhook") == "s3cret ü"
    assert secrets.get("unknown") is None


def test_a_scope_that_is_missing_holds_nothing(workspace):
    """Secrets API, get: RESOURCE_DOES_NOT_EXIST where the scope is missing; the
    workbench has no secret."""
    workspace.secrets.scopes.clear()
    assert half(workspace.root / "home").secrets.get("webhook") is None


def test_the_environment_comes_first_and_asks_nobody(workspace, monkeypatch):
    """Databricks Apps, resources: a secret may be given in the environment; then
    the API is not asked."""
    monkeypatch.setenv("ONTOS_SECRET_WEBHOOK", "given")
    assert half(workspace.root / "home").secrets.get("webhook") == "given"
    assert workspace.faults.calls == []


def test_a_reader_without_rights_is_told_so(workspace):
    """Secrets API, get: PERMISSION_DENIED without the READ permission on the scope."""
    token = workspace.people.add("bob@example.org")
    with pytest.raises(Denied, match=r"secret webhook cannot be read.*READ permission"):
        DatabricksSecrets(Connection(token)).get("webhook")

"""A host that stops in the midst of signing in holds nobody for ever."""

import time

import pytest

from ontos.kernel.errors import Unavailable
from ontos.workspace.databricks.client import told
from ontos.workspace.databricks.signing import SignIn, within
from tests.wire.workspace.faults import Fault
from tests.wire.workspace.half import opened


def test_what_is_quick_comes_back_as_it_is():
    """Not documented: the SDK asks for tokens without any time limit. Within ours
    its answer is left be."""
    assert within(5, lambda: "token") == "token"
    with pytest.raises(ValueError, match="refused"):
        within(5, lambda: _raise(ValueError("refused")))
    with pytest.raises(TimeoutError, match="its own"):
        within(5, lambda: _raise(TimeoutError("its own")))


def test_what_is_slow_is_given_up():
    """Not documented: the SDK asks for tokens without any time limit. Ours ends the wait."""
    began = time.monotonic()
    with pytest.raises(TimeoutError, match=r"longer than 0\.05 s"):
        within(0.05, lambda: time.sleep(1))
    assert time.monotonic() - began < 0.5


def test_a_token_that_never_comes(tmp_path):
    """OAuth machine-to-machine: the host answered when asked about itself, its
    token endpoint does not."""
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.config import Config

    with opened(tmp_path) as workspace:
        workspace.faults.plan(Fault("POST /oidc/v1/token", delay=2))
        client = WorkspaceClient(config=Config(credentials_strategy=SignIn(0.2)))
        began = time.monotonic()
        with pytest.raises(Unavailable, match="I cannot be read: signing in took longer"):
            _me(client)
        assert time.monotonic() - began < 1.5


def _me(client):
    with told("I cannot be read"):
        return client.current_user.me()


def _raise(error):
    raise error

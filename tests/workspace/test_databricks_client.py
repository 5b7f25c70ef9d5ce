"""Reaching the workspace and not reaching it: what is said, how soon, and what heals by itself."""

import http.server
import socket
import threading
import time

import pytest

from ontos.kernel.errors import Denied, NotFound, Unauthenticated, Unavailable
from ontos.workspace import Person
from ontos.workspace.databricks.client import Connection, told
from tests.wire.workspace.faults import Fault
from tests.wire.workspace.half import half, opened


@pytest.fixture
def workspace(tmp_path):
    with opened(tmp_path / "workspace") as workspace:
        workspace.catalog.add_table("main.sales.orders", {"id": "bigint"})
        yield workspace


def catalogs():
    with told("The catalogs cannot be listed"):
        return sorted(each.name for each in Connection().client.catalogs.list())


def failing(call):
    """The refusal, which must come within seconds."""
    began = time.monotonic()
    with pytest.raises((Unavailable, Denied)) as refusal:
        call()
    assert time.monotonic() - began < 8
    return refusal.value


def test_the_app_signs_in_as_its_service_principal(workspace):
    """SDK, OAuth machine-to-machine: client id and secret for a token, once for many calls."""
    for _ in range(3):
        assert catalogs() == ["main", "workbench"]
    assert workspace.faults.count("POST /oidc/v1/token") == 1


def test_a_persons_token_stands_beside_the_apps_own(workspace):
    """Databricks Apps, user authorization: the proxy forwards a token, while the app's credentials
    stay in the environment. SDK: two ways to sign in are refused unless `auth_type` names one."""
    person = Connection(workspace.people.add("ann@example.org")).client
    assert person.current_user.me().user_name == "ann@example.org"
    assert Connection().client.current_user.me().user_name == "app-id"


def test_tokens_are_renewed_before_they_expire(workspace):
    """SDK, OAuth: a token counts as expired 40 seconds early, and the next call
    asks for another."""
    workspace.people.token_seconds = 2  # less than the SDK's margin: each call renews
    assert catalogs() == catalogs()
    assert workspace.faults.count("POST /oidc/v1/token") > 1


def test_a_dead_host_is_named_within_seconds(monkeypatch):
    """SDK, retries: a refused connection is tried again until `retry_timeout_seconds` are over. The
    workbench asks the host for a sign of life first, and names it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        host = f"http://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setenv("DATABRICKS_HOST", host)
    refusal = failing(catalogs)
    assert host in refusal.detail and "Check DATABRICKS_HOST" in refusal.detail


def test_a_host_that_accepts_and_says_nothing_is_given_up(monkeypatch):
    """SDK, retries: an answer that does not come is asked for again as well; the
    sign of life ends it."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("DATABRICKS_HOST", host)
        assert "does not answer (ReadTimeout)" in failing(catalogs).detail


def test_a_host_that_is_no_workspace_is_told_apart_from_a_missing_thing(monkeypatch):
    """SDK, errors: NotFound also for a 404 without an error document: `unable to
    parse response`."""
    server = http.server.HTTPServer(("127.0.0.1", 0), Elsewhere)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        monkeypatch.setenv("DATABRICKS_HOST", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("DATABRICKS_TOKEN", "any")
        refusal = failing(catalogs)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert "not as a Databricks workspace" in refusal.detail
    assert "Check DATABRICKS_HOST" in refusal.detail


def test_no_host_is_said_so(monkeypatch, tmp_path):
    """SDK, unified authentication: ValueError where nothing is configured; the
    workbench names the host."""
    for name in ("DATABRICKS_HOST", "DATABRICKS_TOKEN", "DATABRICKS_CLIENT_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "none"))
    assert "DATABRICKS_HOST is not set" in failing(catalogs).detail


def test_a_wrong_client_secret(workspace, monkeypatch):
    """OAuth (RFC 6749, 5.2): `invalid_client` where credentials are refused. SDK:
    told as ValueError."""
    monkeypatch.setenv("DATABRICKS_CLIENT_SECRET", "of yesterday")
    refusal = failing(catalogs)
    assert "DATABRICKS_CLIENT_SECRET" in refusal.detail
    assert "of yesterday" not in refusal.detail


def test_a_persons_token_that_was_revoked_is_refused(workspace):
    """SDK, errors: 401 is Unauthenticated, with the SDK's settings behind the message. The
    workbench leaves those out, and asks to sign in anew."""
    token = workspace.people.add("ann@example.org")
    app = half(workspace.root / "home", Person("ann@example.org", token=token))
    assert app.catalog.catalogs() == ["workbench"]
    workspace.people.revoke(token)
    with pytest.raises(Unauthenticated, match=r"has expired\. Reload the page") as refusal:
        app.catalog.catalogs()
    assert token not in refusal.value.detail and "Config:" not in refusal.value.detail


def test_the_app_signs_in_anew_after_its_token_was_revoked(workspace):
    """SDK, errors: 401 is Unauthenticated. Not documented: the SDK keeps a token that was refused.
    The workbench drops its client, so that the next call signs in anew."""
    assert catalogs()
    workspace.people.revoke()
    with pytest.raises(Denied):
        catalogs()
    assert catalogs() == ["main", "workbench"]


def test_a_call_that_may_be_repeated_outlives_a_revoked_token(workspace):
    """SDK, retries: 401 is not asked again; the workbench signs in anew and asks once more."""
    assert catalogs()
    workspace.people.revoke()
    me = Connection().ask("I cannot be read", lambda client: client.current_user.me())
    assert me.user_name == "app-id"


@pytest.mark.parametrize("status, code", [(429, "REQUEST_LIMIT_EXCEEDED"), (503, "")])
def test_a_busy_workspace_is_asked_again(workspace, status, code):
    """SDK, retries: 429 and 503 are asked again after `Retry-After`, or after a
    second without one."""
    catalogs()
    busy = workspace.faults.plan(Fault("/catalogs", status=status, code=code))
    assert catalogs() == ["main", "workbench"] and busy.seen == 1


def test_a_link_that_breaks_is_tried_again(workspace):
    """SDK, retries: a connection that breaks is tried again."""
    catalogs()
    cut = workspace.faults.plan(Fault("/catalogs", cut=True))
    assert catalogs() == ["main", "workbench"] and cut.seen == 1


def test_a_host_that_dies_later_is_asked_for_a_sign_of_life_first(workspace):
    """SDK, retries: TimeoutError once `retry_timeout_seconds` are over. The first to notice waits
    for that; those who follow do not."""
    catalogs()
    workspace.faults.plan(Fault(".", times=9, delay=7))
    with pytest.raises(Unavailable, match=rf"{workspace.url} does not answer in time"), told("No"):
        raise TimeoutError("Timed out after 0:00:20")
    assert "does not answer (ReadTimeout)" in failing(catalogs).detail
    workspace.faults.clear()
    assert catalogs()


def test_an_error_of_the_workspace_is_told_once(workspace):
    """SDK, errors: 500 is InternalError and not asked again, 404 is NotFound;
    both keep the message."""
    workspace.faults.plan(Fault("/tables/", status=500, code="INTERNAL_ERROR", message="oops"))
    with pytest.raises(Unavailable, match=r"oops.*ask the workspace's admin"):
        half(workspace.root / "home").catalog.table("main.sales.orders")
    with (
        pytest.raises(NotFound, match=r"Schema 'main\.nope' does not exist"),
        told("The schema cannot be read"),
    ):
        Connection().client.schemas.get("main.nope")


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """Some other web server."""

    def do_GET(self):
        self.send_response(404)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<html><body>There is no such page here.</body></html>")

    def log_message(self, format, *args):
        """Silent."""

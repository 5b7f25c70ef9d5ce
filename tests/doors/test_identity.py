"""Who is asking: tokens, the proxy's headers, the local user; and everybody else is nobody."""

import dataclasses
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from ontos.bootstrap import Workbench, local_person
from ontos.doors.identity import from_elsewhere, from_request, mode, on_loopback, proxied
from ontos.govern.tokens import TokenSpec, create_token, list_tokens, revoke_token
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Denied, Unauthenticated
from ontos.kernel.fields import now
from ontos.kernel.permission import Level
from ontos.kernel.settings import Settings

HERE = {"host": "127.0.0.1:8501"}
PROXIED = {
    "host": "app.example.com",
    "x-forwarded-email": "ada@example.org",
    "x-forwarded-access-token": "obo",
}


@pytest.fixture
def behind_proxy(bench: Workbench) -> Iterator[Workbench]:
    """The same store, in a process that runs behind the Apps proxy."""
    usual = bench.settings
    bench.settings = usual.model_copy(update={"identity": "proxy"})
    yield bench
    bench.settings = usual


def ask(bench: Workbench, headers: dict[str, str], client: str | None = "127.0.0.1") -> Caller:
    return from_request(bench, headers, client, "rest")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8501", "localhost:8501", "localhost", "LocalHost", "[::1]:8501", "127.0.0.2"],
)
def test_the_local_user_is_administrator_on_loopback(bench: Workbench, host: str) -> None:
    caller = ask(bench, {"host": host})
    assert caller.person == local_person()
    assert caller.roles == {"admin"}
    assert (caller.door, caller.scopes) == ("rest", None)


@pytest.mark.parametrize("client", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_loopback_clients(client: str) -> None:
    assert on_loopback(HERE, client)


@pytest.mark.parametrize("client", ["10.0.0.7", "::ffff:10.0.0.7", None, "", "testclient"])
def test_other_machines_are_nobody(bench: Workbench, client: str | None) -> None:
    with pytest.raises(Unauthenticated, match="X-Ontos-Token"):
        ask(bench, HERE, client)


@pytest.mark.parametrize(
    "foreign",
    [
        {"host": "workbench.example.com"},
        {"host": "127.0.0.1.example.com"},
        {"host": "["},
        {"host": ""},
        {"origin": "http://evil.example.com"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "null"},
        {"origin": "http://["},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"x-forwarded-for": "203.0.113.9"},
        {"forwarded": "for=203.0.113.9"},
    ],
)
def test_a_foreign_page_or_name_is_nobody(foreign: dict[str, str]) -> None:
    assert not on_loopback(HERE | foreign, "127.0.0.1")


@pytest.mark.parametrize(
    "own",
    [
        {"origin": "http://127.0.0.1:8501", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
    ],
)
def test_the_apps_own_pages_are_the_local_user(own: dict[str, str]) -> None:
    assert on_loopback(HERE | own, "127.0.0.1")


def test_proxy_headers_mean_nothing_without_a_proxy(bench: Workbench) -> None:
    assert ask(bench, HERE | {"x-forwarded-email": "ada@example.org"}).person == local_person()
    with pytest.raises(Unauthenticated):
        ask(bench, PROXIED, "10.0.0.7")


def test_behind_the_proxy_its_headers_name_the_person(behind_proxy: Workbench) -> None:
    caller = ask(behind_proxy, PROXIED, "10.0.0.7")
    assert (caller.user, caller.person.token) == ("ada@example.org", "obo")
    assert caller.roles == {"data_consumer"}


def test_behind_the_proxy_loopback_is_nobody(behind_proxy: Workbench) -> None:
    with pytest.raises(Unauthenticated, match="X-Forwarded-Email"):
        ask(behind_proxy, HERE)


def test_behind_the_proxy_a_foreign_page_is_nobody(behind_proxy: Workbench) -> None:
    with pytest.raises(Unauthenticated):
        ask(behind_proxy, PROXIED | {"sec-fetch-site": "cross-site"}, "10.0.0.7")


def test_the_proxy_may_name_only_a_username() -> None:
    assert proxied({"x-forwarded-preferred-username": "ada"}).user == "ada"


def test_the_obo_token_is_not_shown(behind_proxy: Workbench) -> None:
    assert "obo" not in repr(ask(behind_proxy, PROXIED, "10.0.0.7").person)


@pytest.mark.parametrize(
    ("site", "elsewhere"),
    [
        (None, False),
        ("none", False),
        ("same-origin", False),
        ("same-site", True),
        ("cross-site", True),
    ],
)
def test_where_a_browser_says_it_is(site: str | None, elsewhere: bool) -> None:
    assert from_elsewhere({"sec-fetch-site": site} if site else {}) is elsewhere


def test_a_token_is_its_user_within_its_scopes(bench: Workbench, reader: str) -> None:
    caller = ask(bench, {"host": "anywhere.example.com", "x-ontos-token": reader}, "10.0.0.7")
    assert caller.person == local_person()
    assert caller.scopes == {"sheets": Level.read}


def test_a_token_wins_over_where_it_comes_from(bench: Workbench, reader: str) -> None:
    assert ask(bench, HERE | {"x-ontos-token": reader}).scopes is not None
    with pytest.raises(Unauthenticated, match="unknown or revoked"):
        ask(bench, HERE | {"x-ontos-token": "ontos_made_up"})


def test_a_revoked_token_is_nobody_at_once(bench: Workbench, reader: str) -> None:
    me = bench.local_caller()
    ask(bench, {"x-ontos-token": reader}, "10.0.0.7")
    revoke_token(me, list_tokens(me).items[0].id)
    with pytest.raises(Unauthenticated, match="unknown or revoked"):
        ask(bench, {"x-ontos-token": reader}, "10.0.0.7")


def test_an_expired_token_is_nobody(bench: Workbench) -> None:
    me = bench.local_caller()
    made = create_token(me, TokenSpec(title="short", scopes={"sheets": "read"}, days=1))
    me.system.execute(
        "UPDATE tokens SET expires_at = :at WHERE id = :id",
        at=now() - timedelta(seconds=1),
        id=made.id,
    )
    with pytest.raises(Unauthenticated, match="expired"):
        ask(bench, {"x-ontos-token": made.secret}, "10.0.0.7")


def test_an_org_of_others_is_denied(bench: Workbench) -> None:
    with pytest.raises(Denied, match="nobodys"):
        ask(bench, HERE | {"x-ontos-org": "nobodys"})


def test_using_a_token_is_noted(bench: Workbench, reader: str) -> None:
    me = bench.local_caller()
    assert list_tokens(me).items[0].last_used_at is None
    ask(bench, {"x-ontos-token": reader}, "10.0.0.7")
    assert list_tokens(me).items[0].last_used_at is not None


def test_a_person_without_a_role_reads(as_role: Callable[..., Caller]) -> None:
    consumer = as_role("data_consumer")
    assert consumer.levels["sheets"] == Level.read
    assert dataclasses.replace(consumer).scopes is None


@pytest.mark.parametrize("chosen", ["local", "proxy", "oidc"])
def test_a_setting_decides_who_says_who_one_is(chosen: str) -> None:
    assert mode(Settings(identity=chosen)) == chosen

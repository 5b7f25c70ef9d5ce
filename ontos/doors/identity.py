"""Who is asking, by the headers of a request. The same rules hold for REST, MCP and pages.

A token names its user. Else, behind the Apps proxy, the proxy's headers do. Else, on loopback, it
is the operating-system user, provided that no browser page of another origin sent the request.
"""

import ipaddress
import os
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlsplit

from ontos.bootstrap import Workbench, local_person
from ontos.doors.forwarded import NEWEST
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Unauthenticated
from ontos.kernel.settings import Settings
from ontos.workspace import Person

OWN = "x-forwarded-access-token"
"""The person's own token at the workspace, as its proxy passes it on."""
TOKEN, ORG, PROJECT = "x-ontos-token", "x-ontos-org", "x-ontos-project"
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host")
"""A proxy's marks: what it passes on comes from its own client, not from this machine."""


class Knowing(Protocol):
    """What tells people from their headers: a workbench, or what is there before it opens."""

    @property
    def settings(self) -> Settings: ...
    def known(self, person: Person) -> Person: ...


def mode(settings: Settings) -> str:
    """`proxy`, `oidc` or `local`."""
    if settings.identity != "auto":
        return settings.identity
    if os.environ.get("DATABRICKS_APP_NAME") or os.environ.get("DATABRICKS_APP_PORT"):
        return "proxy"
    return "oidc" if _oidc_configured() else "local"


def _oidc_configured() -> bool:
    import streamlit as st

    try:
        return "auth" in st.secrets
    except FileNotFoundError:
        return False


def from_request(
    bench: Workbench, headers: Mapping[str, str], client: str | None, door: str
) -> Caller:
    """The caller of a request that carries no session; raises Unauthenticated with the remedy.

    Each such request enters here, and is told first where the warehouse does not answer.
    """
    bench.awake()
    org, project = headers.get(ORG), headers.get(PROJECT)
    if secret := headers.get(TOKEN):
        forwarded = headers.get(OWN) if mode(bench.settings) == "proxy" else None
        return bench.directory.of_token(secret, door, org, project, forwarded)
    return bench.directory.of_person(person_of(bench, headers, client), org, door, project)


def person_of(
    bench: Knowing, headers: Mapping[str, str], client: str | None, came: float | None = None
) -> Person:
    """Who sent these headers from `client`, when no token says so.

    `came` tells when, where that was not just now (by the monotonic clock): a newer token of the
    same person then takes the place of the one in them.
    """
    how = mode(bench.settings)
    if how == "proxy" and not from_elsewhere(headers):
        return bench.known(NEWEST.refreshed(proxied(headers), came))
    if how == "local" and on_loopback(headers, client):
        return local_person()
    raise Unauthenticated(
        "Nobody is signed in: send an API token as X-Ontos-Token. "
        "Tokens are made on the Govern page."
    )


def proxied(headers: Mapping[str, str]) -> Person:
    """The person whom the Databricks Apps proxy signed in."""
    user = headers.get("x-forwarded-email") or headers.get("x-forwarded-preferred-username")
    if not user:
        raise Unauthenticated(
            "The proxy names no user (X-Forwarded-Email is missing). Open the app by its own URL."
        )
    return Person(user, token=headers.get(OWN))


def from_elsewhere(headers: Mapping[str, str]) -> bool:
    """A browser says that a page of another origin is behind this request."""
    return headers.get("sec-fetch-site", "none") not in ("none", "same-origin")


def on_loopback(headers: Mapping[str, str], client: str | None) -> bool:
    """From this machine, to a loopback name, forwarded by nobody, and for no foreign web page."""
    if from_elsewhere(headers) or any(name in headers for name in FORWARDED):
        return False
    host = headers.get("host", "")
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2] != host:
        return False
    return _loopback(client) and _loopback(_name(host))


def _name(host: str) -> str | None:
    """A Host header without its port."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback

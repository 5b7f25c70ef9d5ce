"""Sign-in, the current user and its groups: several people with several tokens."""

import base64
import itertools
import json
import threading
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from databricks.sdk.service import iam

from tests.wire.workspace.http import Person, Raw, Refusal, Request, Routes

WORKSPACE_ID = "1234567890"
OPEN = ("/.well-known/", "/oidc/", "/signed/")
"""What is asked without a token."""


@dataclass
class People:
    """Tokens and who holds them. The app's service principal signs in with `client`."""

    client: tuple[str, str] = ("app-id", "app-secret")
    app: Person = field(default_factory=lambda: Person("app-id", frozenset({"admins"}), admin=True))
    token_seconds: int = 3600
    _tokens: dict[str, Person] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, name: str, *groups: str, admin: bool = False) -> str:
        """A person; their token."""
        return self.issue(Person(name, frozenset(groups), admin))

    def issue(self, person: Person) -> str:
        with self._lock:
            token = f"token-{next(self._numbers)}-of-{person.name}"
            self._tokens[token] = person
        return token

    def revoke(self, token: str | None = None) -> None:
        """One token, or all that were ever issued."""
        with self._lock:
            if token is None:
                self._tokens.clear()
            else:
                self._tokens.pop(token)

    def of(self, request: Request) -> Person:
        if request.path.startswith(OPEN):
            return Person("nobody")
        return self.holder(request.headers.get("authorization", "").removeprefix("Bearer "))

    def holder(self, token: str) -> Person:
        """Raises what the workspace answers to a token that nobody holds."""
        person = self._tokens.get(token)
        if person is None:
            raise Refusal(401, "UNAUTHENTICATED", "The access token is invalid or was revoked")
        return person

    def routes(self) -> Routes:
        return [
            ("GET", "/.well-known/databricks-config", self._host),
            ("GET", "/oidc/.well-known/oauth-authorization-server", self._oidc),
            ("POST", "/oidc/v1/token", self._token),
            ("GET", "/api/2.0/preview/scim/v2/Me", self._me),
        ]

    def _host(self, request: Request) -> dict[str, str]:
        return {"oidc_endpoint": f"{request.base}/oidc", "workspace_id": WORKSPACE_ID}

    def _oidc(self, request: Request) -> dict[str, str]:
        return {
            "authorization_endpoint": f"{request.base}/oidc/v1/authorize",
            "token_endpoint": f"{request.base}/oidc/v1/token",
        }

    def _token(self, request: Request) -> object:
        """OAuth client credentials: the app as a service principal. Errors are in OAuth's form."""
        given = {name: v[-1] for name, v in parse_qs(request.content.decode()).items()}
        pair = request.headers.get("authorization", "").removeprefix("Basic ")
        known = base64.b64decode(pair).decode().split(":", 1)
        if tuple(known) != self.client or given.get("grant_type") != "client_credentials":
            said = {"error": "invalid_client", "error_description": "Client authentication failed"}
            return Raw(json.dumps(said).encode(), 401, {"Content-Type": "application/json"})
        return {
            "access_token": self.issue(self.app),
            "token_type": "Bearer",
            "expires_in": self.token_seconds,
        }

    def _me(self, request: Request) -> iam.User:
        groups = sorted(request.person.groups)
        return iam.User(
            user_name=request.person.name,
            active=True,
            groups=[iam.ComplexValue(display=name) for name in groups],
        )

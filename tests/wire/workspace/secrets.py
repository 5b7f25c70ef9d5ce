"""Secret scopes, whose values are sent in base64."""

import base64
from dataclasses import dataclass, field

from databricks.sdk.service import workspace

from tests.wire.workspace.http import Person, Refusal, Request, Routes, denied, missing


@dataclass
class Secrets:
    """`readers` of a scope, by name or group: first who made it. Administrators read all."""

    scopes: dict[str, dict[str, str]] = field(default_factory=dict)
    readers: dict[str, set[str]] = field(default_factory=dict)

    def routes(self) -> Routes:
        return [
            ("GET", "/api/2.0/secrets/get", self._get),
            ("GET", "/api/2.0/secrets/scopes/list", self._scopes),
            ("POST", "/api/2.0/secrets/scopes/create", self._create_scope),
            ("POST", "/api/2.0/secrets/put", self._put),
        ]

    def _get(self, request: Request) -> workspace.GetSecretResponse:
        scope, key = request.query["scope"], request.query["key"]
        if scope not in self.scopes:
            raise missing(f"Scope {scope} does not exist!")
        self._check(request.person, scope)
        if key not in self.scopes[scope]:
            raise missing(f"Failed to get secret {key} for scope {scope}")
        value = base64.b64encode(self.scopes[scope][key].encode()).decode()
        return workspace.GetSecretResponse(key=key, value=value)

    def _check(self, person: Person, scope: str) -> None:
        allowed = self.readers.get(scope, set())
        if not (person.admin or allowed & {person.name, *person.groups}):
            raise denied(f"User {person.name} does not have READ permission on scope {scope}")

    def _scopes(self, request: Request) -> workspace.ListScopesResponse:
        return workspace.ListScopesResponse([workspace.SecretScope(name=n) for n in self.scopes])

    def _create_scope(self, request: Request) -> None:
        name = request.json["scope"]
        if name in self.scopes:
            raise Refusal(400, "RESOURCE_ALREADY_EXISTS", f"Scope {name} already exists!")
        self.scopes[name], self.readers[name] = {}, {request.person.name}

    def _put(self, request: Request) -> None:
        if request.json["scope"] not in self.scopes:
            raise missing(f"Scope {request.json['scope']} does not exist!")
        self.scopes[request.json["scope"]][request.json["key"]] = request.json["string_value"]

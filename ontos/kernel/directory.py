"""Turns who asks into a caller: org, roles, levels and, for a token, its scopes.

Rights are read in one statement and kept for a short while; any change to members, roles or
tokens made in this process is seen at once.
"""

import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar, cast

from ontos.kernel.caller import Caller
from ontos.kernel.errors import Denied, Unauthenticated
from ontos.kernel.fields import now
from ontos.kernel.operation import OPERATIONS
from ontos.kernel.permission import DEFAULT_ROLE, Level, merge
from ontos.kernel.pulse import Pulse
from ontos.kernel.settings import Settings
from ontos.warehouse import Row, Warehouse
from ontos.workspace import Person, Workspace

T = TypeVar("T")

KEPT_SECONDS = 30.0
Workspaces = Callable[[str, Person], Workspace]


@dataclass(frozen=True)
class Token:
    user: str
    org: str
    scopes: Mapping[str, Level]
    expires_at: datetime | None


@dataclass(frozen=True)
class Grant:
    roles: frozenset[str]
    levels: Mapping[str, Level]


class Directory:
    """`system` is the schema of orgs, members and tokens; `stores` gives an org's own schema."""

    def __init__(
        self, system: Warehouse, stores: Callable[[str], Warehouse], workspaces: Workspaces,
        settings: Settings, pulse: Pulse,
    ) -> None:  # fmt: skip
        self._system, self._stores, self._workspaces = system, stores, workspaces
        self._settings, self._pulse = settings, pulse
        self._kept: dict[object, tuple[float, object]] = {}
        self._lock = threading.Lock()
        self._used: dict[str, float] = {}

    def heard(self, operation: str) -> None:
        """Rights change only by what administers them, or by a person's own tokens."""
        declared = OPERATIONS.get(operation)
        if declared and declared.needs.feature in (None, "admin"):
            self.forget()

    def forget(self) -> None:
        """Drop what was kept about rights."""
        with self._lock:
            self._kept.clear()

    def orgs(self) -> list[str]:
        return self._keep("orgs", self._read_orgs)

    def orgs_of(self, person: Person) -> list[str]:
        """The orgs that the person may choose: the common one, and those they are a member of."""
        key = ("orgs", person.user, person.groups)
        return self._keep(key, lambda: self._read_orgs_of(person))

    def of_person(self, person: Person, org: str | None = None, door: str = "python") -> Caller:
        """The caller that a signed-in person is, in the org asked for or the default one."""
        chosen = org or self._settings.org
        return self._caller(person, chosen, self._grant(person, chosen), None, door)

    def of_token(self, secret: str, door: str) -> Caller:
        """The caller that a token stands for; raises Unauthenticated where it does not hold."""
        digest = hashlib.sha256(secret.encode()).hexdigest()
        token = self._keep(("token", digest), lambda: self._read_token(digest))
        if token is None:
            raise Unauthenticated(
                "X-Ontos-Token: this token is unknown or revoked. Create another."
            )
        if token.expires_at and token.expires_at <= now():
            raise Unauthenticated("X-Ontos-Token: this token has expired. Create another.")
        self._note_use(digest)
        person = Person(token.user)
        grant = self._grant(person, token.org)
        return self._caller(person, token.org, grant, token.scopes, door)

    def _caller(
        self, person: Person, org: str, grant: Grant, scopes: Mapping[str, Level] | None, door: str
    ) -> Caller:
        return Caller(
            person=person, org=org, roles=grant.roles, levels=grant.levels, scopes=scopes,
            warehouse=self._stores(org), system=self._system, door=door, pulse=self._pulse,
            workspace=self._workspaces(org, person), settings=self._settings,
        )  # fmt: skip

    def _grant(self, person: Person, org: str) -> Grant:
        key = ("grant", org, person.user, person.groups)
        return self._keep(key, lambda: self._read_grant(person, org))

    def _read_grant(self, person: Person, org: str) -> Grant:
        if org not in self.orgs():
            raise Denied(
                f"org: there is no org {org!r}, or you are not a member of it.", field="org"
            )
        roles = self._read_roles(person, org)
        if not roles and org != self._settings.org:
            raise Denied(
                f"org: there is no org {org!r}, or you are not a member of it.", field="org"
            )
        held = frozenset(roles or {DEFAULT_ROLE})
        levels: dict[str, dict[str, Level]] = {role: {} for role in held}
        for row in self._stores(org).rows("SELECT role, feature, level FROM role_permissions"):
            if row["role"] in held:
                levels[row["role"]][row["feature"]] = Level[row["level"]]
        return Grant(held, merge(levels.values()))

    def _read_roles(self, person: Person, org: str) -> set[str]:
        return {row["role"] for row in self._memberships(person) if row["org"] == org}

    def _read_orgs_of(self, person: Person) -> list[str]:
        member = {row["org"] for row in self._memberships(person)} | {self._settings.org}
        return [org for org in self.orgs() if org in member]

    def _memberships(self, person: Person) -> list[Row]:
        return self._system.rows(
            "SELECT DISTINCT org, role FROM members WHERE (kind = 'user' AND principal = :user)"
            " OR (kind = 'group' AND principal IN"
            " (SELECT explode(from_json(:groups, 'ARRAY<STRING>'))))",
            user=person.user,
            groups=json.dumps(sorted(person.groups)),
        )

    def _read_orgs(self) -> list[str]:
        return [row["id"] for row in self._system.rows("SELECT id FROM orgs ORDER BY created_at")]

    def _read_token(self, digest: str) -> Token | None:
        rows = self._system.rows(
            "SELECT user, org, scopes, expires_at FROM tokens"
            " WHERE hash = :hash AND revoked_at IS NULL",
            hash=digest,
        )
        if not rows:
            return None
        scopes = {f: Level[level] for f, level in json.loads(rows[0]["scopes"]).items()}
        return Token(rows[0]["user"], rows[0]["org"], scopes, rows[0]["expires_at"])

    def _note_use(self, digest: str) -> None:
        """Write `last_used_at`, at most once a minute for each token."""
        if time.monotonic() - self._used.get(digest, -60.0) < 60.0:
            return
        self._used[digest] = time.monotonic()
        self._system.execute(
            "UPDATE tokens SET last_used_at = :at WHERE hash = :hash", at=now(), hash=digest
        )

    def _keep(self, key: object, read: Callable[[], T]) -> T:
        with self._lock:
            kept = self._kept.get(key)
        if kept and kept[0] > time.monotonic():
            return cast(T, kept[1])
        value = read()
        with self._lock:
            self._kept[key] = (time.monotonic() + KEPT_SECONDS, value)
        return value

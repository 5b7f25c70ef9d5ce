"""Turns who asks into a caller: org, project, roles, levels and, for a token, its scopes.

Rights are read side by side, in one wait, and kept for a short while; any change to members, roles
or tokens made in this process is seen at once.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from ontos.kernel.caller import Caller
from ontos.kernel.errors import Denied, NotFound, Unauthenticated
from ontos.kernel.fields import now
from ontos.kernel.kept import Kept
from ontos.kernel.operation import OPERATIONS
from ontos.kernel.permission import DEFAULT_ROLE, VOID, Level, merge
from ontos.kernel.pulse import Pulse
from ontos.kernel.seen import Seen
from ontos.kernel.settings import Settings
from ontos.kernel.tenancy import Tenant, org_schema
from ontos.warehouse import Row, Warehouse, quote, together
from ontos.workspace import Person, Workspace

COMMON = "Common"
"""What the project None of an org is called."""

Workspaces = Callable[[Tenant, Person], Workspace]
Projects = Mapping[str, str]
"""Id to title of an org's projects, without the archived ones."""


@dataclass(frozen=True)
class Token:
    """`project` None: it holds wherever its user may work in the org."""

    id: str
    user: str
    org: str
    project: str | None
    scopes: Mapping[str, Level]
    expires_at: datetime | None


@dataclass(frozen=True)
class Grant:
    roles: frozenset[str]
    levels: Mapping[str, Level]


NOTHING = Grant(frozenset(), {})


class Directory:
    """`system` is the schema of orgs, members and tokens; `stores` gives a tenant's own schema."""

    def __init__(
        self, system: Warehouse, stores: Callable[[Tenant], Warehouse], workspaces: Workspaces,
        settings: Settings, pulse: Pulse,
    ) -> None:  # fmt: skip
        self._system, self._stores, self._workspaces = system, stores, workspaces
        self._settings, self._pulse = settings, pulse
        self._kept, self._seen = Kept(), Seen()
        self._used: dict[str, float] = {}
        self._groups: dict[str, frozenset[str]] = {}

    def heard(self, operation: str, _tenant: Tenant | None = None) -> None:
        """Rights change only by what administers them, or by a person's own tokens."""
        declared = OPERATIONS.get(operation)
        if declared and declared.needs.feature in (None, "admin"):
            self.forget()

    def forget(self) -> None:
        """Drop what was kept about rights."""
        self._kept.forget()

    def ready(self, person: Person, org: str | None = None) -> None:
        """Have all at hand that tells where the person may work and what they may do: one wait."""
        together(*self.missing(person, org))

    def missing(self, person: Person, org: str | None = None) -> list[Callable[[], object]]:
        """The reads of what `ready` would have at hand and is not."""
        asked = org or self._settings.org
        reads: dict[object, Callable[[], object]] = {
            _REGISTER: self._register, _of(person): lambda: self._memberships(person),
        }  # fmt: skip
        if asked == self._settings.org:
            reads[_levels_of(asked)] = lambda: self._rows_of_levels(asked)
        elif not self._kept.has(_REGISTER) or asked in self._register():
            reads[_levels_of(asked)] = lambda: self._levels_where_there(asked)
        return [read for key, read in reads.items() if not self._kept.has(key)]

    def stranger(self, person: Person, tenant: Tenant) -> Caller:
        """The person as long as it is not known what they may do: nothing."""
        return self._caller(person, tenant, NOTHING, None, "page")

    def orgs(self) -> list[str]:
        return list(self._register())

    def tenants(self) -> list[Tenant]:
        """Each org's common project and its other ones, without those that are archived."""
        return [
            Tenant(org, project)
            for org, projects in self._register().items()
            for project in (None, *projects)
        ]

    def orgs_of(self, person: Person) -> list[str]:
        """The orgs that the person may choose: the common one, and those they are a member of."""
        member = {row["org"] for row in self._memberships(person)} | {self._settings.org}
        return [org for org in self.orgs() if org in member]

    def projects_of(self, person: Person, org: str) -> dict[str | None, str]:
        """Where the person may work in the org: id to title; None is its common project.

        A role in the org holds in all of its projects, a role in a project there alone. In the
        default org everybody may read the common project.
        """
        held = {row["project"] for row in self._memberships(person) if row["org"] == org}
        projects = self._register().get(org)
        if projects is None:
            return {}
        everybodys = org == self._settings.org
        common: dict[str | None, str] = {None: COMMON} if None in held or everybodys else {}
        return common | {k: title for k, title in projects.items() if held & {None, k}}

    def landing(self, person: Person, org: str | None) -> str | None:
        """Where the pages open for somebody who chose nothing: Common, if they may work there."""
        self.ready(person, org)
        mine = self.projects_of(person, org or self._settings.org)
        return next(iter(mine), None)

    def of_person(
        self, person: Person, org: str | None = None, door: str = "python",
        project: str | None = None,
    ) -> Caller:  # fmt: skip
        """The caller that a signed-in person is, in the org asked for or the default one."""
        tenant = Tenant(org or self._settings.org, project or None)
        caller = self._caller(person, tenant, self._grant(person, tenant), None, door)
        self._groups[person.user] = person.groups
        return caller

    def of_token(
        self, secret: str, door: str, org: str | None = None, project: str | None = None,
        forwarded: str | None = None,
    ) -> Caller:  # fmt: skip
        """The caller that a token stands for, in the groups that its user was last seen with.

        Tables from elsewhere are read by the rights of whoever sent it, which `forwarded` carries.
        The project asked for counts where the token leaves a choice. Raises Unauthenticated where
        it does not hold, Denied where it holds elsewhere.
        """
        digest = hashlib.sha256(secret.encode()).hexdigest()
        token = self._kept.get(("token", digest), lambda: self._read_token(digest))
        if token.expires_at and token.expires_at <= now():
            raise Unauthenticated("X-Ontos-Token: this token has expired. Create another.")
        self._note_use(digest)
        person = Person(token.user, self.groups_seen(token.user), forwarded)
        tenant = _bound(token, org, project)
        try:
            grant = self._grant(person, tenant)
        except Denied as error:
            raise self._perhaps_unseen(token.user, error) from error
        caller = self._caller(person, tenant, grant, token.scopes, door)
        return replace(caller, token_id=token.id)

    def groups_seen(self, user: str) -> frozenset[str]:
        """The groups that a person was last seen with by this process."""
        return self._groups.get(user, frozenset())

    def _perhaps_unseen(self, user: str, refusal: Denied) -> Denied:
        if user in self._groups:
            return refusal
        return Denied(
            f"{refusal.detail} Roles that {user} has by a group are known once they have opened a "
            "page since the app started.",
            field=refusal.field,
        )

    def of_job(self, user: str, tenant: Tenant) -> Caller:
        """A job's caller: its user, with the rights that they have now and the groups last seen.

        Without any role where they have lost theirs, so that the job's end can still be written.
        """
        person = Person(user, self.groups_seen(user))
        try:
            grant = self._grant(person, tenant)
        except Denied:
            grant = NOTHING
        return self._caller(person, tenant, grant, None, "job")

    def of_process(self, name: str, tenant: Tenant) -> Caller:
        """The workbench itself at work in a tenant, with the rights of the default role."""
        held = frozenset({DEFAULT_ROLE})
        grant = Grant(held, self._levels(held, tenant.org))
        return self._caller(Person(name), tenant, grant, None, "job")

    def _caller(
        self, person: Person, tenant: Tenant, grant: Grant, scopes: Mapping[str, Level] | None,
        door: str,
    ) -> Caller:  # fmt: skip
        return Caller(
            person=person, org=tenant.org, project=tenant.project, roles=grant.roles,
            levels=grant.levels, scopes=scopes, warehouse=self._stores(tenant),
            system=self._system, door=door, pulse=self._pulse.of(tenant), seen=self._seen,
            workspace=self._workspaces(tenant, person), settings=self._settings,
        )  # fmt: skip

    def _grant(self, person: Person, tenant: Tenant) -> Grant:
        self.ready(person, tenant.org)
        mine = self.projects_of(person, tenant.org)
        if tenant.project not in mine:
            raise _no_place(tenant, [key for key in mine if key])
        roles = {
            row["role"]
            for row in self._memberships(person)
            if row["org"] == tenant.org and row["project"] in (None, tenant.project)
        }
        held = frozenset(roles or {DEFAULT_ROLE})
        return Grant(held, self._levels(held, tenant.org))

    def _levels(self, held: frozenset[str], org: str) -> Mapping[str, Level]:
        """What roles may do is the org's, in all of its projects."""
        levels: dict[str, dict[str, Level]] = {role: {} for role in held}
        for row in self._rows_of_levels(org):
            if row["role"] in held:
                levels[row["role"]][row["feature"]] = Level[row["level"]]
        return merge(levels.values())

    def _rows_of_levels(self, org: str) -> list[Row]:
        return self._kept.get(_levels_of(org), lambda: self._read_levels(org))

    def _levels_where_there(self, org: str) -> None:
        """Whether there is such an org is asked beside, and told there."""
        table = quote(org_schema(org), _LEVELS)
        with suppress(NotFound):
            self._kept.get(_levels_of(org), lambda: self._system.rows(_READ_LEVELS.format(table)))

    def _read_levels(self, org: str) -> list[Row]:
        return self._system.within(org_schema(org)).rows(_READ_LEVELS.format(_LEVELS))

    def _memberships(self, person: Person) -> list[Row]:
        return self._kept.get(_of(person), lambda: self._read_memberships(person))

    def _read_memberships(self, person: Person) -> list[Row]:
        return self._system.rows(
            "SELECT DISTINCT org, project, role FROM members"
            " WHERE NOT startswith(role, :void)"
            " AND ((kind = 'user' AND lower(principal) = lower(:user))"
            " OR (kind = 'group' AND principal IN"
            " (SELECT explode(from_json(:groups, 'ARRAY<STRING>')))))",
            void=VOID,
            user=person.user,
            groups=json.dumps(sorted(person.groups)),
        )

    def _register(self) -> Mapping[str, Projects]:
        return self._kept.get(_REGISTER, self._read_register)

    def _read_register(self) -> Mapping[str, Projects]:
        rows = self._system.rows(
            "SELECT o.id AS org, p.id AS project, p.title AS title FROM orgs AS o"
            " LEFT JOIN projects AS p ON p.org = o.id AND p.archived_at IS NULL"
            " ORDER BY o.created_at, p.title"
        )
        found: dict[str, dict[str, str]] = {}
        for row in rows:
            projects = found.setdefault(row["org"], {})
            if row["project"]:
                projects[row["project"]] = row["title"]
        return found

    def _read_token(self, digest: str) -> Token:
        """Raises Unauthenticated: that it does not hold is not kept, for anybody can try many."""
        rows = self._system.rows(
            "SELECT id, user, org, project, scopes, expires_at FROM tokens"
            " WHERE hash = :hash AND revoked_at IS NULL",
            hash=digest,
        )
        if not rows:
            raise Unauthenticated(
                "X-Ontos-Token: this token is unknown or revoked. Create another."
            )
        scopes = {f: Level[level] for f, level in json.loads(rows[0]["scopes"]).items()}
        return Token(**rows[0] | {"scopes": scopes})

    def _note_use(self, digest: str) -> None:
        """Write `last_used_at`, at most once a minute for each token."""
        if time.monotonic() - self._used.get(digest, -60.0) < 60.0:
            return
        self._used[digest] = time.monotonic()
        self._system.execute(
            "UPDATE tokens SET last_used_at = :at WHERE hash = :hash", at=now(), hash=digest
        )


_REGISTER = "register"
_LEVELS = "role_permissions"
_READ_LEVELS = "SELECT role, feature, level FROM {}"


def _of(person: Person) -> object:
    """Under what a person's memberships are kept."""
    return "memberships", person.user, person.groups


def _levels_of(org: str) -> object:
    return "levels", org


def _bound(token: Token, org: str | None, project: str | None) -> Tenant:
    """Where a token acts; raises Denied where it was made for another place."""
    if org and org != token.org:
        raise Denied(
            f"org: this token holds in {token.org} only. Leave X-Ontos-Org out, or create a token "
            f"in {org!r}.",
            field="org",
        )
    if token.project and project and project != token.project:
        raise Denied(
            f"project: this token holds in {token.project} only. Leave X-Ontos-Project out, or "
            f"create a token in {project!r}.",
            field="project",
        )
    return Tenant(token.org, token.project or project or None)


def _no_place(tenant: Tenant, mine: Sequence[str]) -> Denied:
    """The same words for what there is not and for what is others'."""
    if tenant.project:
        return Denied(
            f"project: {tenant.org!r} has no project {tenant.project!r}, or you have no role in "
            "it. Choose one of yours, or ask an administrator for a role.",
            field="project",
        )
    if mine:
        return Denied(
            f"project: your roles in {tenant.org!r} hold in single projects. Choose one as "
            f"X-Ontos-Project or --project: {', '.join(mine)}.",
            field="project",
        )
    return Denied(
        f"org: there is no org {tenant.org!r}, or you are not a member of it.", field="org"
    )

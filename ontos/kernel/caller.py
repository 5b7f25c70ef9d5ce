"""Who asks, in which org and project, with which rights, through which door."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ontos.kernel.permission import Level
from ontos.kernel.pulse import Pulse
from ontos.kernel.seen import Seen
from ontos.kernel.settings import Settings
from ontos.kernel.tenancy import Tenant
from ontos.warehouse import Warehouse
from ontos.workspace import Person, Workspace


@dataclass(frozen=True)
class Caller:
    """Passed first to every operation; `warehouse` names only the tenant's own tables.

    `project` is None in the org's common project. `system` holds what belongs to the whole
    installation (orgs, projects, members, tokens); only governance touches it. `scopes` are a
    token's ceiling and `token_id` is that token, both None for a person.
    """

    person: Person
    org: str
    roles: frozenset[str]
    levels: Mapping[str, Level]
    warehouse: Warehouse
    system: Warehouse
    workspace: Workspace
    settings: Settings
    pulse: Pulse = field(default_factory=Pulse, repr=False)
    seen: Seen = field(default_factory=Seen, repr=False)
    scopes: Mapping[str, Level] | None = None
    token_id: str | None = None
    door: str = "python"
    project: str | None = None

    @property
    def user(self) -> str:
        return self.person.user

    @property
    def tenant(self) -> Tenant:
        return Tenant(self.org, self.project)

    def inside(self, transaction: Warehouse) -> "Caller":
        """The same caller, who reads and writes everything within `transaction`."""
        return replace(
            self, warehouse=transaction, system=transaction.within(self.system.schema),
            workspace=self.workspace.inside(transaction),
        )  # fmt: skip

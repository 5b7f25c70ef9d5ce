"""The composition root: settings in, a working workbench out. Production and tests enter here."""

import getpass
import importlib
import os
import pkgutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial

import ontos
from ontos import warehouse as warehouses
from ontos import workspace as workspaces
from ontos.kernel import logs, tracing
from ontos.kernel.caller import Caller
from ontos.kernel.directory import Directory
from ontos.kernel.errors import Unavailable
from ontos.kernel.metrics import observe_statement
from ontos.kernel.outbox import Outbox
from ontos.kernel.pool import Pool
from ontos.kernel.pulse import Pulse
from ontos.kernel.settings import Settings, settings
from ontos.kernel.tenancy import (
    SYSTEM,
    Tenant,
    add_org,
    prepare,
    prepare_org,
    prepare_system,
    survey,
)
from ontos.warehouse import HEARD_SECONDS, Warehouse, on_statement, open_embedded, together
from ontos.workspace import Person, Workspace

STAGES = (
    "data", "generate", "label", "train", "deploy", "monitor", "improve", "govern", "sample",
)  # fmt: skip


def declare() -> None:
    """Import every noun of every stage, so that its operations and kinds of job are known."""
    for stage in STAGES:
        package = importlib.import_module(f"{ontos.__name__}.{stage}")
        for module in pkgutil.iter_modules(package.__path__):
            if module.name not in STANDALONE:
                importlib.import_module(f"{package.__name__}.{module.name}")


ANSWER_SECONDS = 2.0
"""How long readiness waits for the warehouse."""
RECENT_SECONDS = 30.0
"""An answer so recent is proof enough of being ready."""
AWAKE_SECONDS = 20.0
"""How long a request waits for one that starts; Databricks Apps cut it after 120 s."""

STANDALONE = frozenset({"run", "served"})
"""Modules of the training process; the app never imports them."""


@dataclass
class Workbench:
    """Everything of one process. `start` begins background work; `close` ends it.

    `patience`: seconds that a request waits for a warehouse that starts.
    """

    settings: Settings
    engine: Warehouse
    pulse: Pulse = field(default_factory=Pulse)
    patience: float = AWAKE_SECONDS

    def __post_init__(self) -> None:
        self.directory = Directory(
            self.engine.within(SYSTEM), self._store, self.workspace, self.settings, self.pulse
        )
        self.pool = Pool(
            self.directory.tenants, self.directory.of_job, self._store, self.settings.job_workers
        )
        self.outbox = Outbox(self.directory.tenants, partial(self.directory.of_process, "outbox"))
        for listener in (self.directory.heard, self.pool.wake, self.outbox.wake):
            self.pulse.listen(listener)

    def store(self, org: str, project: str | None = None) -> Warehouse:
        return self._store(Tenant(org, project))

    def workspace(self, tenant: Tenant, person: Person) -> Workspace:
        store = self._store(tenant)
        if self.settings.workspace == "databricks":
            return workspaces.databricks_workspace(self.settings, store, tenant.name, person)
        return workspaces.local_workspace(self.settings, store, tenant.name)

    def local_caller(
        self, org: str | None = None, door: str = "python", project: str | None = None
    ) -> Caller:
        """The operating-system user, administrator of an embedded store."""
        return self.directory.of_person(local_person(), org, door, project)

    def known(self, person: Person) -> Person:
        """The same person, with the groups that the workspace says they belong to.

        Where it cannot say, they are those that the person was last seen with.
        """
        groups = self.workspace(Tenant(self.settings.org), person).people.groups(person)
        seen = self.directory.groups_seen(person.user)
        return replace(person, groups=seen if groups is None else groups)

    def checks(self) -> dict[str, Callable[[], object]]:
        """What must answer before this process is ready; each raises OntosError with its reason."""
        local = self.workspace(Tenant(self.settings.org), local_person())
        return {
            "warehouse": partial(_answers, self.engine, ANSWER_SECONDS, RECENT_SECONDS),
            "models": local.models.check,
        }

    def awake(self) -> None:
        """Raises Unavailable, before anything is done, while the warehouse starts.

        What wakes it goes on. Where others have waited for long, this one hardly does.
        """
        left = max(self.patience - self.engine.silent_seconds, ANSWER_SECONDS)
        _answers(
            self.engine, min(left, self.patience), HEARD_SECONDS,
            " Nothing was done: send the request again in a moment.",
        )  # fmt: skip

    def start(self) -> None:
        self.pool.start()
        self.outbox.start()

    def close(self) -> None:
        self.pool.stop()
        self.outbox.stop()
        self.engine.close()

    def _store(self, tenant: Tenant) -> Warehouse:
        return self.engine.within(tenant.schema)


@dataclass(frozen=True)
class Unopened:
    """What is there of a workspace while the workbench's store does not open."""

    settings: Settings

    def workspace(self, person: Person) -> Workspace:
        """That of the default org's common project."""
        tenant = Tenant(self.settings.org)
        return workspaces.databricks_workspace(self.settings, None, tenant.name, person)

    def known(self, person: Person) -> Person:
        """As the workbench knows them: with the groups that the workspace tells."""
        groups = self.workspace(person).people.groups(person)
        return replace(person, groups=groups or frozenset())


def _answers(engine: Warehouse, within: float, heard: float, remedy: str = "") -> None:
    """Raises Unavailable where the warehouse keeps silent: it may be starting."""
    if not engine.awake(within, heard=heard):
        raise Unavailable(
            f"The SQL warehouse has not answered for {engine.silent_seconds:.0f} s; it is "
            f"starting, or it is overloaded.{remedy}",
            reason="starting",
        )


def local_person() -> Person:
    return Person(os.environ.get("USER") or getpass.getuser())


def open_workbench(chosen: Settings | None = None) -> Workbench:
    """Open or create the store, bring it to the desired state, and make the first org."""
    chosen = chosen or settings()
    declare()
    logs.configure(chosen.log_level)
    tracing.configure()
    on_statement(observe_statement)
    engine = _engine(chosen)
    with ExitStack() as undone:
        undone.callback(engine.close)  # who tries again opens another
        bench = _prepared(chosen, engine)
        undone.pop_all()
    return bench


def _prepared(chosen: Settings, engine: Warehouse) -> Workbench:
    there = survey(engine)
    prepare_system(engine, there)
    bench = Workbench(chosen, engine)
    me, orgs = local_person().user, bench.directory.orgs()
    together(*(partial(prepare_org, engine, org, me, there) for org in orgs))
    if chosen.org not in orgs:
        group = chosen.admin_group if chosen.workspace == "databricks" else None
        add_org(engine, chosen.org, chosen.org.capitalize(), me, group)
        bench.directory.forget()
    projects = [tenant for tenant in bench.directory.tenants() if tenant.project]
    together(*(partial(prepare, engine, tenant, there) for tenant in projects))
    return bench


def _engine(chosen: Settings) -> Warehouse:
    chosen.home.mkdir(parents=True, exist_ok=True)
    if chosen.warehouse == "databricks":
        return warehouses.open_databricks(chosen)
    return open_embedded(chosen.home / "workbench.duckdb", chosen.store_memory_mb)

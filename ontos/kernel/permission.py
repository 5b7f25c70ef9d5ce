"""Who may do what: roles × features × levels. Every decision carries its reason."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Protocol


class Level(IntEnum):
    """Each level includes those below it."""

    none = 0
    read = 1
    write = 2
    admin = 3


@dataclass(frozen=True)
class Feature:
    key: str
    covers: str


FEATURES = (
    Feature("sheets", "catalog browse, uploads, sheets"),
    Feature("templates", "prompt templates, assembling, generation"),
    Feature("labels", "pairs, reviews, canonical labels, usage constraints, exports"),
    Feature("labeling_jobs", "annotation tasks"),
    Feature("training", "training jobs and evaluations"),
    Feature("deploy", "models, endpoints, the playground"),
    Feature("monitor", "metrics of endpoints"),
    Feature("improve", "feedback and gaps"),
    Feature("registries", "shared registries of tools and agents"),
    Feature("governance", "audit and lineage"),
    Feature("admin", "orgs, members, roles and other people's tokens"),
)


@dataclass(frozen=True)
class Role:
    key: str
    title: str
    levels: Mapping[str, Level]


def _levels(base: Level, **exceptions: Level) -> Mapping[str, Level]:
    every = {f.key: base for f in FEATURES} | exceptions
    return MappingProxyType({k: v for k, v in every.items() if v > Level.none})


_N, _R, _W, _A = Level.none, Level.read, Level.write, Level.admin

ROLES = (
    Role("admin", "Administrator", _levels(_A)),
    Role(
        "data_steward",
        "Data steward: governs data, labels and releases",
        _levels(_W, labels=_A, governance=_A, admin=_R),
    ),
    Role(
        "data_producer",
        "Data producer: brings data, builds and trains",
        _levels(_W, governance=_R, admin=_N),
    ),
    Role("data_consumer", "Data consumer: reads and asks", _levels(_R, governance=_N, admin=_N)),
    Role(
        "labeler",
        "Labeler: reviews the pairs of a sheet",
        _levels(_N, sheets=_R, templates=_R, labels=_W, labeling_jobs=_W, improve=_R),
    ),
    Role(
        "reviewer",
        "Reviewer: reviews, and reads what came of it",
        _levels(_R, labels=_W, labeling_jobs=_W, improve=_W, admin=_N),
    ),
)
"""Seeds. What holds is the org's table `role_permissions`, which the Govern page edits."""

DEFAULT_ROLE = "data_consumer"

VOID = "revoked "
"""What a member's role begins with on its way out: it counts for nothing any more."""


@dataclass(frozen=True)
class Need:
    """What an operation asks for; `feature` None asks only that somebody is signed in."""

    feature: str | None
    level: Level

    def __str__(self) -> str:
        return f"{self.level.name} on {self.feature}" if self.feature else "a signed-in user"


def read(feature: str) -> Need:
    return Need(feature, Level.read)


def write(feature: str) -> Need:
    return Need(feature, Level.write)


def admin(feature: str) -> Need:
    return Need(feature, Level.admin)


def signed_in() -> Need:
    """For what belongs to the caller alone: own tokens, own notices."""
    return Need(None, Level.none)


@dataclass(frozen=True)
class Decision:
    allowed: bool
    reason: str


class Holder(Protocol):
    @property
    def user(self) -> str: ...
    @property
    def roles(self) -> frozenset[str]: ...
    @property
    def levels(self) -> Mapping[str, Level]: ...
    @property
    def scopes(self) -> Mapping[str, Level] | None: ...


def decide(caller: Holder, need: Need) -> Decision:
    """Roles say what the person may; a token's scopes say how much of that it carries."""
    if need.feature is None:
        return Decision(True, "signed in")
    held = caller.levels.get(need.feature, Level.none)
    roles = ", ".join(sorted(caller.roles)) or "no role"
    if held < need.level:
        return Decision(
            False,
            f"this needs {need}; {caller.user} ({roles}) has {held.name}. "
            "Ask an administrator for a role that has it.",
        )
    if caller.scopes is None:
        return Decision(True, f"{roles}: {held.name} on {need.feature}")
    scope = caller.scopes.get(need.feature, Level.none)
    if scope < need.level:
        return Decision(
            False,
            f"this needs {need}; the token's scope is {scope.name}. "
            "Create a token with that scope.",
        )
    return Decision(True, f"token scope {scope.name} on {need.feature}")


def merge(grants: Iterable[Mapping[str, Level]]) -> Mapping[str, Level]:
    """The highest level per feature over several roles."""
    merged: dict[str, Level] = {}
    for grant in grants:
        for feature, level in grant.items():
            merged[feature] = max(level, merged.get(feature, Level.none))
    return MappingProxyType(merged)

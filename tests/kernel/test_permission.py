"""The matrix of roles, features and levels, and what it means for every operation."""

from dataclasses import dataclass, field
from types import MappingProxyType

import pytest

from ontos.bootstrap import declare
from ontos.kernel.operation import OPERATIONS, Operation
from ontos.kernel.permission import FEATURES, ROLES, Level, Role, admin, decide, merge, read, write

declare()


@dataclass(frozen=True)
class Holder:
    levels: MappingProxyType[str, Level]
    user: str = "somebody"
    roles: frozenset[str] = frozenset({"a_role"})
    scopes: MappingProxyType[str, Level] | None = field(default=None)


@pytest.mark.parametrize("role", ROLES, ids=lambda r: r.key)
@pytest.mark.parametrize("op", OPERATIONS.values(), ids=lambda op: op.name)
def test_every_role_on_every_operation(role: Role, op: Operation) -> None:
    """An operation is allowed exactly when the role's level reaches what it needs."""
    decision = decide(Holder(MappingProxyType(dict(role.levels))), op.needs)
    held = role.levels.get(op.needs.feature or "", Level.none)
    assert decision.allowed == (op.needs.feature is None or held >= op.needs.level)
    assert decision.reason


def test_every_operation_names_a_known_feature() -> None:
    known = {feature.key for feature in FEATURES} | {None}
    assert {op.needs.feature for op in OPERATIONS.values()} <= known


def test_writes_never_need_only_read_unless_they_say_so() -> None:
    """What changes rows needs write, but for asking an endpoint, which leaves a metric row."""
    weak = {
        op.name
        for op in OPERATIONS.values()
        if op.effect == "write" and op.needs.feature and op.needs.level < Level.write
    }
    assert weak == {"query_endpoint"}


def test_a_refusal_says_what_is_needed_and_what_is_held() -> None:
    reason = decide(Holder(MappingProxyType({"sheets": Level.read})), write("sheets")).reason
    assert "write on sheets" in reason and "has read" in reason


def test_a_token_carries_no_more_than_its_scopes() -> None:
    holder = Holder(
        MappingProxyType({"sheets": Level.admin}),
        scopes=MappingProxyType({"sheets": Level.read}),
    )
    assert decide(holder, read("sheets")).allowed
    assert not decide(holder, write("sheets")).allowed


def test_a_token_carries_no_more_than_its_user() -> None:
    holder = Holder(
        MappingProxyType({"sheets": Level.read}),
        scopes=MappingProxyType({"sheets": Level.admin}),
    )
    assert not decide(holder, admin("sheets")).allowed


def test_several_roles_give_the_highest_level() -> None:
    merged = merge([{"sheets": Level.read}, {"sheets": Level.write, "labels": Level.read}])
    assert merged == {"sheets": Level.write, "labels": Level.read}

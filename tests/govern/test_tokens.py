"""Tokens: shown once, hashed, scoped, expiring, revocable; never more than their user may."""

from collections.abc import Callable

import pytest

from ontos.bootstrap import Workbench
from ontos.data.sheets import list_sheets
from ontos.generate.templates import list_templates
from ontos.govern.members import revoke_role
from ontos.govern.tokens import TokenSpec, create_token, list_all_tokens, list_tokens, revoke_token
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Denied, Invalid, NotFound, Unauthenticated

READ = TokenSpec(title="reader", scopes={"sheets": "read"})


def test_the_secret_is_kept_nowhere(caller: Caller) -> None:
    made = create_token(caller, READ)
    kept = caller.system.rows("SELECT * FROM tokens")
    assert made.secret not in str(kept)
    journal = caller.warehouse.rows("SELECT * FROM journal")
    assert made.secret not in str(journal) and kept[0]["hash"] not in str(journal)
    assert made.secret not in repr(made)


def test_a_token_does_what_its_scopes_say_and_no_more(bench: Workbench, caller: Caller) -> None:
    holder = bench.directory.of_token(create_token(caller, READ).secret, "rest")
    assert list_sheets(holder).items == []
    with pytest.raises(Denied, match="token's scope is none"):
        list_templates(holder)


def test_a_revoked_token_stops_at_once(bench: Workbench, caller: Caller) -> None:
    made = create_token(caller, READ)
    bench.directory.of_token(made.secret, "rest")
    assert revoke_token(caller, made.id).revoked_at is not None
    with pytest.raises(Unauthenticated, match="unknown or revoked"):
        bench.directory.of_token(made.secret, "rest")


def test_an_expired_token_is_refused(bench: Workbench, caller: Caller) -> None:
    made = create_token(caller, READ)
    caller.system.execute("UPDATE tokens SET expires_at = created_at")
    with pytest.raises(Unauthenticated, match="expired"):
        bench.directory.of_token(made.secret, "rest")


def test_the_last_use_is_noted(bench: Workbench, caller: Caller) -> None:
    made = create_token(caller, READ)
    assert list_tokens(caller).items[0].last_used_at is None
    bench.directory.of_token(made.secret, "rest")
    assert list_tokens(caller).items[0].last_used_at is not None


def test_a_token_cannot_carry_more_than_its_maker(as_role: Callable[..., Caller]) -> None:
    with pytest.raises(Invalid, match="you have read on sheets") as refused:
        create_token(as_role("data_consumer"), TokenSpec(title="x", scopes={"sheets": "admin"}))
    assert refused.value.field == "scopes"


def test_a_token_loses_what_its_user_loses(
    bench: Workbench, caller: Caller, as_role: Callable[..., Caller]
) -> None:
    made = create_token(as_role("labeler"), TokenSpec(title="x", scopes={"labels": "write"}))
    assert bench.directory.of_token(made.secret, "rest").levels["labels"].name == "write"
    revoke_role(caller, made.user, "labeler")
    assert bench.directory.of_token(made.secret, "rest").levels["labels"].name == "read"


def test_scopes_must_name_features(caller: Caller) -> None:
    with pytest.raises(Invalid, match="no feature 'everything'"):
        create_token(caller, TokenSpec(title="x", scopes={"everything": "read"}))
    with pytest.raises(Invalid, match="at least one"):
        create_token(caller, TokenSpec(title="x", scopes={}))


def test_nobody_revokes_anothers_token(caller: Caller, as_role: Callable[..., Caller]) -> None:
    made = create_token(caller, READ)
    other = as_role("data_steward")
    with pytest.raises(NotFound):
        revoke_token(other, made.id)
    assert list_tokens(other).items == []
    with pytest.raises(Denied):
        list_all_tokens(other)
    assert len(list_all_tokens(caller).items) == 1


def test_a_token_makes_no_token(bench: Workbench, caller: Caller) -> None:
    holder = bench.directory.of_token(create_token(caller, READ).secret, "rest")
    with pytest.raises(Denied, match="under API tokens on the Govern page"):
        create_token(holder, TokenSpec(title="x", scopes={"sheets": "read"}, days=None))
    assert len(list_tokens(caller).items) == 1


def test_a_token_revokes_itself_alone(bench: Workbench, caller: Caller) -> None:
    made, other = create_token(caller, READ), create_token(caller, READ)
    holder = bench.directory.of_token(made.secret, "rest")
    with pytest.raises(Denied, match="but itself") as refused:
        revoke_token(holder, other.id)
    assert refused.value.field == "token_id"
    bench.directory.of_token(other.secret, "rest")
    assert revoke_token(holder, made.id).revoked_at is not None
    with pytest.raises(Unauthenticated, match="unknown or revoked"):
        bench.directory.of_token(made.secret, "rest")

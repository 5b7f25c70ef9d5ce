"""API tokens: made once, shown once, kept as a hash. A token never may more than its user."""

import hashlib
import json
import secrets
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from ontos.kernel.caller import Caller
from ontos.kernel.errors import Denied, Invalid, NotFound
from ontos.kernel.fields import STORED, Id, Input, Limit, Name, Record, new_id, now
from ontos.kernel.operation import operation
from ontos.kernel.paging import Page, decode, page
from ontos.kernel.permission import FEATURES, Level, admin, signed_in
from ontos.kernel.records import add_row, save
from ontos.warehouse import quote

Scope = Literal["read", "write", "admin"]
PREFIX = "ontos_"
_HERE = "org = :org AND (:project IS NULL OR project = :project)"
_MINE = (
    "user = :user AND org = :org AND (:project IS NULL OR project IS NULL OR project = :project)"
)
"""Which tokens are seen where: in the common project all of the org's."""
_KEYS = frozenset(feature.key for feature in FEATURES)


class Token(Record):
    """`scopes` maps features to the highest level that the token carries.

    It holds in its `project`; one without, wherever its user may work in the org.
    """

    id: str
    org: str
    project: str | None
    user: str
    title: str
    scopes: Annotated[dict[str, str], STORED]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class NewToken(Token):
    """`secret` is shown this once; only its hash is kept."""

    secret: str = Field(repr=False)


class TokenSpec(Input):
    """`days` is how long it holds; None for ever."""

    title: Name
    scopes: dict[str, Scope]
    days: int | None = Field(90, ge=1, le=3650)


@operation("POST /tokens", needs=signed_in())
def create_token(caller: Caller, spec: TokenSpec) -> NewToken:
    """Make a token that carries some of your own rights. Its secret is shown once.

    Made within a project, it holds there alone. No token makes another: it would outlive the first.
    """
    if caller.scopes is not None:
        raise Denied(
            "A token makes no tokens. Sign in, and make one under API tokens on the Govern page."
        )
    _check_scopes(caller, spec)
    secret = PREFIX + secrets.token_urlsafe(32)
    at = now()
    token = NewToken(
        id=new_id(), org=caller.org, project=caller.project, user=caller.user, title=spec.title,
        scopes=dict(spec.scopes), created_at=at,
        expires_at=at + timedelta(days=spec.days) if spec.days else None,
        last_used_at=None, revoked_at=None, secret=secret,
    )  # fmt: skip
    row = token.model_dump(exclude={"secret"}) | {
        "hash": hashlib.sha256(secret.encode()).hexdigest(), "scopes": json.dumps(token.scopes),
    }  # fmt: skip
    add_row(caller, f"{caller.system.schema}.tokens", row, kind="new_token")
    return token


@operation("GET /tokens", needs=signed_in())
def list_tokens(caller: Caller, limit: Limit = 100, cursor: str | None = None) -> Page[Token]:
    """Your tokens that hold here, newest first; revoked ones too."""
    rows = caller.system.rows(
        f"SELECT * FROM tokens WHERE {_MINE}"  # noqa: S608 - constants, here and below
        " AND (:after IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit",
        org=caller.org, project=caller.project, user=caller.user, after=decode(cursor),
        limit=limit + 1,
    )  # fmt: skip
    return page([Token(**row) for row in rows], limit, lambda token: token.id)


@operation("GET /admin/tokens", needs=admin("admin"))
def list_all_tokens(caller: Caller, limit: Limit = 100, cursor: str | None = None) -> Page[Token]:
    """Everybody's tokens in this org; in a project, those made in it."""
    rows = caller.system.rows(
        f"SELECT * FROM tokens WHERE {_HERE} AND (:after IS NULL OR id < :after)"  # noqa: S608
        " ORDER BY id DESC LIMIT :limit",
        org=caller.org, project=caller.project, after=decode(cursor), limit=limit + 1,
    )  # fmt: skip
    return page([Token(**row) for row in rows], limit, lambda token: token.id)


@operation("DELETE /tokens/{token_id}", needs=signed_in())
def revoke_token(caller: Caller, token_id: Id) -> Token:
    """Make one of your tokens useless, at once. Administrators may revoke anybody's.

    A call that comes by a token may revoke that one alone.
    """
    if caller.scopes is not None and token_id != caller.token_id:
        raise Denied(
            "token_id: a token revokes no token but itself. Sign in, and revoke others under API "
            "tokens on the Govern page.",
            field="token_id",
        )
    everybody = caller.levels.get("admin", Level.none) >= Level.admin and caller.scopes is None
    tokens = quote(caller.system.schema, "tokens")
    theirs = f"id = :id AND (({_MINE}) OR (:everybody AND {_HERE}))"
    one = f"SELECT * FROM {tokens} WHERE {theirs}"  # noqa: S608
    saved = save(
        caller,
        f"UPDATE {tokens} SET revoked_at = :at WHERE {theirs} AND revoked_at IS NULL",  # noqa: S608
        finds=one, answer=one, at=now(), id=token_id, org=caller.org, project=caller.project,
        everybody=everybody, user=caller.user,
    )  # fmt: skip
    if saved.row is None:
        raise NotFound(f"You have no token {token_id}. List yours.", field="token_id")
    return Token(**saved.row)


def _check_scopes(caller: Caller, spec: TokenSpec) -> None:
    if not spec.scopes:
        raise Invalid(
            "scopes: give at least one, as {feature: read, write or admin}.", field="scopes"
        )
    for feature, level in spec.scopes.items():
        if feature not in _KEYS:
            raise Invalid(
                f"scopes: there is no feature {feature!r}. Features: {', '.join(sorted(_KEYS))}.",
                field="scopes",
            )
        held = caller.levels.get(feature, Level.none)
        if Level[level] > held:
            raise Invalid(
                f"scopes: you have {held.name} on {feature}, so a token cannot carry {level}.",
                field="scopes",
            )

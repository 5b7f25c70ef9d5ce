"""Whose rights count when a table is read.

The workbench's own tables, uploads included, are read as the app: roles in the workbench decide. A
table from elsewhere is read with the person's own rights, so that nobody sees through the
workbench what they may not see without it. That takes the token that the workspace forwards; where
there is none, as on a laptop, the store has one reader.
"""

import hashlib
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from functools import partial

from ontos.kernel.caller import Caller
from ontos.kernel.errors import Denied, NotFound
from ontos.kernel.kept import Kept
from ontos.warehouse import Warehouse, quote, split_name, together
from ontos.workspace.names import grants

RIGHTS = Kept()
"""By token and tables. Of one: None where the person may read it, else why not. Of a list: those
that they may read."""

AT_ONCE = 50
"""Tables that one statement asks for."""


def reader(caller: Caller, table: str) -> Warehouse:
    """The warehouse to read a table of three names with."""
    uploads = caller.workspace.catalog.upload_schema().lower()
    if caller.person.token is None or table.lower().startswith(f"{uploads}."):
        return caller.warehouse
    return caller.warehouse.as_person(caller.person.token)


def require_select(caller: Caller, table: str) -> None:
    """Raises Denied where the person may not read the table.

    A yes is kept as other rights are; a no is asked for anew.
    """
    if reader(caller, table) is caller.warehouse:
        return
    key, ask = _key(caller, table), partial(_refusal, caller, table)
    if RIGHTS.has(key) and RIGHTS.get(key, ask) is None:
        return
    refusal = RIGHTS.anew(key, ask)
    if refusal is not None:
        raise refusal


def readable(caller: Caller, tables: Iterable[str]) -> AbstractSet[str]:
    """Those of the tables that the person may read: one wait, none where it is kept of them all."""
    everybodys, theirs = _parted(caller, tables)
    if not theirs:
        return everybodys
    return everybodys | RIGHTS.get(_key(caller, theirs), partial(_which, caller, sorted(theirs)))


def known(caller: Caller, tables: Iterable[str]) -> bool:
    """Whether `readable` tells of these tables without asking."""
    _, theirs = _parted(caller, tables)
    return not theirs or RIGHTS.has(_key(caller, theirs))


def _parted(caller: Caller, tables: Iterable[str]) -> tuple[AbstractSet[str], AbstractSet[str]]:
    """The tables that are read as the app, and those that the person's own rights decide on."""
    named = frozenset(tables)
    theirs = frozenset(t for t in named if reader(caller, t) is not caller.warehouse)
    return named - theirs, theirs


def _which(caller: Caller, tables: Sequence[str]) -> AbstractSet[str]:
    """Those that the person may read, as the warehouse says now."""
    parts = (tables[at : at + AT_ONCE] for at in range(0, len(tables), AT_ONCE))
    return set().union(*together(*(partial(_which_of_few, caller, part) for part in parts)))


def _which_of_few(caller: Caller, tables: Sequence[str]) -> AbstractSet[str]:
    """All in one statement; one by one where that is refused, for it does not say which."""
    try:
        reader(caller, tables[0]).rows(" UNION ALL ".join(map(_nothing_of, tables)))
    except (Denied, NotFound):
        refusals = together(*(partial(_refusal, caller, table) for table in tables))
        return {table for table, why in zip(tables, refusals, strict=True) if why is None}
    return set(tables)


def _refusal(caller: Caller, table: str) -> Denied | None:
    """Why the person may not read the table, as the warehouse says now; None where they may."""
    try:
        reader(caller, table).rows(_nothing_of(table))
    except Denied as error:
        return error
    except NotFound:
        return Denied(
            f"{table} is gone, or you may not see it, so that what was made of it is not shown. "
            f"Ask its owner for: {grants(table, caller.user)}."
        )
    return None


def _nothing_of(table: str) -> str:
    return f"SELECT 1 AS one FROM {quote(*split_name(table))} WHERE FALSE"  # noqa: S608 - quoted


def _key(caller: Caller, what: str | AbstractSet[str]) -> tuple[str, object]:
    """By token, of which none is kept: a new sign-in is asked for anew. A list of one is not that
    one."""
    token = hashlib.sha256(str(caller.person.token).encode()).hexdigest()
    return token, what.lower() if isinstance(what, str) else what

"""Whose rights count when a table is read.

The workbench's own tables, uploads included, are read as the app: roles in the workbench decide. A
table from elsewhere is read with the person's own rights, so that nobody sees through the
workbench what they may not see without it. That takes the token that the workspace forwards; where
there is none, as on a laptop, the store has one reader.
"""

from collections.abc import Iterable, Sequence
from functools import partial

from ontos.kernel.caller import Caller
from ontos.kernel.errors import Denied, NotFound
from ontos.kernel.kept import Kept
from ontos.warehouse import Warehouse, quote, split_name, together
from ontos.workspace.names import grants

RIGHTS = Kept()
"""By token and table: None where the person may read it, else why not."""

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


def readable(caller: Caller, tables: Iterable[str]) -> set[str]:
    """Those of the tables that the person may read: one wait, none where all is kept."""
    asked = sorted(set(tables))
    unknown = [table for table in asked if not known(caller, table)]
    parts = (unknown[at : at + AT_ONCE] for at in range(0, len(unknown), AT_ONCE))
    together(*(partial(_ask, caller, part) for part in parts))
    return {
        table for table in asked
        if reader(caller, table) is caller.warehouse
        or RIGHTS.get(_key(caller, table), partial(_refusal, caller, table)) is None
    }  # fmt: skip


def known(caller: Caller, table: str) -> bool:
    """Whether `readable` tells of the table without asking."""
    return reader(caller, table) is caller.warehouse or RIGHTS.has(_key(caller, table))


def _ask(caller: Caller, tables: Sequence[str]) -> None:
    """All in one statement; one by one where that is refused, for it does not say which."""
    try:
        reader(caller, tables[0]).rows(" UNION ALL ".join(map(_nothing_of, tables)))
    except (Denied, NotFound):
        together(*(partial(_ask_one, caller, table) for table in tables))
    else:
        for table in tables:
            RIGHTS.anew(_key(caller, table), lambda: None)


def _ask_one(caller: Caller, table: str) -> None:
    RIGHTS.anew(_key(caller, table), partial(_refusal, caller, table))


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


def _key(caller: Caller, table: str) -> tuple[str, str]:
    """By token: a new sign-in is asked for anew."""
    return str(caller.person.token), table.lower()

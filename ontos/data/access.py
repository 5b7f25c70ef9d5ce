"""Whose rights count when a table is read.

The workbench's own tables, uploads included, are read as the app: roles in the workbench decide. A
table from elsewhere is read with the person's own rights, so that nobody sees through the
workbench what they may not see without it. That takes the token that the workspace forwards; where
there is none, as on a laptop, the store has one reader.
"""

import threading
import time
from collections.abc import Iterable
from functools import partial

from ontos.kernel.caller import Caller
from ontos.kernel.errors import Denied, NotFound
from ontos.warehouse import Warehouse, quote, split_name, together
from ontos.workspace.names import grants

KEPT_SECONDS = 60.0

_seen: dict[tuple[str, str], float] = {}
_one = threading.Lock()


def reader(caller: Caller, table: str) -> Warehouse:
    """The warehouse to read a table of three names with."""
    uploads = caller.workspace.catalog.upload_schema().lower()
    if caller.person.token is None or table.lower().startswith(f"{uploads}."):
        return caller.warehouse
    return caller.warehouse.as_person(caller.person.token)


def require_select(caller: Caller, table: str) -> None:
    """Raises Denied where the person may not read the table; a yes is kept for a minute."""
    theirs = reader(caller, table)
    if theirs is caller.warehouse or _kept(caller, table):
        return
    try:
        theirs.rows(f"SELECT 1 AS one FROM {quote(*split_name(table))} LIMIT 0")  # noqa: S608
    except NotFound as error:
        raise Denied(
            f"{table} is gone, or you may not see it, so that what was made of it is not shown. "
            f"Ask its owner for: {grants(table, caller.user)}."
        ) from error
    with _one:
        _seen[_key(caller, table)] = time.monotonic() + KEPT_SECONDS


def readable(caller: Caller, tables: Iterable[str]) -> set[str]:
    """Those of the tables that the person may read, asked side by side."""
    asked = sorted(set(tables))
    return {table for table, yes in zip(asked, together(*(partial(_may, caller, t) for t in asked)),
                                        strict=True) if yes}  # fmt: skip


def _may(caller: Caller, table: str) -> bool:
    try:
        require_select(caller, table)
    except Denied:
        return False
    return True


def _kept(caller: Caller, table: str) -> bool:
    at = time.monotonic()
    with _one:
        for old in [key for key, until in _seen.items() if until < at]:
            del _seen[old]
        return _key(caller, table) in _seen


def _key(caller: Caller, table: str) -> tuple[str, str]:
    """By token: a new sign-in is asked for anew."""
    return str(caller.person.token), table.lower()

"""Changing one row that people share: compare-and-set, with its journal row, in one wait.

The change is tried first and explained after, from the row as it is then: nothing is read before.
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict
from ontos.kernel.fields import now
from ontos.kernel.lifecycle import Lifecycle
from ontos.kernel.operation import signed
from ontos.warehouse import Row, quote

_OURS = "id = :id AND updated_at = :now AND updated_by = :me"


class Changed(NamedTuple):
    """The row as it is now, None where there is none; `done` tells whether this change made it."""

    row: Row | None
    done: bool


def change_row(
    caller: Caller,
    table: str,
    key: str,
    changes: Mapping[str, Any],
    *,
    states: Collection[str],
    version: int | None = None,
    shown: str | None = None,
) -> Changed:
    """Set columns of the row `key` of a table that has a status, a version and who changed it last.

    Only while its status is one of `states`, and its version the given one, if one is given.
    `shown` is the query of the row for `:id`, by default all that the table has of it.
    """
    name, at = quote(table), now()
    columns = "".join(f"{quote(column)} = :{column}, " for column in changes)
    allowed = ", ".join(f"'{state}'" for state in states)
    beside = signed(f"SELECT 1 FROM {name} WHERE {_OURS}")  # noqa: S608 - quoted
    rows = caller.warehouse.script(
        f"UPDATE {name} SET {columns}version = version + 1, updated_by = :me, updated_at = :now"  # noqa: S608
        f" WHERE id = :id AND status IN ({allowed}) AND (:seen IS NULL OR version = :seen)"
        f" AND NOT ({_OURS})",
        beside.statement,
        shown or f"SELECT * FROM {name} WHERE id = :id",  # noqa: S608
        id=key, me=caller.user, now=at, seen=version, **changes, **beside.values,
    )  # fmt: skip
    row = rows[0] if rows else None
    beside.written = row is not None and (row["updated_at"], row["updated_by"]) == (at, caller.user)
    return Changed(row, beside.written)


def explain(lifecycle: Lifecycle, row: Row, states: Collection[str], to: str | None) -> None:
    """Raise why a row was not changed: somebody else came first, or it cannot become `to`."""
    if row["status"] in states:
        raise changed_meanwhile(f"this {lifecycle.noun}", row["updated_by"])
    if to is not None:
        lifecycle.check(row["status"], to)


def changed_meanwhile(what: str, by: str) -> Conflict:
    """The refusal of a change to something that is not any more as it was seen."""
    return Conflict(
        f"version: {by} changed {what} meanwhile. Load it again, then repeat.", field="version"
    )

"""Saves in one wait: what is written, its journal row and the answer travel as one script.

What must hold is a condition of the first write, and explained after, from what is there then:
nothing is read before. A script whose answer is lost is run again, so each statement must change
nothing when it meets its own work.
"""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from ontos.kernel import lineage
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict
from ontos.kernel.fields import now
from ontos.kernel.lifecycle import Lifecycle
from ontos.kernel.lineage import Edge
from ontos.kernel.operation import Subject, signed
from ontos.warehouse import Row, quote, split_name

_ANSWER = """
SELECT done.journaled, shown.* FROM (
  SELECT count(*) AS journaled FROM journal WHERE id = :journal_id
) AS done LEFT JOIN (SELECT 1 AS journaled_row, a.* FROM ({answer}) AS a) AS shown ON TRUE
"""
"""A row even where the answer has none."""

_OURS = "id = :id AND updated_at = :now AND updated_by = :me"


class Saved(NamedTuple):
    """The rows of the answer, in no order; `done` tells whether this save changed anything."""

    rows: list[Row]
    done: bool

    @property
    def row(self) -> Row | None:
        """The only row, None where there is none."""
        return self.rows[0] if self.rows else None


def save(
    caller: Caller,
    *statements: str,
    finds: str,
    answer: str,
    then: Sequence[str] = (),
    about: Subject = (None, None),
    **values: Any,
) -> Saved:
    """Run statements as one, and journal the operation if the query `finds` what they have done.

    `then` runs after that, for what would take away its own trace. `about` is what is made.
    """
    beside = signed(finds, about)
    rows = caller.warehouse.script(
        *statements, beside.statement, *then, _ANSWER.format(answer=answer),
        **values, **beside.values,
    )  # fmt: skip
    beside.written = rows[0]["journaled"] > 0
    for row in rows:
        del row["journaled"]
    return Saved([row for row in rows if row.pop("journaled_row")], beside.written)


def add_row(
    caller: Caller,
    table: str,
    row: Mapping[str, Any],
    *,
    kind: str | None = None,
    given: str | None = None,
    edges: Sequence[Edge] = (),
    also: Sequence[tuple[str, Mapping[str, Any]]] = (),
    shown: str | None = None,
    computed: Mapping[str, str] = MappingProxyType({}),
    **asked: Any,
) -> Saved:
    """Append a row with a new `id`, if the query `given`, over the row and `asked`, finds anything.

    `kind` is what the journal calls it, `edges` are what it came out of; `also` are statements
    that follow whatever was found, with the values that they bind. `computed` maps further columns
    to expressions. The answer is `shown` for `:id`, by default the id alone.
    """
    name = quote(*split_name(table))
    set_to = {column: f":{column}" for column in row} | dict(computed)
    columns, given_as = ", ".join(map(quote, set_to)), ", ".join(set_to.values())
    there = f"SELECT 1 FROM {name} AS mine WHERE mine.id = :id"  # noqa: S608 - quoted, as below
    if_so = f" AND EXISTS ({given})" if given else ""
    beside = [*also, *([lineage.beside(caller, edges, there)] if edges else [])]
    bound = {name: value for _, values in beside for name, value in values.items()}
    return save(
        caller,
        f"INSERT INTO {name} ({columns}) SELECT {given_as} WHERE NOT EXISTS ({there}){if_so}",
        *(statement for statement, _ in beside),
        finds=there,
        answer=shown or f"SELECT id FROM {name} WHERE id = :id",  # noqa: S608
        about=(kind, str(row["id"])) if kind else (None, None),
        **row,
        **bound,
        **asked,
    )


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
    computed: Mapping[str, str] | None = None,
    given: str = "TRUE",
    **values: Any,
) -> Changed:
    """Set columns of the row `key` of a table that has a status, a version and who changed it last.

    Only while its status is one of `states`, its version the given one, if one is given, and the
    condition `given` holds. `computed` maps columns to expressions over the row. `shown` is the
    query of the row for `:id`, by default all that the table has of it.
    """
    name = quote(table)
    set_to = {column: f":{column}" for column in changes} | dict(computed or {})
    columns = "".join(f"{quote(column)} = {value}, " for column, value in set_to.items())
    allowed = ", ".join(f"'{state}'" for state in states)
    saved = save(
        caller,
        f"UPDATE {name} SET {columns}version = version + 1, updated_by = :me, updated_at = :now"  # noqa: S608
        f" WHERE id = :id AND status IN ({allowed}) AND (:seen IS NULL OR version = :seen)"
        f" AND {given} AND NOT ({_OURS})",
        finds=f"SELECT 1 FROM {name} WHERE {_OURS}",  # noqa: S608
        answer=shown or f"SELECT * FROM {name} WHERE id = :id",  # noqa: S608
        id=key, me=caller.user, now=now(), seen=version, **changes, **values,
    )  # fmt: skip
    return Changed(saved.row, saved.done)


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

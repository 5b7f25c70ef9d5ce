"""What the pairs of training sheets were made of, and whether a person may see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ontos.data.access import readable, require_select
from ontos.generate.training_sheets import Origin
from ontos.kernel.caller import Caller
from ontos.kernel.seen import see
from ontos.warehouse import Row

MOST = 1000
"""Training sheets of a tenant whose tables are remembered."""

NEWEST = 200

_OF = """
SELECT t.id, t.status, s.source_table FROM training_sheets AS t
JOIN sheets AS s ON s.id = t.sheet_id
"""


@dataclass(frozen=True)
class Tables:
    """The table of each of a tenant's sheets, or of its training sheets, by their ids.

    None of them ever becomes another.
    """

    id: str
    tables: Mapping[str, str]


SHEETS = Tables("sheets", MappingProxyType({}))
TRAINING_SHEETS = Tables("training sheets", MappingProxyType({}))


def require_source(caller: Caller, training_sheet_id: str) -> None:
    """Raises Denied where the person may not read the table that the pairs were made of.

    Asks nothing where no token is forwarded; else in one or two waits, of which none is left for
    minutes.
    """
    if caller.person.token is None:
        return
    table = _table_seen(caller, training_sheet_id)
    if table is None:
        rows = caller.warehouse.rows(f"{_OF} WHERE t.id = :id", id=training_sheet_id)
        table = _remembered(caller, rows).get(training_sheet_id)
    if table is not None:
        require_select(caller, table)


def look_up_newest(caller: Caller) -> dict[str, str | None]:
    """Ids of the newest to `label` and to `train`; asks for no permission, so for nobody's eyes.

    What the newest were made of is remembered for `require_source`.
    """
    rows = caller.warehouse.rows(f"{_OF} ORDER BY t.id DESC LIMIT {NEWEST}")
    _remembered(caller, rows)
    ready = [row["id"] for row in rows if row["status"] == "ready"]
    usable = [row["id"] for row in rows if row["status"] in ("ready", "archived")]
    return {"label": next(iter(usable), None), "train": next(iter(ready), None)}


def look_up_tables(caller: Caller) -> Mapping[str, str]:
    """The table of each sheet, by the sheet's id; remembered for `recall_rights`."""
    rows = caller.warehouse.rows("SELECT id, source_table FROM sheets")
    return see(caller, Tables(SHEETS.id, {row["id"]: row["source_table"] for row in rows})).tables


def recall_rights(caller: Caller) -> None:
    """Ask what the person may read of the sheets that were seen, before it is needed."""
    if caller.person.token is not None:
        readable(caller, tables_seen(caller, SHEETS).values())


def tables_seen(caller: Caller, kind: Tables) -> Mapping[str, str]:
    """The tables of SHEETS or TRAINING_SHEETS as they are remembered; not all, or none."""
    return (caller.seen.last(caller.tenant, Tables, kind.id) or kind).tables


def _table_seen(caller: Caller, training_sheet_id: str) -> str | None:
    if origin := caller.seen.last(caller.tenant, Origin, training_sheet_id):
        return origin.source_table
    return tables_seen(caller, TRAINING_SHEETS).get(training_sheet_id)


def _remembered(caller: Caller, rows: Sequence[Row]) -> Mapping[str, str]:
    """All that is known with these; the newest of it are kept."""
    before = tables_seen(caller, TRAINING_SHEETS)
    known = {**before, **{row["id"]: row["source_table"] for row in rows}}
    kept = dict(sorted(known.items())[-MOST:])
    see(caller, Tables(TRAINING_SHEETS.id, kept))
    return known

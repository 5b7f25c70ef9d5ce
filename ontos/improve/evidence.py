"""The rows that show a gap, read now by the gap's own query."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import BaseModel

from ontos.data.access import require_select
from ontos.data.catalog import look
from ontos.data.sheets import get_sheet
from ontos.deploy.stored import FOREMOST
from ontos.improve.finders import NEGATIVE_FEEDBACK
from ontos.improve.gaps import Gap, no_gap
from ontos.kernel.caller import Caller
from ontos.kernel.fields import Id, Limit
from ontos.kernel.operation import operation
from ontos.kernel.permission import read
from ontos.kernel.seen import beside, see
from ontos.warehouse import Value, together

_WORST = f"""
SELECT w.id FROM gaps AS w JOIN endpoints AS e ON e.name = w.endpoint_name
WHERE e.status <> 'deleted' AND (:endpoint IS NULL OR w.endpoint_name = :endpoint)
ORDER BY CASE WHEN w.status = 'closed' THEN 1 ELSE 0 END, {FOREMOST}, w.affected DESC, w.id LIMIT 1
"""  # noqa: S608

_GAP = "SELECT * FROM gaps AS g WHERE g.id IN ({which})"

_LEARNT = """
SELECT DISTINCT s.source_table FROM gaps AS g
JOIN training_jobs AS j ON j.uc_model_name = g.model_name AND j.uc_model_version = g.model_version
JOIN training_sheets AS t ON t.id = j.training_sheet_id JOIN sheets AS s ON s.id = t.sheet_id
WHERE g.id IN ({which})
"""
"""The tables that the model learnt from in which there is the gap."""


@dataclass(frozen=True)
class Ground:
    """What the evidence of a gap is read by; its `id` is how it was asked for.

    `gap` is None where there is none. `tables` are those that the model learnt from, where it
    matters who may read them.
    """

    id: str
    gap: Gap | None
    tables: frozenset[str]


class Evidence(BaseModel):
    """`query` with `values` answers `rows`."""

    gap_id: str
    query: str
    values: dict[str, Any]
    rows: list[dict[str, Any]]


@operation("GET /gaps/{gap_id}/evidence", needs=read("improve"), rights="person")
def get_evidence(caller: Caller, gap_id: Id, limit: Limit = 50) -> Evidence:
    """The rows that show a gap, read now by the gap's own query."""
    shown = _evidence(caller, gap_id, None, limit)
    if shown is None:
        raise no_gap(gap_id)
    return shown


@operation("GET /gaps/worst/evidence", needs=read("improve"), rights="person")
def get_worst_evidence(
    caller: Caller, endpoint_name: str | None = None, limit: Limit = 50
) -> Evidence | None:
    """The rows of the open gap that affects most of one endpoint: of the foremost, unless named."""
    return _evidence(caller, None, endpoint_name, limit)


def look_up_ground(caller: Caller, gap_id: str | None, endpoint_name: str | None) -> Ground:
    """What evidence of the gap, else of an endpoint's worst, will be read by; remembered.

    Asks for no permission, so for nobody's eyes.
    """
    which, asked = (":id", {"id": gap_id}) if gap_id else (_WORST, {"endpoint": endpoint_name})
    gaps, learnt = together(
        lambda: caller.warehouse.rows(_GAP.format(which=which), **asked),
        lambda: _learnt(caller, which, asked),
    )
    gap = Gap(**gaps[0]) if gaps else None
    return see(caller, Ground(_key(gap_id, endpoint_name), gap, learnt))


def _learnt(caller: Caller, which: str, asked: Mapping[str, Value]) -> frozenset[str]:
    if caller.person.token is None:
        return frozenset()
    rows = caller.warehouse.rows(_LEARNT.format(which=which), **asked)
    return frozenset(row["source_table"] for row in rows)


def _key(gap_id: str | None, endpoint_name: str | None) -> str:
    return gap_id or f"the worst of {endpoint_name}"


def _evidence(
    caller: Caller, gap_id: str | None, endpoint_name: str | None, limit: int
) -> Evidence | None:
    return beside(
        caller, Ground, _key(gap_id, endpoint_name),
        lambda: look_up_ground(caller, gap_id, endpoint_name),
        lambda ground: _shown(caller, ground.gap, ground.tables, limit) if ground.gap else None,
    )  # fmt: skip


def _shown(caller: Caller, gap: Gap, tables: Iterable[str], limit: int) -> Evidence:
    """Read and asked for side by side; nothing is given where anything is refused."""
    values = json.loads(gap.evidence_values)
    bound = {name: value for name, value in values.items() if f":{name}" in gap.evidence_query}
    theirs = () if gap.kind == NEGATIVE_FEEDBACK.kind else tables  # what users said is not of them
    rows, *_ = together(
        partial(caller.warehouse.rows, gap.evidence_query, **bound, limit=limit),
        partial(_require_sheet, caller, gap, values),
        *(partial(require_select, caller, table) for table in theirs),
    )
    return Evidence(gap_id=gap.id, query=gap.evidence_query, values=bound,
                    rows=look([], rows, limit, 0).rows)  # fmt: skip


def _require_sheet(caller: Caller, gap: Gap, values: dict[str, Any]) -> None:
    """Segments are columns of a sheet: the caller must be able to read it."""
    if gap.kind == "segment_errors":
        get_sheet(caller, values["sheet_id"])

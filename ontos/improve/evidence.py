"""The rows that show a gap, read now by the gap's own query."""

import json
from functools import partial
from typing import Any

from pydantic import BaseModel

from ontos.data.catalog import look
from ontos.data.sheets import get_sheet
from ontos.deploy.stored import FOREMOST
from ontos.improve.finders import NEGATIVE_FEEDBACK
from ontos.improve.gaps import Gap, get_gap
from ontos.kernel.caller import Caller
from ontos.kernel.fields import Id, Limit
from ontos.kernel.operation import operation
from ontos.kernel.permission import read
from ontos.label.origins import require_source
from ontos.warehouse import together

_WORST = f"""
SELECT g.* FROM gaps AS g JOIN endpoints AS e ON e.name = g.endpoint_name
WHERE e.status <> 'deleted' AND (:endpoint IS NULL OR g.endpoint_name = :endpoint)
ORDER BY CASE WHEN g.status = 'closed' THEN 1 ELSE 0 END, {FOREMOST}, g.affected DESC, g.id LIMIT 1
"""  # noqa: S608


class Evidence(BaseModel):
    """`query` with `values` answers `rows`."""

    gap_id: str
    query: str
    values: dict[str, Any]
    rows: list[dict[str, Any]]


@operation("GET /gaps/{gap_id}/evidence", needs=read("improve"), rights="person")
def get_evidence(caller: Caller, gap_id: Id, limit: Limit = 50) -> Evidence:
    """The rows that show a gap, read now by the gap's own query."""
    return _shown(caller, get_gap(caller, gap_id), limit)


@operation("GET /gaps/worst/evidence", needs=read("improve"), rights="person")
def get_worst_evidence(
    caller: Caller, endpoint_name: str | None = None, limit: Limit = 50
) -> Evidence | None:
    """The rows of the open gap that affects most of one endpoint: of the foremost, unless named."""
    rows = caller.warehouse.rows(_WORST, endpoint=endpoint_name)
    return _shown(caller, Gap(**rows[0]), limit) if rows else None


def _shown(caller: Caller, gap: Gap, limit: int) -> Evidence:
    """Read and asked for side by side; nothing is given where anything is refused."""
    values = json.loads(gap.evidence_values)
    bound = {name: value for name, value in values.items() if f":{name}" in gap.evidence_query}
    rows, *_ = together(
        partial(caller.warehouse.rows, gap.evidence_query, **bound, limit=limit),
        partial(_require_sheet, caller, gap, values),
        partial(_require_source, caller, gap),
    )
    return Evidence(gap_id=gap.id, query=gap.evidence_query, values=bound,
                    rows=look([], rows, limit, 0).rows)  # fmt: skip


def _require_sheet(caller: Caller, gap: Gap, values: dict[str, Any]) -> None:
    """Segments are columns of a sheet: the caller must be able to read it."""
    if gap.kind == "segment_errors":
        get_sheet(caller, values["sheet_id"])


def _require_source(caller: Caller, gap: Gap) -> None:
    """Raises Denied where the person may not read the table that the model learnt from."""
    if caller.person.token is None or gap.kind == NEGATIVE_FEEDBACK.kind:
        return
    learnt = caller.warehouse.rows(
        "SELECT DISTINCT training_sheet_id AS id FROM training_jobs"
        " WHERE uc_model_name = :name AND uc_model_version = :version",
        name=gap.model_name, version=gap.model_version,
    )  # fmt: skip
    for sheet in learnt:
        require_source(caller, sheet["id"])

"""The append-only record of what was done, and refused: audit and outbox in one row.

A row is written in the operation's own transaction. The audit page reads it as it is; the outbox
reads it as a CloudEvents document. One row instead of two halves the cost of a write.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from ontos.kernel.caller import Caller
from ontos.kernel.correlation import correlation
from ontos.kernel.fields import Record, new_id, now
from ontos.kernel.tenancy import Tenant
from ontos.kernel.transfer import Download, Upload
from ontos.warehouse import Value

Outcome = Literal["done", "refused", "failed"]
_LONGEST = 4_000


class Entry(Record):
    """One row of the journal. `detail` is JSON text of the arguments, cut at 4,000 characters."""

    id: str
    at: datetime
    user: str
    door: str
    operation: str
    outcome: str
    reason: str | None
    entity_type: str | None
    entity_id: str | None
    detail: str | None
    duration_ms: float | None
    correlation_id: str


def record(
    caller: Caller,
    operation: str,
    outcome: Outcome,
    *,
    subject: tuple[str | None, str | None] = (None, None),
    reason: str | None = None,
    arguments: Mapping[str, Any] | None = None,
    seconds: float | None = None,
) -> None:
    """Append one row to the tenant's journal."""
    row = _row(caller, operation, outcome, subject, arguments)
    row |= {"reason": reason, "duration_ms": seconds and round(seconds * 1000, 1)}
    values = ", ".join(f":{name}" for name in row)
    caller.warehouse.execute(f"INSERT INTO journal ({', '.join(row)}) VALUES ({values})", **row)  # noqa: S608


@dataclass
class Beside:
    """A row on its way to the journal among the statements of a script, bound to `values`.

    Whoever sends it says `written` once the answer tells that its condition held. How long the
    operation takes is not known yet, so the row says nothing of it.
    """

    statement: str
    values: Mapping[str, Value]
    written: bool = False


def beside(
    caller: Caller,
    operation: str,
    condition: str,
    *,
    subject: tuple[str | None, str | None],
    arguments: Mapping[str, Any] | None,
) -> Beside:
    """A row that is appended, once, if the query `condition` finds anything."""
    row = _row(caller, operation, "done", subject, arguments)
    values = ", ".join(f":journal_{name}" for name in row)
    return Beside(
        f"INSERT INTO journal ({', '.join(row)}) SELECT {values}"  # noqa: S608
        f" WHERE EXISTS ({condition})"
        " AND NOT EXISTS (SELECT 1 FROM journal AS j WHERE j.id = :journal_id)",
        {f"journal_{name}": value for name, value in row.items()},
    )


def _row(
    caller: Caller,
    operation: str,
    outcome: Outcome,
    subject: tuple[str | None, str | None],
    arguments: Mapping[str, Any] | None,
) -> dict[str, Value]:
    return {
        "id": new_id(), "at": now(), "user": caller.user, "door": caller.door,
        "operation": operation, "outcome": outcome, "entity_type": subject[0],
        "entity_id": subject[1], "detail": _detail(arguments), "correlation_id": correlation(),
    }  # fmt: skip


def cloud_event(entry: Entry, tenant: Tenant) -> dict[str, Any]:
    """The row as a CloudEvents 1.0 document; its source is `/ontos/ORG` or `/ontos/ORG/PROJECT`."""
    return {
        "specversion": "1.0",
        "id": entry.id,
        "source": "/".join(("/ontos", *filter(None, tenant))),
        "type": f"ontos.{entry.operation}.{entry.outcome}",
        "subject": f"{entry.entity_type}/{entry.entity_id}" if entry.entity_id else None,
        "time": entry.at.isoformat(),
        "datacontenttype": "application/json",
        "data": {
            "user": entry.user,
            "operation": entry.operation,
            "arguments": _arguments(entry.detail),
            "correlation_id": entry.correlation_id,
        },
    }


def _arguments(detail: str | None) -> Any:
    """What was asked; None where there was nothing, or too much to keep whole."""
    return json.loads(detail) if detail and len(detail) < _LONGEST else None


def _detail(arguments: Mapping[str, Any] | None) -> str | None:
    if not arguments:
        return None
    plain = {k: _plain(v) for k, v in arguments.items() if v is not None}
    return json.dumps(plain, ensure_ascii=False, default=str)[:_LONGEST]


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_defaults=True)
    if isinstance(value, Upload | Download):
        return {"file": value.name}
    return value

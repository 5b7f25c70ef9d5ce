"""The append-only record of what was done, and refused: audit and outbox in one row.

A row is written in the operation's own transaction. The audit page reads it as it is; the outbox
reads it as a CloudEvents document. One row instead of two halves the cost of a write.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from ontos.kernel.caller import Caller
from ontos.kernel.correlation import correlation
from ontos.kernel.fields import Record, new_id, now
from ontos.kernel.tenancy import Tenant
from ontos.kernel.transfer import Download, Upload

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
    caller.warehouse.execute(
        "INSERT INTO journal (id, at, user, door, operation, outcome, reason, entity_type,"
        " entity_id, detail, duration_ms, correlation_id)"
        " VALUES (:id, :at, :user, :door, :operation, :outcome, :reason, :entity_type,"
        " :entity_id, :detail, :duration_ms, :correlation_id)",
        id=new_id(), at=now(), user=caller.user, door=caller.door, operation=operation,
        outcome=outcome, reason=reason, entity_type=subject[0], entity_id=subject[1],
        detail=_detail(arguments), duration_ms=seconds and round(seconds * 1000, 1),
        correlation_id=correlation(),
    )  # fmt: skip


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

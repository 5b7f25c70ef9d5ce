"""An endpoint as it is stored: its states, and changes that never overwrite another's."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import field_validator

from ontos.deploy.rails import Rails
from ontos.deploy.shares import Shares
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict
from ontos.kernel.fields import STORED, Record, now
from ontos.kernel.lifecycle import Lifecycle
from ontos.kernel.records import changed_meanwhile

ENDPOINT_STATES = Lifecycle(
    "endpoint",
    {
        "creating": ("ready", "failed", "deleted"),
        "updating": ("ready", "failed", "deleted"),
        "ready": ("updating", "deleted"),
        "failed": ("updating", "deleted"),
        "deleted": ("creating",),
    },
)


class Endpoint(Record):
    """`traffic` is what the serving layer says: the percent of the requests for each version that
    is loaded. `model_version` has the largest, `pending_version` is being loaded,
    `previous_version` is where a rollback goes. `inputs` are the variables that a query must give.
    """

    name: str
    model_name: str
    model_version: str | None
    pending_version: str | None
    previous_version: str | None
    traffic: Shares
    guardrails: Annotated[Rails | None, STORED]
    status: str
    error_message: str | None
    inputs: list[str]
    training_sheet_id: str | None
    version: int
    created_by: str
    created_at: datetime
    updated_by: str
    updated_at: datetime

    @property
    def moving(self) -> bool:
        """Whether an update runs: of what is loaded, or of the traffic alone."""
        return self.status in ENDPOINT_STATES.before("ready")

    @field_validator("inputs", mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value or []


FOREMOST = (
    "CASE WHEN e.status = 'ready' THEN 0 WHEN e.model_version IS NOT NULL THEN 1 ELSE 2 END,"
    " e.updated_at DESC, e.name"
)
"""Endpoints `e` in the order in which they are of use: those that answer, the last change first."""


def foremost(endpoints: Iterable[Endpoint]) -> Endpoint | None:
    """The first of them in that order."""
    return min(endpoints, default=None, key=lambda e: (_rank(e), -e.updated_at.timestamp(), e.name))


def _rank(endpoint: Endpoint) -> int:
    if endpoint.status == "ready":
        return 0
    return 1 if endpoint.model_version else 2


def require_changeable(endpoint: Endpoint, seen: int | None = None) -> None:
    """Raises NotNow while an update runs, and Conflict where `seen` is not its version any more."""
    ENDPOINT_STATES.check(endpoint.status, "updating")
    require_seen(endpoint, seen)


def require_seen(endpoint: Endpoint, seen: int | None) -> None:
    """Raises Conflict where `seen` is not its version any more; without one, all is well."""
    if seen is not None and seen != endpoint.version:
        raise changed_meanwhile(endpoint.name, endpoint.updated_by)


SEEN = "SELECT 1 FROM endpoints AS e WHERE e.name = :name AND e.version = :before"
"""Finds the endpoint while it is as it was read."""


def save(
    caller: Caller, before: Endpoint, also: Sequence[tuple[str, Mapping[str, Any]]] = (),
    **changes: Any,
) -> Endpoint:  # fmt: skip
    """Write what changed, unless the endpoint changed since it was read.

    `also` are statements that go before it as one with it, so that whoever sees the change sees
    what belongs to it; each asks for `SEEN` itself, and comes with the values that it binds.
    """
    stamp = {"version": before.version + 1, "updated_by": caller.user, "updated_at": now()}
    after = before.model_copy(update=changes | stamp)
    bound = {name: value for _, values in also for name, value in values.items()}
    rows = caller.warehouse.script(
        *(statement for statement, _ in also),
        "UPDATE endpoints SET status = :status, model_version = :model_version,"
        " pending_version = :pending_version, previous_version = :previous_version,"
        " traffic = :traffic, guardrails = :guardrails,"
        " error_message = :error_message, inputs = :inputs, version = :version,"
        " updated_by = :updated_by, updated_at = :updated_at"
        " WHERE name = :name AND version = :before",
        "SELECT updated_by, updated_at FROM endpoints WHERE name = :name",
        **_row(after, _SAVED), **bound, before=before.version,
    )  # fmt: skip
    if rows != [{"updated_by": after.updated_by, "updated_at": after.updated_at}]:
        raise changed_meanwhile(before.name, rows[0]["updated_by"] if rows else "somebody else")
    return after


def give_up(caller: Caller, name: str, reason: str, begun: datetime) -> None:
    """An update that was begun then has failed, if the endpoint still waits for it.

    One that was made later under the same name is another endpoint, and left alone.
    """
    waiting = ", ".join(f"'{state}'" for state in ENDPOINT_STATES.before("failed"))
    caller.warehouse.execute(
        "UPDATE endpoints SET status = 'failed', pending_version = NULL, error_message = :reason,"  # noqa: S608
        " version = version + 1, updated_by = :by, updated_at = :at"
        f" WHERE name = :name AND status IN ({waiting}) AND created_at <= :begun",
        reason=reason, by=caller.user, at=now(), name=name, begun=begun,
    )  # fmt: skip


_SAVED = {"name", "status", "model_version", "pending_version", "previous_version", "traffic",
          "guardrails", "error_message", "inputs", "version", "updated_by",
          "updated_at"}  # fmt: skip


def _row(endpoint: Endpoint, columns: set[str] | None = None) -> dict[str, Any]:
    """Its columns as the warehouse keeps them."""
    texts = {
        "inputs": json.dumps(endpoint.inputs), "traffic": json.dumps(endpoint.traffic),
        "guardrails": endpoint.guardrails and endpoint.guardrails.model_dump_json(),
    }  # fmt: skip
    return endpoint.model_dump(include=columns) | texts


def insert(caller: Caller, endpoint: Endpoint) -> None:
    """A name is taken by one endpoint at a time; that of a deleted one is free again."""
    row = _row(endpoint)
    columns = [name for name in row if name != "name"]
    made = caller.warehouse.execute(
        "MERGE INTO endpoints AS t USING (SELECT :name AS name) AS s ON t.name = s.name"  # noqa: S608
        f" WHEN MATCHED AND t.status = 'deleted' THEN UPDATE SET {_pairs(columns)}"
        f" WHEN NOT MATCHED THEN INSERT (name, {', '.join(columns)})"
        f" VALUES (:name, {', '.join(':' + column for column in columns)})",
        **row,
    )
    if made == 0:
        raise Conflict(
            f"name: there is an endpoint {endpoint.name} already. Update it, or choose another "
            "name.",
            field="name",
        )


def _pairs(columns: list[str]) -> str:
    return ", ".join(f"{column} = :{column}" for column in columns)

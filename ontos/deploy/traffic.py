"""Traffic of an endpoint: how its requests are shared among versions, and who really answered."""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, Field

from ontos.deploy.endpoints import get_endpoint
from ontos.deploy.models import find_version
from ontos.deploy.shares import Percent, require_shares
from ontos.deploy.stored import Endpoint, require_changeable
from ontos.deploy.updates import change_traffic
from ontos.kernel.caller import Caller
from ontos.kernel.fields import Input, Record, now
from ontos.kernel.operation import operation
from ontos.kernel.permission import read, write
from ontos.warehouse import together

DAY = 1_440


class TrafficChange(Input):
    """Percent of the requests for each version: whole, and 100 in all, for at most two versions.

    A version with 0 stays loaded. `version` refuses to overwrite somebody else's change.
    """

    traffic: dict[str, Percent]
    version: int | None = None


class AnsweredBy(Record):
    """`model_version` is None for requests that no version answered; `percent` is of all."""

    model_version: str | None
    requests: int
    percent: float


class Traffic(BaseModel):
    """`traffic` is what the serving layer was last seen to hold, `answered` what came of it."""

    endpoint_name: str
    traffic: dict[str, int]
    since: datetime
    answered: list[AnsweredBy]


@operation("GET /deployment/endpoints/{endpoint_name}/traffic", needs=read("deploy"))
def get_traffic(
    caller: Caller, endpoint_name: str,
    minutes: Annotated[int, Field(ge=1, le=366 * DAY, description="The window.")] = DAY,
) -> Traffic:  # fmt: skip
    """How the requests are shared, and which versions answered those of the last minutes."""
    window = now() - timedelta(minutes=minutes)
    endpoint, shares = together(
        lambda: get_endpoint(caller, endpoint_name),
        lambda: _answered(caller, endpoint_name, window),
    )
    return Traffic(
        endpoint_name=endpoint.name, traffic=endpoint.traffic,
        since=max(window, endpoint.created_at), answered=shares,
    )  # fmt: skip


@operation("PUT /deployment/endpoints/{endpoint_name}/traffic", needs=write("deploy"))
def set_traffic(caller: Caller, endpoint_name: str, change: TrafficChange) -> Endpoint:
    """Share the requests between two versions; the present split answers until both are loaded."""
    endpoint = get_endpoint(caller, endpoint_name)
    require_changeable(endpoint, change.version)
    require_shares(change.traffic)
    for version in change.traffic:
        find_version(caller, endpoint.model_name, version, "traffic")
    return change_traffic(caller, endpoint, change.traffic, "traffic")


def _answered(caller: Caller, endpoint_name: str, since: datetime) -> list[AnsweredBy]:
    """Requests by the version that answered, those with most first; of a former endpoint of that
    name none."""
    rows = caller.warehouse.rows(
        "SELECT m.model_version, count(*) AS requests FROM endpoint_metrics AS m"
        " JOIN endpoints AS e ON e.name = m.endpoint_name AND e.status <> 'deleted'"
        " WHERE m.endpoint_name = :name AND m.at >= greatest(:since, e.created_at)"
        " AND m.source = 'query' GROUP BY m.model_version ORDER BY requests DESC, m.model_version",
        name=endpoint_name, since=since,
    )  # fmt: skip
    every = sum(row["requests"] for row in rows)
    return [AnsweredBy(**row, percent=100 * row["requests"] / every) for row in rows]

"""SQL warehouses as the workspace tells of them; what they execute is another server's."""

from dataclasses import dataclass, field

from databricks.sdk.service import sql

from tests.wire.workspace.http import Request, Routes, missing

_AT = "/api/2.0/sql/warehouses"


@dataclass
class Warehouses:
    """States by the id of each warehouse."""

    states: dict[str, sql.State] = field(default_factory=dict)

    def routes(self) -> Routes:
        return [("GET", _AT, self._list), ("GET", f"{_AT}/{{id}}", self._get)]

    def _get(self, request: Request) -> sql.GetWarehouseResponse:
        known = request.given["id"]
        if known not in self.states:
            raise missing(f"SQL warehouse {known} does not exist.")
        return sql.GetWarehouseResponse(id=known, name=known, state=self.states[known])

    def _list(self, request: Request) -> sql.ListWarehousesResponse:
        return sql.ListWarehousesResponse(warehouses=[
            sql.EndpointInfo(id=known, name=known, state=state)
            for known, state in self.states.items()
        ])  # fmt: skip

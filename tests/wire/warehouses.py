"""SQL warehouses as a part of the local workspace: the same address, the same people."""

from tests.wire.place import PREFIX
from tests.wire.server import Warehouse
from tests.wire.workspace.faults import Cut
from tests.wire.workspace.http import Raw, Request, Routes, missing


class Warehouses:
    """A family of routes; whoever the workspace let in is known to the warehouse by their token."""

    def __init__(self, *served: Warehouse) -> None:
        self.served = {warehouse.path: warehouse for warehouse in served}

    def routes(self) -> Routes:
        return [("POST", f"{PREFIX}{{name}}", self._asked)]

    def _asked(self, request: Request) -> Raw:
        warehouse = self.served.get(request.path)
        if warehouse is None:
            raise missing(f"Warehouse {request.given['name']} was not found.")
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        warehouse.tokens.add(token)
        reply = warehouse.reply(token, request.content)
        if reply is None:
            raise Cut
        status, headers, body = reply
        return Raw(body, status, headers)

"""What app.py serves beside the pages, and what happens at start and stop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.routing import BaseRoute, Mount

from ontos.bootstrap import declare
from ontos.doors import process
from ontos.doors.health import health_routes
from ontos.doors.mcp import mcp_routes
from ontos.doors.rest import rest_app


def routes() -> list[BaseRoute]:
    """REST last: /api/mcp is MCP's, everything else under /api is REST's (404 included)."""
    declare()
    return [
        *health_routes(process.workbench),
        *mcp_routes(process.workbench),
        Mount("/api", rest_app(process.workbench)),
    ]


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Open the store before the first request; leave nothing running after the last."""
    _send_at_once()
    await asyncio.to_thread(process.workbench)
    yield
    await asyncio.to_thread(process.close)


def _send_at_once() -> None:
    """Streamlit's pre-bound socket loses TCP_NODELAY, which delays each reply by 40 ms."""
    loop = asyncio.get_running_loop()
    for server in getattr(loop, "_servers", ()):
        for listening in server.sockets:
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

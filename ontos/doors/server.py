"""What app.py serves beside the pages, and what happens at start and stop."""

import asyncio
import os
import socket
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from starlette.routing import BaseRoute

from ontos.bootstrap import declare
from ontos.doors import process
from ontos.doors.health import health_routes
from ontos.doors.mcp import mcp_routes
from ontos.doors.rest import rest_mount


def routes() -> list[BaseRoute]:
    """REST last: /api/mcp is MCP's, everything else under /api is REST's (404 included)."""
    declare()
    return [
        *health_routes(process.workbench),
        *mcp_routes(process.workbench),
        rest_mount(process.workbench),
    ]


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Open the store before the first request; leave nothing running after the last."""
    _send_at_once()
    await asyncio.to_thread(process.workbench)
    yield
    await asyncio.to_thread(process.close)


def _send_at_once() -> None:
    """Set TCP_NODELAY on the socket that Streamlit has bound; connections inherit it.

    asyncio sets it only on sockets of its own making; without it each reply on a kept connection
    waits 40 ms for the acknowledgement of its header.
    """
    for number in _open_sockets():
        with socket.socket(fileno=os.dup(number)) as bound:
            if (
                bound.family in (socket.AF_INET, socket.AF_INET6)
                and bound.type == socket.SOCK_STREAM
            ):
                bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _open_sockets() -> Iterator[int]:
    """This process's sockets by number; none where the system has no /dev/fd to list them."""
    folder = Path("/dev/fd")
    for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
        with suppress(OSError):  # the listing's own descriptor is closed again by now
            if stat.S_ISSOCK(os.fstat(int(entry.name)).st_mode):
                yield int(entry.name)

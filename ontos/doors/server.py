"""What app.py serves beside the pages, and what happens at start and stop."""

import asyncio
import os
import signal
import socket
import stat
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Scope

from ontos.doors import process
from ontos.doors.health import health_routes
from ontos.doors.later import Later, below

if TYPE_CHECKING:
    from ontos.bootstrap import Workbench

    Asked = Callable[..., Workbench]

MCP_PATHS = ("/mcp", "/api/mcp")
"""Databricks Apps take tokens only for paths under /api."""


def routes(workbench: "Asked" = process.workbench) -> list[BaseRoute]:
    """REST last: /api/mcp is MCP's, everything else under /api is REST's (404 included)."""
    mcp = Later(lambda: _mcp(workbench))
    return [
        *health_routes(workbench),
        *(Route(path, mcp) for path in MCP_PATHS),
        below("/api", Later(lambda: _rest(workbench), _instead_of_rest)),
    ]


def _rest(workbench: "Asked") -> ASGIApp:
    """Built over an open workbench, so that its operations are known and none of it waits."""
    workbench()
    from ontos.doors.rest import rest_app

    return rest_app(workbench)


def _instead_of_rest(error: Exception, scope: Scope) -> Response | None:
    from ontos.doors.first_start import answer

    return answer(error, scope)


def _mcp(workbench: "Asked") -> ASGIApp:
    workbench()
    from ontos.doors.mcp import mcp_door

    return mcp_door(workbench)


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Begin to open the store; leave nothing running after the last request."""
    _send_at_once()
    process.begin().add_done_callback(_end_where_useless)
    yield
    await asyncio.to_thread(process.close)


def _end_where_useless(opening: "Future[Workbench]") -> None:
    """A process whose own store does not open ends, and says why; a warehouse may come back."""
    error = opening.exception()
    if error is None:
        return
    print(f"The workbench cannot open its store. {error}", file=sys.stderr, flush=True)
    if os.environ.get("ONTOS_WAREHOUSE", "embedded") == "embedded":
        os.kill(os.getpid(), signal.SIGTERM)


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

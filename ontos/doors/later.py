"""A door that is built when it is first knocked at: the first page waits for none of them."""

import re
from collections.abc import Callable
from threading import Lock

from anyio import to_thread
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

RETRY_SECONDS = 5


Instead = Callable[[Exception, Scope], Response | None]
"""What a door that cannot be built answers to a request, if anything but the reason."""


def nothing(_error: Exception, _scope: Scope) -> None:
    return None


class Later:
    """`build` runs once, in a thread; where it cannot, each request gets its reason.

    Or what `instead` answers, which runs in a thread as well.
    """

    def __init__(self, build: Callable[[], ASGIApp], instead: Instead = nothing) -> None:
        self._build, self._instead = build, instead
        self._lock = Lock()
        self._built: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            door = self._built
            if door is None:
                door = await to_thread.run_sync(self._first)
        except Exception as error:  # answered, and logged where it is not one of ours
            answer = await to_thread.run_sync(self._instead, error, scope)
            await (answer or _refusal(error))(scope, receive, send)
            return
        await door(scope, receive, send)

    def _first(self) -> ASGIApp:
        with self._lock:
            self._built = self._built or self._build()
            return self._built


def _refusal(error: Exception) -> JSONResponse:
    from ontos.doors.envelope import known, problem

    answer = problem(known(error))
    answer.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer


def below(path: str, door: ASGIApp) -> Mount:
    """The door for everything below a path, whatever the path holds.

    Mount's own pattern ends at a line break, so such a path would be answered by the pages.
    """
    mount = Mount(path, door)
    mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
    return mount

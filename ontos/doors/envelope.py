"""Around each request of the REST and MCP doors: a correlation id, a bounded body, and an answer.

Whatever goes wrong inside is answered by an RFC 9457 problem document with the same correlation id
as the log and the journal.
"""

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ontos.doors.later import RETRY_SECONDS
from ontos.kernel import logs
from ontos.kernel.correlation import correlated, correlation
from ontos.kernel.errors import OntosError, TooLarge

MEGABYTE = 1024 * 1024


PASSING = frozenset({"opening", "starting"})
"""Reasons that go away by themselves, and before which nothing was done."""


def problem(error: OntosError) -> JSONResponse:
    again = {"Retry-After": str(RETRY_SECONDS)} if error.more.get("reason") in PASSING else {}
    return JSONResponse(
        error.problem(correlation()), error.status, again, media_type="application/problem+json"
    )


def known(error: Exception) -> OntosError:
    """The error itself where it is one of ours; else one that hides it, after logging it whole."""
    if isinstance(error, OntosError):
        return error
    logs.failure("an operation failed unexpectedly", kind=type(error).__name__)
    return OntosError(
        "Something went wrong inside the workbench. The log holds the correlation id."
    )


class Envelope:
    """`limit` gives the largest body, in bytes, that a path takes."""

    def __init__(self, app: ASGIApp, limit: Callable[[str], int]) -> None:
        self.app, self.limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        with correlated(headers.get("x-request-id")) as key:
            exchange = Exchange(receive, send, self.limit(scope["path"]), key)
            exchange.announced(headers.get("content-length", ""))
            error = None if exchange.over else await self._inner(scope, exchange)
            if exchange.over and not exchange.started:
                error = exchange.too_large()
            if error is not None:
                await problem(error)(scope, receive, exchange.answer)

    async def _inner(self, scope: Scope, exchange: "Exchange") -> OntosError | None:
        """Let the app answer; what it failed with, where nothing has been sent yet."""
        try:
            await self.app(scope, exchange.receive, exchange.send)
        except ClientDisconnect:
            return None  # nobody is left to be told
        except Exception as error:
            if exchange.started:
                raise
            return known(error)
        return None


class Exchange:
    """One request under way. Once its body is `over` the limit, the app is cut off from it."""

    def __init__(self, receive: Receive, send: Send, limit: int, key: str) -> None:
        self._receive, self._send, self._limit, self._key = receive, send, limit, key
        self._received = 0
        self.over = False
        self.started = False

    def announced(self, length: str) -> None:
        """What Content-Length says, before anything is read."""
        self.over = length.isdecimal() and int(length) > self._limit

    async def receive(self) -> Message:
        message = await self._receive()
        self._received += len(message.get("body", b""))
        self.over = self.over or self._received > self._limit
        return {"type": "http.disconnect"} if self.over else message

    async def send(self, message: Message) -> None:
        """What the app answers; dropped when the limit speaks instead."""
        if self.started or not self.over:
            await self.answer(message)

    async def answer(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = [*message.get("headers", ()), (b"x-request-id", self._key.encode())]
            message = {**message, "headers": headers}
        await self._send(message)

    def too_large(self) -> TooLarge:
        return TooLarge(
            f"body: the request is larger than {self._limit // MEGABYTE} MB. Send it in parts, or "
            "raise ONTOS_MAX_UPLOAD_MB (files) or ONTOS_MAX_BODY_MB (everything else).",
            field="body",
        )

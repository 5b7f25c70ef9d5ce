"""What became of a statement whose answer failed to come, and when it is sent again."""

import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ontos.kernel.errors import OntosError

RETRY_SECONDS = 30.0
"""A statement is not sent again later than this after it was first sent, or its link first lost."""
STARTING_SECONDS = 600.0
"""The same while no session can be opened: a stopped warehouse takes minutes to start. It may
answer that it starts, or say nothing at all."""
LINK_TRIES = 4
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0


class Fate(Enum):
    """REFUSED: the warehouse answered, with an error. UNSENT: it was surely not executed.
    UNKNOWN: the link broke while it may have been executed."""

    REFUSED = "refused"
    UNSENT = "unsent"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Setback:
    """One failed try. `reason` is a word for the metrics; `after` is the pause that was asked.

    `opening`: no session stood.
    """

    fate: Fate
    reason: str
    error: BaseException
    after: float = 0.0
    opening: bool = False

    @property
    def link_lost(self) -> bool:
        """Whether the other idle connections have probably broken too."""
        return self.reason in ("link", "session", "credentials")


def connector_errors() -> tuple[type[Exception], ...]:
    """Everything that the connector raises; links fail with errors of the libraries below it."""
    from databricks.sql.exc import Error
    from urllib3.exceptions import HTTPError

    return (Error, HTTPError, OSError)


def sound(error: BaseException) -> bool:
    """Whether the connection on which this was raised can be used again."""
    from databricks.sql.exc import RequestError, ServerOperationError

    if isinstance(error, RequestError):
        return error.context.get("http-code") in (429, 503)
    if isinstance(error, ServerOperationError | GeneratorExit):
        return True
    return isinstance(error, Exception) and not isinstance(error, connector_errors())


def setback(error: BaseException, *, opening: bool, taken: bool) -> Setback:
    """What an error of the connector tells.

    `opening`: no session stands yet. `taken`: the warehouse has named its operation, so it runs.
    """
    from databricks.sql.exc import DatabaseError, RequestError, ServerOperationError
    from urllib3.exceptions import HTTPError

    if isinstance(error, ServerOperationError):
        lost = "DELTA_CONCURRENT" in str(error)  # another writer came first: nothing was done
        return Setback(Fate.UNSENT, "conflict", error) if lost else _refused(error)
    if isinstance(error, RequestError):
        for own in error.args:
            if isinstance(own, OntosError):  # the credentials': nothing was sent
                return _refused(own)
        return _of_status(error, opening, taken)
    if isinstance(error, HTTPError | OSError):
        return _of_link(error, opening, taken)
    if isinstance(error, DatabaseError) and "Invalid SessionHandle" in str(error):
        return Setback(Fate.UNKNOWN if taken else Fate.UNSENT, "session", error)
    return _refused(error)


def _refused(error: BaseException) -> Setback:
    return Setback(Fate.REFUSED, "refused", error)


def _of_status(error: Any, opening: bool, taken: bool) -> Setback:
    code, after = error.context.get("http-code"), error.context.get("bounded-retry-delay")
    executing = error.context.get("method") == "ExecuteStatement"
    safe = opening or (executing and not taken)
    if code in (429, 503):
        reason = "starting" if opening and code == 503 else "busy"
        return Setback(Fate.UNSENT if safe else Fate.UNKNOWN, reason, error, _asked(after))
    if code in (401, 403) and safe:
        return Setback(Fate.UNSENT, "credentials", error)
    if code is not None and 400 <= code < 500 and safe:
        return _refused(error)
    return Setback(Fate.UNSENT if opening else Fate.UNKNOWN, "link", error, opening=opening)


def _asked(after: float | None) -> float:
    """Retry-After in seconds; the connector says 1 where the warehouse said nothing."""
    return float(after) if after and after > 1 else 0.0


def _of_link(error: BaseException, opening: bool, taken: bool) -> Setback:
    """A link that never stood carried nothing."""
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    inner = getattr(error, "reason", None) or error
    stood = not isinstance(inner, NewConnectionError | ConnectTimeoutError)
    if opening or (not stood and not taken):
        return Setback(Fate.UNSENT, "link" if stood else "unreachable", error, opening=opening)
    return Setback(Fate.UNKNOWN, "link", error)


class Patience:
    """The pauses of one statement: twice as long each time, scattered, and bounded in all."""

    def __init__(
        self, limit: float = RETRY_SECONDS, starting: float = STARTING_SECONDS,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:  # fmt: skip
        self._limit, self._starting, self._sleep = limit, starting, sleep
        self._began = time.monotonic()
        self._tries = 0
        self._lost: float | None = None

    @property
    def lost(self) -> bool:
        """Whether a link over which the statement was sent has broken or fallen silent."""
        return self._lost is not None

    @property
    def waited(self) -> float:
        return time.monotonic() - self._began

    def pause(self, found: Setback) -> bool:
        """Wait before the next try; False where waiting any longer is of no use.

        A link is lost after work of any length: its tries are counted, and timed from the first.
        """
        self._tries += 1
        if found.reason == "credentials":
            return self._tries == 1  # with fresh ones, at once
        if found.reason == "link" and not found.opening and self._lost is None:
            self._lost = time.monotonic()
        wait = self._next(found)
        if found.reason in ("link", "session") and self._tries > LINK_TRIES:
            return False
        if wait > self._left(found):
            return False
        self._sleep(wait)
        return True

    def _left(self, found: Setback) -> float:
        """Seconds within which another try may begin."""
        if found.reason == "session":
            return math.inf
        if found.reason == "link" and self._lost is not None:
            return self._lost + self._limit - time.monotonic()
        unopened = found.reason in ("starting", "link")
        return (self._starting if unopened else self._limit) - self.waited

    def _next(self, found: Setback) -> float:
        if found.reason == "session" and self._tries == 1:
            return 0.0
        grown = min(FIRST_PAUSE * 2.0 ** (self._tries - 1), LONGEST_PAUSE)
        return max(found.after, grown) * random.uniform(0.7, 1.3)  # noqa: S311

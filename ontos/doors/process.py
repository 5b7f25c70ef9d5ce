"""The one workbench of this process: opened in a thread of its own, so that pages answer meanwhile.

An embedded store opens in a moment; a SQL warehouse that has to start takes minutes. Every door
asks here, and is told how long the opening has taken when its own patience ends.
"""

import threading
import time
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING

from ontos.kernel.errors import Unavailable

if TYPE_CHECKING:
    from ontos.bootstrap import Workbench

PATIENCE = 20.0
"""Seconds that a door waits for the opening before it answers that it still goes on."""

_lock = threading.Lock()
_opening: "Future[Workbench] | None" = None
_since = 0.0
_failed: str | None = None
"""What the last opening failed with, told while the next one is under way."""


def begin() -> "Future[Workbench]":
    """The opening, begun now unless it is under way or done; one that failed is begun again."""
    global _opening, _since, _failed
    with _lock:
        if _opening is None or (_opening.done() and _opening.exception()):
            _failed = str(_opening.exception()) if _opening else None
            _opening, _since = Future(), time.monotonic()
            threading.Thread(target=_open, args=(_opening,), name="opening", daemon=True).start()
        return _opening


def workbench(patience: float = PATIENCE) -> "Workbench":
    """The open workbench; raises Unavailable when it takes longer than `patience` seconds.

    What went wrong with the opening is raised as it is.
    """
    return _result(begin(), patience)


def outcome() -> "Workbench":
    """As `workbench`, but an opening that has failed is told of, and not begun again.

    For whoever waited for its end with `soon`, which began it.
    """
    return _result(_opening or begin(), PATIENCE)


def _result(opening: "Future[Workbench]", patience: float) -> "Workbench":
    try:
        return opening.result(patience)
    except TimeoutError as error:
        raise Unavailable(
            f"The workbench has been opening its store for {waited():.0f} s. {_why_it_may_take()}"
            " Try again in a moment.",
            reason="opening",
        ) from error


def _why_it_may_take() -> str:
    if _failed:
        return f"The try before this one failed. {_failed}"
    return "A SQL warehouse that was stopped takes minutes to start."


def soon(seconds: float) -> bool:
    """Whether the opening has ended, in whatever way, within `seconds`."""
    return bool(wait([begin()], seconds).done)


def waited() -> float:
    """Seconds since the opening began."""
    return time.monotonic() - _since


def use(bench: "Workbench | None") -> None:
    """Serve from `bench`: how tests put their own behind the doors."""
    global _opening, _failed
    with _lock:
        _opening = _failed = None
        if bench is not None:
            _opening = Future()
            _opening.set_result(bench)


def close() -> None:
    """Stop background work and let go of the store; one still opening is let be."""
    global _opening
    with _lock:
        ended, _opening = _opening, None
    if ended and ended.done() and not ended.exception():
        ended.result().close()


def _open(opening: "Future[Workbench]") -> None:
    try:
        from ontos.bootstrap import open_workbench

        bench = open_workbench()
        bench.start()
    except BaseException as error:  # whoever waits for the opening is told
        opening.set_exception(error)
        return
    opening.set_result(bench)

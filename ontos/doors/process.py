"""The one workbench of this process, opened on first use; every door asks here."""

import threading

from ontos.bootstrap import Workbench, open_workbench

_lock = threading.Lock()
_opened: Workbench | None = None


def workbench() -> Workbench:
    """Open it, with its background work, on the first call."""
    global _opened
    with _lock:
        if _opened is None:
            _opened = open_workbench()
            _opened.start()
        return _opened


def use(bench: Workbench | None) -> None:
    """Serve from `bench`: how tests put their own behind the doors."""
    global _opened
    with _lock:
        _opened = bench


def close() -> None:
    """Stop background work and let go of the store."""
    global _opened
    with _lock:
        if _opened is not None:
            _opened.close()
        _opened = None

"""What modules made is set aside from the garbage collector.

Streamlit has all garbage looked for after every run of a page or of a part that polls. With the
modules that this app takes in, that is 0.1 s and more on an idle machine, in which nobody is
served. What they made stays for good: a collector that does not look at it is done in a
millisecond.
"""

import gc
import sys
from threading import Lock

MANY = 50
"""Modules that must have come in since, for it to be worth while."""

_lock = Lock()
_known = 0


def set_aside() -> bool:
    """Where many modules came in since the last time: collect, then set aside what is left."""
    global _known
    if len(sys.modules) - _known < MANY or not _lock.acquire(blocking=False):
        return False
    try:
        _known = len(sys.modules)
        gc.collect()
        gc.freeze()
    finally:
        _lock.release()
    return True

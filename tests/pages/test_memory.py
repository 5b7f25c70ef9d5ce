"""The garbage collector's share of a click."""

import gc
import subprocess
import sys

SCRIPT = """
import gc, time
import pandas, sqlglot, streamlit
from pages.memory import set_aside

def seconds():
    began = time.perf_counter()
    gc.collect(2)
    return time.perf_counter() - began

seconds()
before = seconds()
assert set_aside() and not set_aside()
after = seconds()
assert after < before / 5, (before, after)
"""


def test_what_modules_made_is_not_looked_at_again():
    """In a process of its own: what is set aside there stays so."""
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, timeout=60)
    assert gc.isenabled()

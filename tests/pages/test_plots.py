"""Charts: what draws them must not depend on what other threads import meanwhile."""

import subprocess
import sys
from pathlib import Path

PAGES = Path(__file__).parents[2] / "pages"

MEANWHILE = """
import sys, threading, time
from importlib.abc import MetaPathFinder

begun = threading.Event()

class Stall(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "pandas.core":
            begun.set()
            time.sleep(1.0)
        return None

sys.meta_path.insert(0, Stall())
importing = threading.Thread(target=__import__, args=("pandas",))
importing.start()
assert begun.wait(30) and not hasattr(sys.modules["pandas"], "Series")
{taken}
go.Figure(go.Bar(x=[0.2, 0.5], y=["a", "b"]))
importing.join()
"""
"""Draws a bar while another thread is half through its first import of pandas."""


def _drawn_meanwhile(taken: str) -> subprocess.CompletedProcess[str]:
    script = MEANWHILE.format(taken=taken)
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=PAGES.parent, timeout=60
    )


def test_a_chart_waits_for_pandas_that_another_thread_imports():
    drawn = _drawn_meanwhile("from pages.plots import go")
    assert drawn.returncode == 0, drawn.stderr


def test_plotly_by_itself_does_not_wait():
    """When this fails, Plotly was mended and `pages/plots.py` may go."""
    drawn = _drawn_meanwhile("import plotly.graph_objects as go")
    assert "partially initialized module 'pandas'" in drawn.stderr


def test_pages_take_plotly_from_one_place():
    importing = {
        path.name for path in PAGES.rglob("*.py") if "import plotly" in path.read_text("utf-8")
    }
    assert importing == {"plots.py"}

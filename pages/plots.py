"""Plotly, taken in once pandas is whole; pages take it from here alone.

Plotly compares what it draws with the pandas that it finds loaded, and fails where another thread
is importing that for the first time: "partially initialized module 'pandas' has no attribute
'Series'". The import of pandas waits for the other thread's.
"""

import pandas  # noqa: F401 - before Plotly looks for it
import plotly.graph_objects as go

__all__ = ["go"]

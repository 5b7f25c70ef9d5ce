"""Rows as Streamlit's tables take them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa


def rows_of(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """An Arrow table: the way over pandas turns what is missing into NaN and drops time zones."""
    return pa.Table.from_pylist([dict(row) for row in rows])

"""Databricks SQL to DuckDB: what is not known to mean the same on both raises.

`translate` is cached; a text costs a millisecond once. Three things are held together here: the
functions of `FUNCTIONS` (functions, arrays, times, documents), the statements of `statements`, and
the node types of `known`. Whatever is in none of them is refused.
"""

from ontos.warehouse.dialect.documents import databricks_type
from ontos.warehouse.dialect.translation import Statement, Translation, translate

__all__ = ["Statement", "Translation", "databricks_type", "translate"]

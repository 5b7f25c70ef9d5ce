"""Databricks SQL to DuckDB: what is not known to mean the same on both raises.

`translate` is cached; a text costs a millisecond or two once. Three things are held together here:
the functions (functions, arrays, times, documents, json_text, rows), the statements (statements),
and the node types (known). Whatever is in none of them is refused. What depends on types that a
text does not show is named by `ontos.warehouse.banned`.

Left as it is, since only unusual data shows it: `upper('ß')`; the digits of large or decimal
numbers inside to_json; from_json reads a number that has another type than was asked, and raises
on text that is no JSON, where Spark gives NULL; a DATE with an INTERVAL of days becomes a
timestamp; current_timestamp() inside a transaction is the time of its first write.
"""

from ontos.warehouse.dialect.documents import databricks_type
from ontos.warehouse.dialect.translation import Statement, Translation, translate

__all__ = ["Statement", "Translation", "databricks_type", "translate"]

"""The Databricks engine: a SQL warehouse behind `databricks-sql-connector`.

    settings, credentials → links (how one connection is opened) → pool (how many, and how old)
    warehouse (the protocol) → retries (what is repeated when) and failures (whose words these are)

There is no transaction over several tables: what must hold together is written so that doing it
again changes nothing.
"""

from ontos.warehouse.databricks.pool import Pool
from ontos.warehouse.databricks.warehouse import DatabricksWarehouse, open_databricks

__all__ = ["DatabricksWarehouse", "Pool", "open_databricks"]

"""The table that these tests write to."""

from ontos.warehouse.databricks import DatabricksWarehouse

INSERT = "INSERT INTO t (id, n) VALUES ('a', 1)"
COUNT = "SELECT count(*) AS n FROM t"


def count(warehouse: DatabricksWarehouse) -> int:
    return int(warehouse.rows(COUNT)[0]["n"])

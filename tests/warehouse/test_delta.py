"""What Delta refuses is told, though DuckDB and our Spark do it; what it takes is left alone."""

import pytest

from ontos.warehouse import EmbeddedWarehouse, lint

WIDE = ", ".join(f"c{n} INT" for n in range(33))
MERGE = "MERGE INTO t USING (SELECT 'a' AS id) AS s ON t.id = s.id"

REFUSED = [
    ("DELETE FROM t WHERE id IN (SELECT id FROM s WHERE id IN (SELECT id FROM u))", "Join"),
    ("UPDATE t SET n = 1 WHERE EXISTS (SELECT 1 AS x FROM s"
     " WHERE s.id = t.id AND NOT EXISTS (SELECT 1 AS x FROM u WHERE u.id = s.id))", "Join"),
    ("DELETE FROM t WHERE n > (SELECT max(n) AS n FROM s WHERE id = (SELECT min(id) AS id FROM u))",
     "Join"),
    ("DELETE FROM t WHERE n = 3 OR id NOT IN (SELECT id FROM s)", "NOT EXISTS"),
    ("UPDATE t SET n = 1 WHERE (n = 3 OR (id NOT IN (SELECT id FROM s))) AND n > 0", "NOT EXISTS"),
    (f"{MERGE} WHEN MATCHED AND EXISTS (SELECT 1 AS x FROM u) THEN UPDATE SET n = 1", "USING"),
    (f"{MERGE} AND t.n = (SELECT max(n) AS n FROM u) WHEN MATCHED THEN DELETE", "USING"),
    ("CREATE TABLE t (id STRING, tags ARRAY<STRING>) USING DELTA CLUSTER BY (tags)", "ARRAY"),
    ("CREATE TABLE t (good BOOLEAN) CLUSTER BY (good)", "BOOLEAN"),
    ("CREATE TABLE t (id STRING) USING DELTA CLUSTER BY (name)", "no such column"),
    ("CREATE TABLE t (a INT, b INT, c INT, d INT, e INT) CLUSTER BY (a, b, c, d, e)", "at most"),
    (f"CREATE TABLE t ({WIDE}) USING DELTA CLUSTER BY (c32)", "first 32"),
    ("CREATE TABLE t (id STRING DEFAULT 'x') USING DELTA", "allowColumnDefaults"),
    ("CREATE TABLE t (`a b` STRING) USING DELTA", "columnMapping"),
    ("CREATE TABLE t (`a b` STRING) TBLPROPERTIES ('delta.columnMapping.mode' = 'none')",
     "columnMapping"),
    ("ALTER TABLE t ADD COLUMNS (z STRING NOT NULL)", "nullable"),
    ("ALTER TABLE t ADD COLUMN z STRING DEFAULT 'x'", "no DEFAULT"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "says"), REFUSED)
def test_what_delta_refuses(sql: str, says: str) -> None:
    assert any(says in remark for remark in lint(sql)), lint(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM t WHERE n = 3 OR id IN (SELECT id FROM s)",
        "DELETE FROM t WHERE id NOT IN (SELECT id FROM s WHERE n = 1 OR n = 2)",
        "DELETE FROM t WHERE n = 3 OR NOT EXISTS (SELECT 1 AS x FROM s WHERE s.id = t.id)",
        "DELETE FROM t WHERE id IN (SELECT x.id FROM (SELECT explode(:ids) AS id) AS x)",
        "DELETE FROM t WHERE id IN (SELECT id FROM s) AND n = (SELECT max(n) AS n FROM s)",
        "UPDATE t SET n = (SELECT count(*) AS n FROM s WHERE id IN (SELECT id FROM u))",
        "UPDATE t SET n = 1 WHERE exists(tags, tag -> tag = 'a')",
        "MERGE INTO t USING (SELECT id FROM s WHERE EXISTS (SELECT 1 AS x FROM u)) AS s"
        " ON t.id = s.id WHEN MATCHED AND t.n = 1 THEN DELETE",
        "INSERT INTO t (id) SELECT id FROM s WHERE n = 1 OR id NOT IN (SELECT id FROM u)",
        f"CREATE TABLE t ({WIDE}) USING DELTA CLUSTER BY (c0, c31)",
        "CREATE TABLE t (Id STRING, at TIMESTAMP, n DECIMAL(9, 2)) CLUSTER BY (id, at, n)",
        "CREATE TABLE t (id STRING DEFAULT 'x') USING DELTA"
        " TBLPROPERTIES ('delta.feature.allowColumnDefaults' = 'supported')",
        "CREATE TABLE t (`a b` STRING) USING DELTA"
        " TBLPROPERTIES ('delta.columnMapping.mode' = 'name')",
        "ALTER TABLE t ADD COLUMNS (z STRING COMMENT 'a', y INT)",
    ],
)
def test_what_delta_takes(sql: str) -> None:
    assert lint(sql) == []


def test_the_embedded_engine_would_not_have_said_so(warehouse: EmbeddedWarehouse) -> None:
    """Why the text is looked at: here it runs."""
    warehouse.execute("CREATE TABLE t (id STRING, tags ARRAY<STRING>) USING DELTA CLUSTER BY (id)")
    assert warehouse.execute("DELETE FROM t WHERE id = 'a' OR id NOT IN (SELECT id FROM t)") == 0

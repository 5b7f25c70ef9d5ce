"""The lint names what means something different on each engine, and says what to write instead."""

import pytest

from ontos.warehouse import lint

BANNED = [
    ("SELECT CAST(a / 2 AS INT) AS n FROM t", "rounds"),
    ("SELECT CAST(avg(a) AS BIGINT) AS n FROM t", "rounds"),
    ("SELECT CAST(1.5 AS INT) AS n", "rounds"),
    ("SELECT CAST(at AS STRING) AS x FROM t", "date_format"),
    ("SELECT CAST(updated_at AS STRING) AS x FROM t", "date_format"),
    ("SELECT CAST(CAST(a AS DOUBLE) AS STRING) AS x FROM t", "print it"),
    ("SELECT concat('at ', created_at) AS x FROM t", "date_format"),
    ("SELECT concat('x', a / 2) AS x FROM t", "print"),
    ("SELECT 'it''s' AS x", "version of Spark"),
    ("SELECT 'it' 'em' AS x, 'a''b' AS y", "version of Spark"),
    ("SELECT v:a.b AS x FROM t", "::type"),
    ("SELECT count(*) FROM t", "AS"),
    ("SELECT a, max(b) FROM t GROUP BY a", "AS"),
    ("SELECT a + 1 FROM t UNION ALL SELECT 2 AS b", "AS"),
    ("MERGE INTO t USING (VALUES (1)) AS s(a) ON t.a = s.a WHEN MATCHED THEN DELETE", "VALUES"),
    (
        "WITH RECURSIVE r (n) AS (SELECT 1 AS n UNION SELECT n + 1 FROM r WHERE n < 3)"
        " SELECT n FROM r",
        "UNION ALL",
    ),
    ("UPDATE t SET a = 1 FROM s WHERE s.id = t.id", "MERGE"),
    ("SELECT DISTINCT ON (a) a, b FROM t", "QUALIFY"),
    ("SELECT trunc(d, 'MM') AS m FROM t", "not translated"),
    ("SELECT to_timestamp(a) AS m FROM t", "not translated"),
    ("SELECT crc32(a) AS m FROM t", "not translated"),
    ("SELECT * FROM t VERSION AS OF 1", "not translated"),
    ("SELECT a FROM", "not Databricks SQL"),
]


@pytest.mark.parametrize(("sql", "says"), BANNED)
def test_what_is_banned(sql: str, says: str) -> None:
    assert any(says in remark for remark in lint(sql)), lint(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM t WHERE id = :id",
        "SELECT a, count(*) AS n FROM t GROUP BY a ORDER BY n DESC, a",
        "SELECT CAST(floor(a / 2) AS INT) AS n, CAST(sum(b) AS BIGINT) AS s FROM t",
        "SELECT CAST(n AS STRING) AS x, concat('a', CAST(n AS STRING)) AS y FROM t",
        "SELECT 'it\\'s' AS x, '' AS y, concat('', '') AS z",
        "SELECT v:a.b::string AS x FROM t",
        "SELECT explode(from_json(:ids, 'ARRAY<STRING>')) AS id",
        "SELECT x.id FROM (SELECT explode(u) AS id FROM t) AS x",
        "INSERT INTO t (a) SELECT max(b) + 1 FROM s",
        "MERGE INTO t USING (SELECT :a AS a) AS s ON t.a = s.a WHEN NOT MATCHED THEN INSERT *",
        "UPDATE t SET a = 1 WHERE id IN (SELECT id FROM s)",
        "WITH RECURSIVE r (n) AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3)"
        " SELECT n FROM r UNION SELECT 9 AS n",
        "OPTIMIZE t",
        "CREATE TABLE IF NOT EXISTS t (id STRING) USING DELTA",
    ],
)
def test_what_is_fine(sql: str) -> None:
    assert lint(sql) == []

"""Which statements may be sent again when nobody knows whether they were done."""

import pytest

from ontos.warehouse.databricks.repeatable import Repeat, repeatable

READS = [
    "SELECT * FROM t",
    "-- a remark\nSELECT * FROM t",
    "WITH a AS (SELECT 1 AS x) SELECT x FROM a",
    "SELECT uuid() AS id",
    "SHOW TABLES",
]
ALWAYS = [
    "CREATE TABLE IF NOT EXISTS t (a INT)",
    "CREATE SCHEMA IF NOT EXISTS s",
    "DROP TABLE IF EXISTS t",
    "CREATE OR REPLACE TABLE t AS SELECT 1 AS a",
    "INSERT OVERWRITE t SELECT * FROM s",
    "OPTIMIZE t",
    "UPDATE t SET status = :status, at = :at WHERE id = :id",
    "MERGE INTO t USING (SELECT :id AS id, :n AS n) AS s ON t.id = s.id"
    " WHEN MATCHED THEN UPDATE SET t.n = s.n"
    " WHEN NOT MATCHED THEN INSERT (id, n) VALUES (s.id, s.n)",
]
GUARDED = [
    "DELETE FROM t WHERE id = :id",
    "UPDATE jobs SET status = 'running', owner = :me WHERE id = :id AND status = 'queued'",
    "UPDATE t SET text = :text, version = version + 1 WHERE id = :id AND version = :version",
    "MERGE INTO t USING (SELECT :id AS id) AS s ON t.id = s.id"
    " WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id)",
    "MERGE INTO t USING s ON t.id = s.id WHEN NOT MATCHED THEN INSERT *",
    "MERGE INTO t USING s ON t.id = s.id"
    " WHEN MATCHED AND t.version = s.version THEN UPDATE SET t.version = t.version + 1",
    "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE",
    "MERGE INTO t USING (SELECT :id AS id) AS s ON t.id = s.id"
    " WHEN NOT MATCHED THEN INSERT (id, at) VALUES (:id, :at)",
]
NEVER = [
    "INSERT INTO t (id) VALUES (:id)",
    "INSERT INTO t SELECT * FROM s",
    "UPDATE t SET n = n + 1 WHERE id = :id",
    "UPDATE t SET n = n + 1, status = 'x' WHERE id = :id AND status = 'y'",
    "ALTER TABLE t ADD COLUMNS (b INT)",
    "CREATE TABLE t (a INT)",
    "DROP TABLE t",
    "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET t.n = t.n + s.n",
    "MERGE INTO t USING s ON t.name = s.name WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id)",
    "MERGE INTO t USING s ON t.id = s.id AND t.n > 3"
    " WHEN NOT MATCHED THEN INSERT (id, n) VALUES (s.id, s.n)",
    "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET n = n + 1",
    "MERGE INTO t USING (SELECT id, n + 1 AS n FROM t) AS s ON t.id = s.id"
    " WHEN MATCHED THEN UPDATE SET t.n = s.n",
    "MERGE INTO t USING (SELECT uuid() AS id) AS s ON t.id = s.id"
    " WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id)",
    "MERGE INTO t USING (SELECT :id AS id) AS s ON t.id = s.id"
    " WHEN NOT MATCHED THEN INSERT (id) VALUES (:other)",
    "UPDATE t SET n = (SELECT max(u.n) + 1 FROM t AS u) WHERE id = :id",
    "DELETE FROM t WHERE id IN (SELECT id FROM t ORDER BY id LIMIT 10)",
    "INSERT OVERWRITE t SELECT id, n + 1 FROM t",
    "THIS IS NO SQL (",
]


@pytest.mark.parametrize("sql", READS)
def test_what_changes_nothing(sql: str) -> None:
    assert repeatable(sql) is Repeat.READS


@pytest.mark.parametrize("sql", ALWAYS)
def test_what_is_the_same_twice(sql: str) -> None:
    assert repeatable(sql) is Repeat.ALWAYS


@pytest.mark.parametrize("sql", GUARDED)
def test_what_finds_nothing_the_second_time(sql: str) -> None:
    assert repeatable(sql) is Repeat.GUARDED


@pytest.mark.parametrize("sql", NEVER)
def test_what_would_be_done_twice(sql: str) -> None:
    assert repeatable(sql) is Repeat.NEVER

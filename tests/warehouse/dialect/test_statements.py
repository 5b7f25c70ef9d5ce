"""DDL, MERGE and what is a statement of its own."""

import pytest

from ontos.kernel.errors import Conflict, Invalid, NotFound
from ontos.warehouse import EmbeddedWarehouse
from ontos.warehouse.dialect.writer import Untranslatable

PAIRS = """
CREATE TABLE IF NOT EXISTS pairs (
  id STRING NOT NULL COMMENT 'It\\'s the key',
  uses ARRAY<STRING>,
  score DOUBLE DEFAULT 0.5,
  at TIMESTAMP,
  user STRING,
  PRIMARY KEY (id),
  CONSTRAINT other FOREIGN KEY (user) REFERENCES people (id)
) USING DELTA CLUSTER BY (id) COMMENT 'Prompts; and responses' TBLPROPERTIES ('a' = 'b')
"""


@pytest.fixture
def pairs(warehouse: EmbeddedWarehouse) -> EmbeddedWarehouse:
    """A warehouse with two pairs."""
    warehouse.execute(PAIRS)
    warehouse.execute("INSERT INTO pairs (id, uses, user) VALUES ('a', array('x'), 'me')")
    warehouse.execute("INSERT INTO pairs (id) VALUES ('b')")
    return warehouse


def rows(warehouse: EmbeddedWarehouse) -> list[tuple[object, ...]]:
    found = warehouse.rows("SELECT id, uses, score, user FROM pairs ORDER BY id")
    return [tuple(row.values()) for row in found]


def test_a_table_has_defaults_and_comments(pairs: EmbeddedWarehouse) -> None:
    assert rows(pairs) == [("a", ["x"], 0.5, "me"), ("b", None, 0.5, None)]
    assert pairs.rows("DESCRIBE TABLE pairs")[:3] == [
        {"col_name": "id", "data_type": "string", "comment": "It's the key"},
        {"col_name": "uses", "data_type": "array<string>", "comment": None},
        {"col_name": "score", "data_type": "double", "comment": None},
    ]
    about = pairs.rows("SELECT table_comment AS about FROM information_schema.tables")
    assert about == [{"about": "Prompts; and responses"}]


def test_keys_are_not_enforced(pairs: EmbeddedWarehouse) -> None:
    assert pairs.execute("INSERT INTO pairs (id) VALUES ('a')") == 1


def test_a_table_that_is_there_stays_as_it_is(pairs: EmbeddedWarehouse) -> None:
    assert pairs.execute("CREATE TABLE IF NOT EXISTS pairs (no INT COMMENT 'x')") == 0
    assert len(rows(pairs)) == 2
    with pytest.raises(Conflict):
        pairs.execute("CREATE TABLE pairs (id STRING)")


def test_a_value_that_must_be_there(pairs: EmbeddedWarehouse) -> None:
    with pytest.raises(Invalid) as refused:
        pairs.execute("INSERT INTO pairs (user) VALUES ('secret')")
    assert refused.value.field == "id"
    assert "secret" not in refused.value.detail


def test_columns_are_added(pairs: EmbeddedWarehouse) -> None:
    pairs.execute("ALTER TABLE pairs ADD COLUMNS (a INT COMMENT 'first', b ARRAY<STRING>)")
    pairs.execute("ALTER TABLE pairs ADD COLUMN c TIMESTAMP")
    pairs.execute("ALTER TABLE pairs ALTER COLUMN c COMMENT 'third'")
    added = pairs.rows("DESCRIBE TABLE pairs")[5:]
    assert [(c["col_name"], c["data_type"], c["comment"]) for c in added] == [
        ("a", "int", "first"), ("b", "array<string>", None), ("c", "timestamp", "third"),
    ]  # fmt: skip


def test_merge_updates_inserts_and_deletes(pairs: EmbeddedWarehouse) -> None:
    changed = pairs.execute(
        "MERGE INTO pairs AS t USING (SELECT r.id AS id, r.uses AS uses FROM (SELECT explode("
        "from_json(:rows, 'ARRAY<STRUCT<id: STRING, uses: ARRAY<STRING>>>')) AS r) AS q) AS s"
        " ON t.id = s.id WHEN MATCHED AND s.uses IS NULL THEN DELETE"
        " WHEN MATCHED THEN UPDATE SET t.uses = array_union(t.uses, s.uses), user = :user"
        " WHEN NOT MATCHED THEN INSERT (id, uses) VALUES (s.id, s.uses)",
        rows='[{"id":"a","uses":["y","x"]},{"id":"b"},{"id":"c","uses":[]}]', user="you",
    )  # fmt: skip
    assert changed == 3
    assert rows(pairs) == [("a", ["x", "y"], 0.5, "you"), ("c", [], 0.5, None)]


def test_merge_with_stars_goes_by_name(pairs: EmbeddedWarehouse) -> None:
    pairs.execute("CREATE TABLE small (a STRING, b STRING)")
    pairs.execute("INSERT INTO small VALUES ('1', 'old')")
    merge = (
        "MERGE INTO small AS t USING (SELECT :b AS b, :a AS a) AS s ON t.a = s.a"
        " WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
    )
    assert pairs.execute(merge, a="1", b="new") == 1
    assert pairs.execute(merge, a="2", b="more") == 1
    found = pairs.rows("SELECT * FROM small ORDER BY a")
    assert found == [{"a": "1", "b": "new"}, {"a": "2", "b": "more"}]


def test_a_row_is_not_merged_twice(pairs: EmbeddedWarehouse) -> None:
    with pytest.raises(Invalid, match="more than once"):
        pairs.execute(
            "MERGE INTO pairs AS t USING"
            " (SELECT 'a' AS id, 'x' AS u UNION ALL SELECT 'a', 'y') AS s ON t.id = s.id"
            " WHEN MATCHED THEN UPDATE SET user = s.u"
        )
    assert rows(pairs)[0][3] == "me"


def test_update_and_delete_count_their_rows(pairs: EmbeddedWarehouse) -> None:
    assert pairs.execute("UPDATE pairs SET pairs.user = 'x', score = 1.0 WHERE id = 'a'") == 1
    assert pairs.execute("UPDATE pairs SET user = 'x' WHERE id = 'nobody'") == 0
    assert pairs.execute("DELETE FROM pairs AS p WHERE p.id IN (SELECT 'b' AS id)") == 1
    assert rows(pairs) == [("a", ["x"], 1.0, "x")]


def test_insert_overwrite_replaces_every_row(pairs: EmbeddedWarehouse) -> None:
    pairs.execute("CREATE TABLE numbers (n INT)")
    pairs.execute("INSERT INTO numbers VALUES (1), (2)")
    assert pairs.execute("INSERT OVERWRITE numbers SELECT 7 AS n") == 1
    assert pairs.rows("SELECT n FROM numbers") == [{"n": 7}]
    with pytest.raises(Invalid):
        pairs.execute("INSERT OVERWRITE numbers SELECT CAST(id AS INT) FROM pairs")
    assert pairs.rows("SELECT n FROM numbers") == [{"n": 7}]


def test_tables_of_queries_views_and_emptying(pairs: EmbeddedWarehouse) -> None:
    assert pairs.execute("CREATE TABLE copied AS SELECT id FROM pairs") == 2
    pairs.execute("CREATE OR REPLACE VIEW seen AS SELECT id FROM pairs WHERE user IS NOT NULL")
    assert pairs.rows("SELECT id FROM seen") == [{"id": "a"}]
    pairs.execute("TRUNCATE TABLE copied")
    assert pairs.rows("SELECT count(*) AS n FROM copied") == [{"n": 0}]
    pairs.execute("DROP TABLE copied")
    with pytest.raises(NotFound, match="copied"):
        pairs.rows("SELECT id FROM copied")


def test_what_is_there_can_be_shown(pairs: EmbeddedWarehouse) -> None:
    assert pairs.rows("SHOW TABLES") == [
        {"database": "shop", "tableName": "pairs", "isTemporary": False}
    ]
    assert pairs.rows("SHOW TABLES IN main") == []
    assert [row["col_name"] for row in pairs.rows("SHOW COLUMNS IN pairs")][:2] == ["id", "uses"]
    assert {"databaseName": "shop"} in pairs.rows("SHOW SCHEMAS")
    with pytest.raises(NotFound):
        pairs.rows("DESCRIBE TABLE nowhere")


@pytest.mark.parametrize("sql", ["OPTIMIZE pairs ZORDER BY (id)", "VACUUM pairs RETAIN 168 HOURS"])
def test_maintenance_does_nothing(pairs: EmbeddedWarehouse, sql: str) -> None:
    assert pairs.execute(sql) == 0


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE t (id BIGINT GENERATED ALWAYS AS IDENTITY)",
        "CREATE TABLE t (id BIGINT CHECK (id > 0))",
        "CREATE TABLE t LIKE pairs",
        "CREATE TABLE t SHALLOW CLONE pairs",
        "CREATE TEMPORARY VIEW t AS SELECT 1 AS a",
        "CREATE FUNCTION f (x INT) RETURNS INT RETURN x",
        "CREATE TABLE t (id INTERVAL DAY)",
        "CREATE TABLE t (id STRING) TBLPROPERTIES ('ontos.store.gzip' = 'id')",
        "CREATE TABLE t (id STRING) TBLPROPERTIES ('ontos.store.zstd' = 'di')",
        "ALTER TABLE pairs SET TBLPROPERTIES ('a' = 'b')",
        "ALTER TABLE pairs ALTER COLUMN score TYPE STRING",
        "INSERT OVERWRITE pairs SELECT * FROM pairs",
        "EXPLAIN SELECT 1",
        "SHOW GRANTS ON TABLE pairs",
        "SET spark.x = 1",
        "USE main",
        "COPY INTO pairs FROM '/tmp'",
        "GRANT SELECT ON pairs TO me",
        "PRAGMA version",
        "ATTACH 'x.db' AS x",
        "SELECT 1 AS a; SELECT 2 AS b",
        "SELECT a FROM",
        "",
        "hello",
    ],
)
def test_what_is_not_translated(pairs: EmbeddedWarehouse, sql: str) -> None:
    with pytest.raises(Untranslatable):
        pairs.execute(sql)

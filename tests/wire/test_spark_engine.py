"""Real Spark with tables in memory: what the local warehouse server may rely on."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from ontos.kernel.tenancy import SYSTEM, desired
from ontos.warehouse.migrate import declarations
from tests.wire.engine import AiQuery, Answer, Refused
from tests.wire.spark.engine import SparkEngine, reads
from tests.wire.spark.session import spark

DEPLOY = Path(__file__).parents[2] / "deploy"
TABLE = """
CREATE TABLE IF NOT EXISTS things (
  id STRING NOT NULL COMMENT 'Its name',
  n BIGINT DEFAULT 7,
  at TIMESTAMP,
  tags ARRAY<STRING>
) USING DELTA CLUSTER BY (id)
TBLPROPERTIES ('delta.feature.allowColumnDefaults' = 'supported') COMMENT 'Things'
"""
AT = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)


class Org:
    """One schema of the engine."""

    def __init__(self, engine: SparkEngine, schema: str) -> None:
        self.engine, self.schema = engine, schema
        engine.run(f"CREATE SCHEMA IF NOT EXISTS `{schema}`", {}, "default")

    def run(self, sql: str, **values: Any) -> Answer:
        return self.engine.run(sql, values, self.schema)

    def rows(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        table = self.run(sql, **values).table
        assert table is not None
        found: list[dict[str, Any]] = table.to_pylist()
        return found


@pytest.fixture(scope="module")
def engine() -> SparkEngine:
    return SparkEngine(spark())


@pytest.fixture
def org(engine: SparkEngine) -> Iterator[Org]:
    made = Org(engine, "org_test")
    made.run(TABLE)
    made.run("INSERT INTO things (id, n, tags) VALUES ('a', 1, array('x')), ('b', 2, NULL)")
    yield made
    engine.clear()


def test_rows_changed_are_counted(org: Org) -> None:
    source = "(SELECT 'b' AS id, 20L AS n UNION ALL SELECT 'c', 30L) AS s"
    merge = f"MERGE INTO things AS t USING {source} ON t.id = s.id"
    changed = [
        org.run("INSERT INTO things (id) VALUES ('d'), ('e')").changed,
        org.run("UPDATE things SET n = n + 1 WHERE id <> 'a'").changed,
        org.run(f"{merge} WHEN MATCHED THEN UPDATE SET n = s.n"
                " WHEN NOT MATCHED THEN INSERT (id, n) VALUES (s.id, s.n)").changed,
        org.run(f"{merge} WHEN NOT MATCHED THEN INSERT (id, n) VALUES (s.id, s.n)").changed,
        org.run("DELETE FROM things WHERE id IN ('a', 'd')").changed,
        org.run("DELETE FROM things WHERE id = 'nobody'").changed,
    ]  # fmt: skip
    assert changed == [2, 3, 2, 0, 2, 0]
    assert org.rows("SELECT id, n FROM things ORDER BY id") == [
        {"id": "b", "n": 20}, {"id": "c", "n": 30}, {"id": "e", "n": 8},
    ]  # fmt: skip
    assert org.run("DELETE FROM things").changed == 3
    assert org.run("SELECT 1 AS one").changed == -1


def test_types_are_kept(org: Org) -> None:
    answer = org.run(
        "SELECT :text AS text, :day AS day, CAST(:at AS TIMESTAMP) AS at, :much AS much,"
        " CAST(:n AS BIGINT) AS n, :share AS share, :good AS good, array('a') AS list,"
        " CAST(:nothing AS STRING) AS nothing, parse_json('{\"a\":1}') AS document",
        text="é😀", day=date(2026, 3, 1), at=AT, much=Decimal("1.50"), n=3, share=0.5, good=True,
        nothing=None,
    ).table  # fmt: skip
    assert answer is not None
    assert answer.schema.types == [
        pa.string(), pa.date32(), pa.timestamp("us", "UTC"), pa.decimal128(3, 2), pa.int64(),
        pa.float64(), pa.bool_(), pa.list_(pa.field("element", pa.string(), nullable=False)),
        pa.string(), pa.string(),
    ]  # fmt: skip
    assert answer.to_pylist() == [
        {"text": "é😀", "day": date(2026, 3, 1), "at": AT, "much": Decimal("1.50"), "n": 3,
         "share": 0.5, "good": True, "list": ["a"], "nothing": None, "document": '{"a":1}'},
    ]  # fmt: skip


def test_columns_come_and_are_renamed(org: Org) -> None:
    org.run("ALTER TABLE things ADD COLUMNS (note STRING, m INT)")
    org.run("ALTER TABLE things RENAME COLUMN note TO remark")
    org.run("UPDATE things SET remark = 'seen' WHERE id = 'a'")
    assert org.rows("SELECT id, remark, m FROM things ORDER BY id") == [
        {"id": "a", "remark": "seen", "m": None}, {"id": "b", "remark": None, "m": None},
    ]  # fmt: skip


def test_insert_overwrite_replaces(org: Org) -> None:
    org.run("INSERT OVERWRITE things (id, n) SELECT 'z', 26L")
    assert org.rows("SELECT id, n FROM things") == [{"id": "z", "n": 26}]


@pytest.mark.parametrize(
    ("sql", "complaint"),
    [
        ("SELECT nope FROM things", "UNRESOLVED_COLUMN"),
        ("SELECT * FROM nope", "TABLE_OR_VIEW_NOT_FOUND"),
        ("SELEC 1", "PARSE_SYNTAX_ERROR"),
        ("SELECT CAST('x' AS INT) AS n", "CAST_INVALID_INPUT"),
        ("SELECT ai_query('a', 'b') AS answer", "UNRESOLVED_ROUTINE"),
        ("INSERT INTO things (id) VALUES (NULL)", "DELTA_NOT_NULL_CONSTRAINT_VIOLATED"),
        ("MERGE INTO things AS t USING (SELECT 'a' AS id UNION ALL SELECT 'a') AS s ON t.id = s.id"
         " WHEN MATCHED THEN UPDATE SET n = 0",
         "DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE"),
        ("OPTIMIZE nope", "TABLE_OR_VIEW_NOT_FOUND"),
    ],
)  # fmt: skip
def test_complaints_are_those_of_databricks(org: Org, sql: str, complaint: str) -> None:
    with pytest.raises(Refused, match=rf"^\[{complaint}"):
        org.run(sql)
    assert len(org.rows("SELECT id FROM things")) == 2


@pytest.mark.parametrize(
    ("sql", "complaint"),
    [
        ("CREATE TABLE bad (tags ARRAY<STRING>) USING DELTA CLUSTER BY (tags)",
         "DELTA_CLUSTERING_COLUMNS_DATATYPE_NOT_SUPPORTED"),
        ("CREATE TABLE bad (good BOOLEAN) USING DELTA CLUSTER BY (good)",
         "DELTA_CLUSTERING_COLUMNS_DATATYPE_NOT_SUPPORTED"),
        ("CREATE TABLE bad (a INT, b INT, c INT, d INT, e INT) USING DELTA CLUSTER BY (a,b,c,d,e)",
         "DELTA_CLUSTER_BY_INVALID_NUM_COLUMNS"),
        (f"CREATE TABLE bad ({', '.join(f'c{n} INT' for n in range(33))}) CLUSTER BY (c32)",
         "DELTA_CLUSTERING_COLUMN_MISSING_STATS"),
        ("CREATE TABLE bad (id STRING DEFAULT 'x') USING DELTA",
         "WRONG_COLUMN_DEFAULTS_FOR_DELTA_FEATURE_NOT_ENABLED"),
        ("CREATE TABLE bad (`a b` STRING) USING DELTA",
         "DELTA_INVALID_CHARACTERS_IN_COLUMN_NAMES"),
        ("ALTER TABLE things ADD COLUMNS (z STRING NOT NULL)",
         "DELTA_CANNOT_CHANGE_DATA_TYPE.ADD_NON_NULLABLE_COLUMN"),
        ("ALTER TABLE things ADD COLUMN z STRING DEFAULT 'x'",
         "WRONG_COLUMN_DEFAULTS_FOR_DELTA_ALTER_TABLE_ADD_COLUMN_NOT_SUPPORTED"),
        ("ALTER TABLE things CLUSTER BY (tags)",
         "DELTA_CLUSTERING_COLUMNS_DATATYPE_NOT_SUPPORTED"),
    ],
)  # fmt: skip
def test_a_shape_that_delta_refuses_is_refused(org: Org, sql: str, complaint: str) -> None:
    with pytest.raises(Refused, match=rf"^\[{complaint}\]"):
        org.run(sql)
    shown = org.rows("SHOW TABLES")
    assert [row["tableName"] for row in shown] == ["things"]
    assert "z" not in org.rows("SELECT * FROM things")[0]


def test_what_is_deployed_runs_over_the_declared_tables(engine: SparkEngine) -> None:
    """The nightly job, and the keys for tables that stand, as `deploy/` has them."""
    for schema in ("org_default", SYSTEM):
        org = Org(engine, schema)
        for each in declarations(desired(schema == SYSTEM)):
            org.run(each.create)
    ran = 0
    for name, schema in (("maintain", "org_default"), ("maintain_system", SYSTEM),
                         ("cluster", "org_default")):  # fmt: skip
        text = (DEPLOY / f"{name}.sql").read_text(encoding="utf-8")
        for statement in re.findall(r"^(?!--|USE)(.+);$", text, re.MULTILINE):
            engine.run(statement, {}, schema)
            ran += 1
    assert ran > 2 * len(declarations(desired(False)))
    engine.clear()


def test_ai_query_fills_a_table_and_is_no_source_of_a_merge(org: Org) -> None:
    """What may answer differently the second time is written down first: decision 009."""
    asking = SparkEngine(spark(), AiQuery({"writer": str.upper}))
    asked = "SELECT id, ai_query(:endpoint, id, failOnError => false) AS answer FROM things"
    merge = (
        f"MERGE INTO things AS t USING ({asked}) AS s ON t.id = s.id"
        " WHEN MATCHED THEN UPDATE SET tags = array(s.answer.response)"
    )
    with pytest.raises(Refused, match="NON_DETERMINISTIC"):
        asking.run(merge, {"endpoint": "writer"}, org.schema)
    insert = f"INSERT INTO things (id) SELECT to_json(answer) FROM ({asked}) AS s"
    asking.run(insert, {"endpoint": "writer"}, org.schema)
    assert [row["id"] for row in org.rows("SELECT id FROM things ORDER BY id")][-2:] == [
        '{"response":"A"}', '{"response":"B"}',
    ]  # fmt: skip


def test_a_missing_schema_is_told(engine: SparkEngine) -> None:
    with pytest.raises(Refused, match="SCHEMA_NOT_FOUND"):
        engine.run("SELECT 1 AS one", {}, "org_nowhere")


def test_the_catalog_lists_what_is_there(org: Org) -> None:
    asked = (
        "SELECT column_name, is_nullable, comment FROM information_schema.columns"
        " WHERE table_schema = :schema AND table_name = 'things' ORDER BY ordinal_position"
    )
    first, *rest = org.rows(asked, schema=org.schema)
    assert first == {"column_name": "id", "is_nullable": "NO", "comment": "Its name"}
    assert [row["column_name"] for row in rest] == ["n", "at", "tags"]
    org.run("OPTIMIZE things")


def test_schemas_are_apart_and_go_with_their_rows(org: Org, engine: SparkEngine) -> None:
    other = Org(engine, "org_other")
    other.run(TABLE)
    assert other.rows("SELECT * FROM things") == []
    assert len(other.rows("SELECT id FROM `workbench`.`org_test`.`things`")) == 2
    other.run("INSERT INTO things (id) SELECT concat('r', r.id) FROM range(1000) AS r")
    assert engine.held == 1002
    org.run("DROP SCHEMA `org_other` CASCADE")
    assert engine.held == 2


def test_a_table_is_put_back_as_it_was(org: Org, engine: SparkEngine) -> None:
    assert not engine.restore(org.schema, "things", "before")
    engine.shelve(org.schema, "things", "before")
    org.run("DELETE FROM things WHERE id = 'a'")
    org.run("ALTER TABLE things ADD COLUMNS (note STRING)")
    assert engine.restore(org.schema, "things", "before")
    assert org.rows("SELECT * EXCEPT (at) FROM things ORDER BY id") == [
        {"id": "a", "n": 1, "tags": ["x"]}, {"id": "b", "n": 2, "tags": None},
    ]  # fmt: skip


def test_a_table_is_filled_without_a_statement(org: Org, engine: SparkEngine) -> None:
    """Value for value, or not at all where a column is another."""
    org.run("CREATE TABLE filled (name STRING, n BIGINT, share DOUBLE, on BOOLEAN, at TIMESTAMP,"
            " day DATE, price DECIMAL(9, 2), tags ARRAY<STRING>)")  # fmt: skip
    first = {"name": "a 'b' \\ ß 🙂", "n": 2**60, "share": 0.1, "on": True, "at": AT,
             "day": date(2026, 3, 1), "price": Decimal("-12.50"), "tags": ["x", None]}  # fmt: skip
    nothing = dict.fromkeys(first)
    kinds = [pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.timestamp("us", "UTC"),
             pa.date32(), pa.decimal128(9, 2), pa.list_(pa.string())]  # fmt: skip
    rows = pa.Table.from_pylist([first, nothing], pa.schema(zip(first, kinds, strict=True)))
    assert engine.fill(org.schema, "filled", rows)
    assert org.rows("SELECT * FROM filled ORDER BY n DESC") == [first, nothing]
    org.run("UPDATE filled SET n = 5 WHERE name IS NULL")
    for other in (rows.drop_columns("n"), rows.select([1, 0, *range(2, 8)]),
                  rows.set_column(1, "n", rows["n"].cast(pa.string()))):  # fmt: skip
        assert not engine.fill(org.schema, "filled", other)
    assert org.rows("SELECT count(*) AS rows, max(n) AS most FROM filled") == [
        {"rows": 2, "most": 2**60}
    ]


def test_writers_side_by_side_lose_nothing(org: Org) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: org.run("UPDATE things SET n = n + 1"), range(12)))
    assert org.rows("SELECT n FROM things ORDER BY id") == [{"n": 13}, {"n": 14}]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 1 AS one", True),
        ("-- a remark\n(SELECT 1 AS one)", True),
        ("WITH a AS (SELECT 1 AS one) SELECT one FROM a", True),
        ("DESCRIBE things", True),
        ("WITH a AS (SELECT 1 AS id) INSERT INTO things SELECT id FROM a", False),
        ("INSERT INTO things SELECT 1", False),
        ("CREATE TABLE a (id INT)", False),
    ],
)
def test_what_reads(sql: str, expected: bool) -> None:
    assert reads(sql) is expected


def test_a_script_runs_in_order_and_answers_with_its_last_query(org: Org) -> None:
    script = """BEGIN
UPDATE things SET n = :n WHERE id = 'a';
MERGE INTO things AS t USING (SELECT ';' AS id, :n AS n) AS s ON t.id = s.id
WHEN NOT MATCHED THEN INSERT (id, n) VALUES (s.id, s.n);
SELECT id, n FROM things ORDER BY id;
END"""
    assert org.rows(script, n=5) == [{"id": ";", "n": 5}, {"id": "a", "n": 5}, {"id": "b", "n": 2}]

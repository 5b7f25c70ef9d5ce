"""Rows out of arrays, and arrays out of rows."""

from typing import Any

import pytest

from ontos.warehouse import EmbeddedWarehouse
from ontos.warehouse.dialect.writer import Untranslatable

ARRAYS = (
    "(SELECT 1 AS id, array('p', NULL) AS u UNION ALL SELECT 2, NULL"
    " UNION ALL SELECT 3, CAST(array() AS ARRAY<STRING>)) AS t"
)

SPARK: list[tuple[str, list[tuple[Any, ...]]]] = [
    (
        f"SELECT id, x FROM {ARRAYS} LATERAL VIEW explode(u) v AS x ORDER BY id, x",
        [(1, None), (1, "p")],
    ),
    (
        f"SELECT id, x FROM {ARRAYS} LATERAL VIEW OUTER explode(u) v AS x ORDER BY id, x",
        [(1, None), (1, "p"), (2, None), (3, None)],
    ),
    (
        f"SELECT id, p, x FROM {ARRAYS} LATERAL VIEW posexplode(u) v AS p, x ORDER BY id, p",
        [(1, 0, "p"), (1, 1, None)],
    ),
    (
        f"SELECT id, p, x FROM {ARRAYS} LATERAL VIEW OUTER posexplode(u) v AS p, x ORDER BY id, p",
        [(1, 0, "p"), (1, 1, None), (2, None, None), (3, None, None)],
    ),
    (f"SELECT v.col FROM {ARRAYS} LATERAL VIEW explode(u) v ORDER BY col", [(None,), ("p",)]),
    (f"SELECT x FROM {ARRAYS}, LATERAL explode(u) AS v(x) ORDER BY x", [(None,), ("p",)]),
    ("SELECT id, explode(u) AS x FROM (SELECT 1 AS id, array(7) AS u) AS q", [(1, 7)]),
    ("SELECT explode_outer(CAST(NULL AS ARRAY<INT>)) AS x", [(None,)]),
    ("SELECT posexplode(array('a')) AS (p, x)", [(0, "a")]),
    ("SELECT posexplode_outer(CAST(NULL AS ARRAY<INT>)) AS (p, x)", [(None, None)]),
    ("SELECT inline(array(named_struct('a', 1, 'b', 'x')))", [(1, "x")]),
    ("SELECT g.* FROM (SELECT explode(array(named_struct('a', 1, 'b', 2))) AS g) AS q", [(1, 2)]),
    ("SELECT a FROM VALUES (2), (NULL), (1) AS t(a) ORDER BY a", [(None,), (1,), (2,)]),
    ("SELECT a FROM VALUES (2), (NULL), (1) AS t(a) ORDER BY a DESC", [(2,), (1,), (None,)]),
    ("SELECT a FROM VALUES ('b'), ('A'), ('a') AS t(a) ORDER BY a", [("A",), ("a",), ("b",)]),
    ("SELECT a, count(*) AS n FROM VALUES (1), (1) AS t(a) GROUP BY ALL", [(1, 2)]),
    (
        "SELECT a FROM VALUES (1), (2), (2) AS t(a)"
        " QUALIFY row_number() OVER (PARTITION BY a ORDER BY a) = 1 ORDER BY a",
        [(1,), (2,)],
    ),
    (
        "SELECT l.a FROM VALUES (1), (2) AS l(a) LEFT ANTI JOIN VALUES (2) AS r(a) ON l.a = r.a",
        [(1,)],
    ),
    (
        "SELECT l.a FROM VALUES (1), (2) AS l(a) LEFT SEMI JOIN VALUES (2) AS r(a) ON l.a = r.a",
        [(2,)],
    ),
    (
        "SELECT a, x, y FROM (SELECT 1 AS a, 'l' AS x) AS l"
        " FULL OUTER JOIN (SELECT 2 AS a, 'r' AS y) AS r USING (a) ORDER BY a",
        [(1, "l", None), (2, None, "r")],
    ),
    (
        "WITH RECURSIVE r (n) AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3)"
        " SELECT n FROM r ORDER BY n",
        [(1,), (2,), (3,)],
    ),
    ("SELECT * EXCEPT (b) FROM (SELECT 1 AS a, 2 AS b) AS q", [(1,)]),
    ("SELECT a FROM VALUES (1), (2) AS t(a) EXCEPT SELECT 1 AS a", [(2,)]),
    (
        "SELECT x, lag(x) OVER (ORDER BY x) AS l, sum(x) OVER (ORDER BY x) AS s,"
        " rank() OVER (ORDER BY x DESC) AS k FROM (SELECT explode(array(2, NULL, 1)) AS x) AS q"
        " ORDER BY x",
        [(None, None, None, 3), (1, None, 1, 2), (2, 1, 3, 1)],
    ),
    ("SELECT collect_list(a) OVER (ORDER BY a) AS l FROM VALUES (1) AS t(a)", [([1],)]),
    (
        "SELECT count(*) AS n FROM VALUES (1) AS t(a) WHERE a NOT IN"
        " (SELECT 2 AS x UNION ALL SELECT NULL)",
        [(0,)],
    ),
]


@pytest.mark.parametrize(("sql", "expected"), SPARK)
def test_rows_are_those_of_spark(
    calculator: EmbeddedWarehouse, sql: str, expected: list[tuple[Any, ...]]
) -> None:
    assert [tuple(row.values()) for row in calculator.rows(sql)] == expected


def test_posexplode_names_its_columns(calculator: EmbeddedWarehouse) -> None:
    assert calculator.rows("SELECT posexplode(array('a'))") == [{"pos": 0, "col": "a"}]


def test_samples(calculator: EmbeddedWarehouse) -> None:
    hundred = "(SELECT explode(sequence(1, 100)) AS n) AS q"
    rows = calculator.rows(f"SELECT n FROM {hundred} TABLESAMPLE (10 ROWS)")
    assert len({row["n"] for row in rows}) == 10
    assert len(calculator.rows(f"SELECT n FROM {hundred} TABLESAMPLE (100 PERCENT)")) == 100
    assert 0 < len(calculator.rows(f"SELECT n FROM {hundred} TABLESAMPLE (50 PERCENT)")) < 100


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM VALUES (1) AS t(a) LATERAL VIEW json_tuple(a, 'b') v AS x",
        "SELECT inline(array(named_struct('a', 1))) AS (x)",
        "SELECT stack(2, 1, 2) AS (x)",
        "SELECT * FROM VALUES (1) AS t(a) PIVOT (count(*) FOR a IN (1))",
        "SELECT * FROM t VERSION AS OF 3",
        "SELECT * FROM t TIMESTAMP AS OF '2024-01-01'",
        "SELECT * FROM IDENTIFIER(:name)",
        "SELECT * FROM read_files('/tmp')",
        "SELECT * FROM range(3)",
    ],
)
def test_what_is_not_translated(calculator: EmbeddedWarehouse, sql: str) -> None:
    with pytest.raises(Untranslatable):
        calculator.rows(sql, name="t")

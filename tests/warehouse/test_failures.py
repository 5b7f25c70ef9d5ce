"""Errors name the fault and never a bound value."""

import pytest

from ontos.kernel.errors import Conflict, Invalid, NotFound, OntosError
from ontos.warehouse import EmbeddedWarehouse

BOUND = "bound-value"


@pytest.fixture
def table(warehouse: EmbeddedWarehouse) -> EmbeddedWarehouse:
    warehouse.execute("CREATE TABLE t (id STRING NOT NULL, n INT)")
    warehouse.execute("INSERT INTO t (id, n) VALUES (:id, 1)", id=BOUND)
    return warehouse


@pytest.mark.parametrize(
    ("sql", "kind", "says"),
    [
        ("SELECT a FROM nowhere WHERE a = :v", NotFound, "nowhere"),
        ("SELECT a FROM no.place WHERE a = :v", NotFound, "place"),
        ("SELECT nocol FROM t WHERE id = :v", Invalid, "nocol"),
        ("SELECT t.nocol FROM t WHERE id = :v", Invalid, "nocol"),
        ("INSERT INTO t (nocol) VALUES (:v)", Invalid, "nocol"),
        ("UPDATE t SET nocol = :v", Invalid, "nocol"),
        ("INSERT INTO t (id, n) VALUES ('a', :v)", Invalid, "INT"),
        ("INSERT INTO t (id, n) SELECT 'a', id FROM t", Invalid, "INT"),
        ("SELECT CAST(:v AS BIGINT) AS n", Invalid, "BIGINT"),
        ("INSERT INTO t (id, n) VALUES (NULL, length(:v))", Invalid, "id must have a value"),
        ("SELECT from_json(:v, 'ARRAY<INT>') AS x", Invalid, "does not fit"),
        ("SELECT sum(id) AS s FROM t WHERE id = :v", Invalid, "does not fit"),
        ("SELECT id, count(*) AS n FROM t WHERE id = :v", Invalid, "does not fit"),
        ("CREATE TABLE t AS SELECT :v AS a", Conflict, "taken"),
        ("SELECT 1 / length(replace(:v, :v, '')) AS x", Invalid, "zero"),
    ],
)
def test_the_fault_is_named(
    table: EmbeddedWarehouse, sql: str, kind: type[OntosError], says: str
) -> None:
    with pytest.raises(kind) as refused:
        table.rows(sql, v=BOUND)
    assert type(refused.value) is kind
    assert says in refused.value.detail
    assert BOUND not in refused.value.detail
    assert "LINE 1" not in refused.value.detail


def test_the_warehouse_works_on_after_an_error(table: EmbeddedWarehouse) -> None:
    for _ in range(30):
        with pytest.raises(NotFound):
            table.rows("SELECT a FROM nowhere")
    assert table.rows("SELECT n FROM t") == [{"n": 1}]

"""A transaction begins at its first write, and is all or nothing."""

import threading
import time

import pytest

from ontos.kernel.errors import Conflict, Invalid, Unavailable
from ontos.warehouse import EmbeddedWarehouse, together


@pytest.fixture
def notes(warehouse: EmbeddedWarehouse) -> EmbeddedWarehouse:
    warehouse.execute("CREATE TABLE notes (id STRING NOT NULL, text STRING)")
    return warehouse


def add(warehouse: EmbeddedWarehouse, key: str) -> None:
    warehouse.execute("INSERT INTO notes (id) VALUES (:id)", id=key)


def keys(warehouse: EmbeddedWarehouse) -> list[str]:
    return [row["id"] for row in warehouse.rows("SELECT id FROM notes ORDER BY id")]


def test_writes_become_visible_together(notes: EmbeddedWarehouse) -> None:
    assert notes.atomic
    with notes.transaction() as inside:
        add(inside, "a")
        add(inside, "b")
        assert keys(inside) == ["a", "b"]
        assert inside.arrow("SELECT id FROM notes").num_rows == 2
        assert sum(batch.num_rows for batch in inside.batches("SELECT id FROM notes")) == 2
        assert keys(notes) == []
    assert keys(notes) == ["a", "b"]


def test_an_exception_undoes_every_write(notes: EmbeddedWarehouse) -> None:
    add(notes, "a")
    with pytest.raises(ZeroDivisionError), notes.transaction() as inside:
        add(inside, "b")
        inside.execute("DELETE FROM notes WHERE id = 'a'")
        inside.execute("CREATE TABLE made (id STRING)")
        raise ZeroDivisionError
    assert keys(notes) == ["a"]
    assert notes.rows("SHOW TABLES IN shop") == [
        {"database": "shop", "tableName": "notes", "isTemporary": False}
    ]


def test_a_refused_statement_undoes_what_came_before(notes: EmbeddedWarehouse) -> None:
    with pytest.raises(Invalid), notes.transaction() as inside:
        add(inside, "a")
        inside.execute("INSERT INTO notes (id) VALUES (NULL)")
    assert keys(notes) == []


def test_a_refusal_that_is_swallowed_still_undoes_everything(notes: EmbeddedWarehouse) -> None:
    with pytest.raises((Unavailable, Conflict, Invalid)), notes.transaction() as inside:
        add(inside, "a")
        with pytest.raises(Invalid):
            inside.execute("INSERT INTO notes (id) VALUES (NULL)")
        add(inside, "b")
    assert keys(notes) == []


def test_nested_calls_join(notes: EmbeddedWarehouse) -> None:
    with pytest.raises(ZeroDivisionError), notes.transaction() as outer:
        with outer.transaction() as inner:
            add(inner, "a")
        assert keys(outer) == ["a"]
        raise ZeroDivisionError
    assert keys(notes) == []


def test_another_schema_joins(notes: EmbeddedWarehouse) -> None:
    notes.create_schema("other")
    notes.within("other").execute("CREATE TABLE notes (id STRING)")
    with pytest.raises(ZeroDivisionError), notes.transaction() as inside:
        add(inside, "a")
        add(inside.within("other"), "b")
        assert (keys(inside), keys(inside.within("other"))) == (["a"], ["b"])
        raise ZeroDivisionError
    assert keys(notes.within("other")) == []


def test_reading_holds_nobody_up(notes: EmbeddedWarehouse) -> None:
    with notes.transaction() as inside:
        assert keys(inside) == []
        other = threading.Thread(target=add, args=(notes, "from elsewhere"))
        other.start()
        other.join(timeout=20)
        assert not other.is_alive()
        assert keys(inside) == ["from elsewhere"]


def test_writers_wait_for_one_another(notes: EmbeddedWarehouse) -> None:
    order: list[str] = []

    def second() -> None:
        add(notes, "second")
        order.append("second")

    with notes.transaction() as inside:
        add(inside, "first")
        other = threading.Thread(target=second)
        other.start()
        time.sleep(0.05)
        assert keys(notes) == []
        order.append("first")
    other.join(timeout=20)
    assert order == ["first", "second"]
    assert keys(notes) == ["first", "second"]


def test_what_is_written_outside_stays_when_the_transaction_goes(notes: EmbeddedWarehouse) -> None:
    with pytest.raises(ZeroDivisionError), notes.transaction() as inside:
        add(inside, "inside")
        add(notes, "outside")
        raise ZeroDivisionError
    assert keys(notes) == ["outside"]


def test_the_same_row_cannot_be_changed_from_outside(notes: EmbeddedWarehouse) -> None:
    add(notes, "a")
    with notes.transaction() as inside:
        inside.execute("UPDATE notes SET text = 'inside' WHERE id = 'a'")
        with pytest.raises(Conflict):
            notes.execute("UPDATE notes SET text = 'outside' WHERE id = 'a'")
    assert notes.rows("SELECT text FROM notes") == [{"text": "inside"}]


def test_reads_side_by_side_see_the_writes(notes: EmbeddedWarehouse) -> None:
    with notes.transaction() as inside:
        add(inside, "a")
        assert together(lambda: keys(inside), lambda: keys(inside)) == [["a"], ["a"]]


def test_another_thread_may_begin_it(notes: EmbeddedWarehouse) -> None:
    with notes.transaction() as inside:
        other = threading.Thread(target=add, args=(inside, "a"))
        other.start()
        other.join(timeout=20)
    assert keys(notes) == ["a"]
    add(notes, "b")


def test_it_cannot_be_used_once_it_is_over(notes: EmbeddedWarehouse) -> None:
    with notes.transaction() as inside:
        add(inside, "a")
    with pytest.raises(Unavailable, match="ended"):
        add(inside, "b")
    assert keys(notes) == ["a"]

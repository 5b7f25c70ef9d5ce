"""The desired state is reached by adding; nothing is dropped."""

from pathlib import Path

import pytest

from ontos.kernel.errors import Invalid
from ontos.warehouse import EmbeddedWarehouse, declared, migrate, tally
from ontos.warehouse.migrate import standing

FIRST = """
-- Notes; and what they say.
CREATE TABLE IF NOT EXISTS notes (
  id STRING NOT NULL COMMENT 'A; b',
  at TIMESTAMP NOT NULL
) USING DELTA COMMENT 'Notes';

-- Nothing else.
"""
SECOND = """
CREATE TABLE IF NOT EXISTS notes (
  id STRING NOT NULL, at TIMESTAMP NOT NULL, `user` STRING NOT NULL, tags ARRAY<STRING>
) USING DELTA;
CREATE TABLE IF NOT EXISTS people (name STRING) USING DELTA
"""


def test_what_is_missing_is_added(warehouse: EmbeddedWarehouse) -> None:
    assert migrate(warehouse, FIRST) == ["created notes"]
    warehouse.execute("INSERT INTO notes VALUES ('a', current_timestamp())")
    assert migrate(warehouse, SECOND) == ["added notes.user", "added notes.tags", "created people"]
    assert warehouse.rows("SELECT id, user, tags FROM notes") == [
        {"id": "a", "user": None, "tags": None}
    ]
    assert migrate(warehouse, FIRST) == []


def test_nothing_to_do_is_one_statement(warehouse: EmbeddedWarehouse) -> None:
    migrate(warehouse, SECOND)
    with tally() as cost:
        assert migrate(warehouse, SECOND) == []
    assert cost.statements == 1


def test_each_schema_is_brought_up_by_itself(warehouse: EmbeddedWarehouse) -> None:
    migrate(warehouse, FIRST)
    warehouse.create_schema("other")
    assert migrate(warehouse.within("other"), FIRST) == ["created notes"]


def test_what_stands_is_told_in_one_statement(warehouse: EmbeddedWarehouse) -> None:
    for name in ("org_a", "orgXa", "data_a"):
        warehouse.create_schema(name)
        migrate(warehouse.within(name), FIRST)
    warehouse.create_schema("org_b")
    with tally() as cost:
        there = standing(warehouse, "org_%", "nowhere", hollow="data_%")
    assert there == {"org_a": {"notes": {"id", "at"}}, "org_b": {}, "data_a": {}}
    assert cost.statements == 1
    with tally() as cost:
        assert migrate(warehouse.within("org_a"), SECOND, there["org_a"])[-1] == "created people"
    assert cost.statements == 2  # what is missing, and no look before


def test_declared_names_columns_and_types() -> None:
    assert declared(SECOND) == {
        "notes": {"id": "STRING", "at": "TIMESTAMP", "user": "STRING", "tags": "ARRAY<STRING>"},
        "people": {"name": "STRING"},
    }


@pytest.mark.parametrize("text", ["DROP TABLE notes;", "SELECT 1 AS one", FIRST + FIRST])
def test_what_no_schema_file_holds(warehouse: EmbeddedWarehouse, text: str) -> None:
    with pytest.raises(Invalid):
        migrate(warehouse, text)


def test_the_schemas_of_the_workbench_can_be_made(warehouse: EmbeddedWarehouse) -> None:
    folder = Path(__file__).parents[2] / "schemas"
    text = "\n".join(file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.sql")))
    assert len(migrate(warehouse, text)) == len(declared(text)) > 10
    kinds = {
        (row["table_name"], row["column_name"])
        for row in warehouse.rows("SELECT table_name, column_name FROM information_schema.columns")
    }
    assert kinds >= {(table, column) for table, them in declared(text).items() for column in them}
    assert migrate(warehouse, text) == []

"""The embedded engine behind the local warehouse server, complaining as Databricks does."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlglot import exp

from ontos.kernel.errors import OntosError
from ontos.warehouse import EmbeddedWarehouse, open_embedded
from ontos.warehouse.dialect import translate
from ontos.warehouse.dialect.translation import parsed
from ontos.warehouse.dialect.writer import Untranslatable
from ontos.workspace import Table
from ontos.workspace.local.catalog import databricks_type
from tests.wire.engine import CATALOG, AiQuery, Answer, Refused, statements, told

DEFAULT = "default"
"""The schema that a new Unity catalog has; DuckDB's is called `main`."""


_COLUMNS = """
SELECT table_schema, table_name, column_name, data_type
FROM information_schema.columns WHERE table_catalog = :catalog
ORDER BY table_schema, table_name, ordinal_position
"""


class DuckEngine:
    """See `Engine`. One store, in a file or in memory; `ai_query` where a test gives it."""

    def __init__(self, path: Path | None = None) -> None:
        self.store = open_embedded(path)
        self.ai_query: AiQuery | None = None

    def run(self, sql: str, values: Mapping[str, Any], schema: str) -> Answer:
        try:
            return self._run(sql, values, "main" if schema == DEFAULT else schema)
        except OntosError as error:
            raise Refused(said(error)) from error

    def tables(self) -> list[Table]:
        rows = self.store.rows(_COLUMNS, catalog=CATALOG)
        return told({**row, "data_type": databricks_type(row["data_type"])} for row in rows)

    def close(self) -> None:
        self.store.close()

    def _run(self, sql: str, values: Mapping[str, Any], schema: str) -> Answer:
        *before, last = statements(sql)
        for each in before:
            self._one(each, values, schema)
        return self._one(last, values, schema)

    def _one(self, sql: str, values: Mapping[str, Any], schema: str) -> Answer:
        store = self.store.within(schema)
        if self.ai_query and "ai_query(" in sql:
            sql, values = answered(sql, values, store, self.ai_query)
        try:
            plan = translate(sql)
        except Untranslatable:
            return Answer(store.arrow(sql, **values))  # which refuses it, and is seen to
        if plan.describes:
            return Answer(pa.Table.from_pylist(store.rows(sql, **values)))
        if not plan.writes:
            return Answer(store.arrow(sql, **values))
        changed = store.execute(sql, **values)
        if sql.lstrip()[:6].upper() in _DML:
            return Answer(pa.table({"num_affected_rows": [changed]}), changed)
        return Answer()


def answered(
    sql: str, values: Mapping[str, Any], store: EmbeddedWarehouse, asked: AiQuery
) -> tuple[str, dict[str, Any]]:
    """The statement, with rows in the place of the SELECT that has `ai_query` in it.

    What else that SELECT gives must be text.
    """
    tree = parsed(sql)
    call = next(node for node in tree.find_all(exp.Anonymous) if node.name == "ai_query")
    endpoint, request = values[call.expressions[0].name], call.expressions[1]
    asked.compiled(endpoint)
    select, answer = call.find_ancestor(exp.Select), call.parent.alias
    call.replace(request)
    rows = store.rows(select.sql("databricks"), **values)
    for row in rows:
        told = asked.answer(endpoint, row[answer])
        row[answer] = dict(zip(asked.fields, told, strict=True))
    names = [item.alias_or_name for item in select.expressions]
    kinds = dict.fromkeys(names, "STRING") | {answer: "STRUCT<{}: STRING, {}: STRING>"}
    listed = ", ".join(f"{name}: {kind}" for name, kind in kinds.items()).format(*asked.fields)
    found = parsed(
        f"SELECT {', '.join(f'a.{name} AS {name}' for name in names)}"
        f" FROM (SELECT explode(from_json(:answers, 'ARRAY<STRUCT<{listed}>>')) AS a)"
    )
    if select is tree:
        tree = found
    else:
        select.replace(found)
    return tree.sql("databricks"), {**values, "answers": json.dumps(rows)}


_DML = ("INSERT", "UPDATE", "DELETE", "MERGE ")

_WORDS: tuple[tuple[str, str], ...] = (
    (r"There is no table (?P<name>\S+?)\. ",
     "[TABLE_OR_VIEW_NOT_FOUND] The table or view `{name}` cannot be found. Verify the spelling and"
     " correctness of the schema and catalog. SQLSTATE: 42P01"),
    (r"There is no schema (?P<name>\S+?)[. ]",
     "[SCHEMA_NOT_FOUND] The schema `{name}` cannot be found. Verify the spelling and correctness"
     " of the schema and catalog. SQLSTATE: 42704"),
    (r"There is no column (?P<name>.+?)\. ",
     "[UNRESOLVED_COLUMN.WITHOUT_SUGGESTION] A column, variable, or function parameter with name"
     " `{name}` cannot be resolved. SQLSTATE: 42703"),
    (r"The name is taken",
     "[TABLE_OR_VIEW_ALREADY_EXISTS] Cannot create table or view because it already exists. Choose"
     " a different name, drop or replace the existing object. SQLSTATE: 42P07"),
    (r"Another change came first",
     "[DELTA_CONCURRENT_APPEND] ConcurrentAppendException: Files were added to the root of the"
     " table by a concurrent update. SQLSTATE: 2D521"),
    (r"^(?P<name>\S+) must have a value",
     "[DELTA_NOT_NULL_CONSTRAINT_VIOLATED] NOT NULL constraint violated for column: {name}."
     " SQLSTATE: 23502"),
    (r"cannot be read as (?P<name>.+?)\.$",
     "[CAST_INVALID_INPUT] The value 'x' of the type \"STRING\" cannot be cast to \"{name}\""
     " because it is malformed. SQLSTATE: 22018"),
    (r"divides by zero",
     "[DIVIDE_BY_ZERO] Division by zero. Use `try_divide` to tolerate divisor being 0."
     " SQLSTATE: 22012"),
    (r"matches a row of the target more than once",
     "[DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE] Cannot perform Merge as multiple"
     " source rows matched and attempted to modify the same target row. SQLSTATE: 21506"),
    (r"The array has no element (?P<name>-?\d+)",
     "[INVALID_ARRAY_INDEX] The index {name} is out of bounds. SQLSTATE: 22003"),
    (r"No value is given for :(?P<name>\w+)",
     "[UNBOUND_SQL_PARAMETER] Found the unbound parameter: {name}. SQLSTATE: 42P02"),
)  # fmt: skip


def said(error: OntosError) -> str:
    """Databricks' words for what the embedded engine complains of."""
    for pattern, words in _WORDS:
        if found := re.search(pattern, error.detail):
            return words.format(**found.groupdict())
    return f"[INTERNAL_ERROR] {error.detail} SQLSTATE: XX000"

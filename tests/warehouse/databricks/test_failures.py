"""Databricks' words in the workbench's errors: the same that the embedded engine gives."""

import pytest

from ontos.kernel.errors import (
    Conflict,
    Denied,
    Invalid,
    NotFound,
    OntosError,
    Unauthenticated,
    Unavailable,
)
from ontos.warehouse.databricks.failures import explained, unanswered, undecided
from ontos.warehouse.databricks.retries import setback

SQL = "SELECT a FROM t WHERE b = 1 AND c = 'a long text'"


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        ("[TABLE_OR_VIEW_NOT_FOUND] The table or view `org`.`pairs` cannot be found. Verify",
         NotFound, "There is no table pairs, which is the workbench's own."),
        ("[SCHEMA_NOT_FOUND] The schema `org_x` cannot be found.", NotFound,
         "no schema org_x, which is the workbench's own. Start the workbench again"),
        ("[CATALOG_NOT_FOUND] The catalog `wb` cannot be found.", NotFound, "ONTOS_CATALOG"),
        ("[INSUFFICIENT_PERMISSIONS] Insufficient privileges: User does not have USE SCHEMA on"
         " Schema 'main.sales'. SQLSTATE: 42501", Denied,
         "Ask its owner for: GRANT USE SCHEMA ON SCHEMA `main`.`sales` TO `PRINCIPAL`"),
        ("[INSUFFICIENT_PERMISSIONS] You are not the owner.", Denied, "Ask its owner to grant it"),
        ("[DELTA_CONCURRENT_APPEND] files were added", Conflict, "came first"),
        ("ConcurrentDeleteReadException: x", Conflict, "came first"),
        ("[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column, variable, or function parameter with name"
         " `t`.`colour` cannot be resolved.", Invalid, "There is no column colour."),
        ("[DELTA_NOT_NULL_CONSTRAINT_VIOLATED] NOT NULL constraint violated for column: name."
         " SQLSTATE: 23502", Invalid, "name must have a value."),
        ("[CAST_INVALID_INPUT] The value 'secret' of the type \"STRING\" cannot be cast to \"INT\""
         " because it is malformed.", Invalid, "cannot be read as INT."),
        ("[DIVIDE_BY_ZERO] Division by zero.", Invalid, "divides by zero"),
        ("[MERGE_CARDINALITY_VIOLATION] The ON search matched", Invalid, "more than once"),
        ("[INVALID_ARRAY_INDEX] The index 9 is out of bounds.", Invalid, "no element 9"),
        ("[UNBOUND_SQL_PARAMETER] Found the unbound parameter: id.", Invalid, ":id"),
        ("[TABLE_OR_VIEW_ALREADY_EXISTS] Cannot create table", Conflict, "name is taken"),
        ("[PARSE_SYNTAX_ERROR] Syntax error at or near 'x'.", Invalid, "does not fit"),
        ("Query timed out: QUERY_TIMEOUT", Unavailable, "statement timeout"),
        ("Something else\nwith a second line", Unavailable, "Something else."),
    ],
)  # fmt: skip
def test_what_the_warehouse_says(said: str, kind: type[OntosError], told: str) -> None:
    error = explained(said, SQL)
    assert type(error) is kind
    assert told in error.detail
    assert "second line" not in error.detail
    assert "secret" not in error.detail


@pytest.mark.parametrize(
    ("said", "sql"),
    [
        ("[TABLE_OR_VIEW_NOT_FOUND] The table or view `wb`.`sales`.`orders` cannot be found.",
         "SELECT 1 FROM `wb`.`sales`.`orders`"),
        ("[SCHEMA_NOT_FOUND] The schema `sales` cannot be found.", "SELECT 1 FROM wb.sales.orders"),
    ],
)  # fmt: skip
def test_what_is_not_the_workbenchs_own_is_not_called_so(said: str, sql: str) -> None:
    assert "own" not in explained(said, sql).detail


def test_a_refusal_of_the_app_names_the_app() -> None:
    said = "[PERMISSION_DENIED] User does not have USE CATALOG on Catalog 'wb'. SQLSTATE: 42501"
    told = explained(said, SQL, "8e7d-app").detail
    assert "Ask its owner for: GRANT USE CATALOG ON CATALOG `wb` TO `8e7d-app`, which" in told
    assert "PRINCIPAL" not in told


def test_a_refusal_of_a_person_does_not_name_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    from databricks.sql.exc import ServerOperationError

    monkeypatch.setenv("DATABRICKS_CLIENT_ID", "8e7d-app")
    said = "[PERMISSION_DENIED] User does not have SELECT on Table 'wb.s.t'. SQLSTATE: 42501"
    found = setback(ServerOperationError(said), opening=False, taken=True)
    assert "TO `PRINCIPAL`, where" in unanswered(found, SQL, True, 0.0).detail
    assert "TO `8e7d-app`, which" in unanswered(found, SQL, False, 0.0).detail


def test_a_missing_column_is_named_for_programs() -> None:
    error = explained("[UNRESOLVED_COLUMN] parameter with name `colour` cannot be resolved", SQL)
    assert error.more == {"column": "colour"}


def test_a_value_that_is_missing_is_a_field() -> None:
    assert explained("[NOT_NULL_ASSERT_VIOLATION] violated for column: a.b", SQL).field == "b"


def test_an_undecided_write_says_so() -> None:
    error = undecided("INSERT INTO t VALUES (1)")
    assert "may have been done: look before you repeat" in error.detail


@pytest.mark.parametrize(
    ("code", "said", "personal", "kind"),
    [
        (401, "x", True, Unauthenticated),
        (403, ": Invalid access token.", True, Unauthenticated),
        (403, ": User has no CAN USE", True, Denied),
        (403, ": Invalid access token.", False, Unavailable),
    ],
)
def test_who_is_not_let_in(code: int, said: str, personal: bool, kind: type[OntosError]) -> None:
    from databricks.sql.exc import RequestError

    context = {"http-code": code, "method": "ExecuteStatement", "error-message": said}
    found = setback(RequestError("no", context), opening=False, taken=False)
    assert type(unanswered(found, SQL, personal, 0.0)) is kind


def test_a_wrong_warehouse_names_the_setting() -> None:
    from databricks.sql.exc import RequestError

    context = {"http-code": 404, "method": "OpenSession", "error-message": "not found"}
    found = setback(RequestError("no", context), opening=True, taken=False)
    told = unanswered(found, SQL, False, 0.0, "https://host/sql/1.0/warehouses/abc").detail
    assert "There is no SQL warehouse at https://host/sql/1.0/warehouses/abc." in told
    assert "ONTOS_HTTP_PATH" in told

"""What Databricks complains of, in the workbench's own errors; never with a bound value in them."""

import os
import re
from typing import Any

from ontos.kernel.errors import (
    Conflict,
    Denied,
    Invalid,
    NotFound,
    OntosError,
    Unauthenticated,
    Unavailable,
)
from ontos.warehouse.databricks.retries import Fate, Setback
from ontos.warehouse.names import quote

_CLASS = re.compile(r"\[([A-Z][A-Z0-9_]*)(?:\.[A-Z0-9_.]+)?\]")
_NAME = re.compile(r"`((?:[^`]|``)+)`(?:\.`((?:[^`]|``)+)`)*")
_COLUMN = re.compile(r"with name ((?:`(?:[^`]|``)+`\.?)+)")
_NOT_NULL = re.compile(r"violated for column: `?([\w.]+?)`?(?:\.?\s|\.?$)")
_TARGET = re.compile(r'cannot be cast to "([^"]+)"')
_INDEX = re.compile(r"[Tt]he index (-?\d+)")
_BOUND = re.compile(r"unbound parameter: `?(\w+)")
_LACKS = re.compile(r"does not have ([A-Z][A-Z_ ]*) on (\w+) ['`]([^']+?)['`](?:[\s.]|$)")
_GONE = {"TABLE_OR_VIEW_NOT_FOUND": "table", "SCHEMA_NOT_FOUND": "schema"}
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'")


def explained(said: str, sql: str, app: str | None = None) -> OntosError:
    """The workbench's error for the words of a refused statement.

    `app` is the name by which the app is granted, where the statement was the app's own.
    """
    found = _CLASS.search(said)
    kind = found[1] if found else ""
    if kind in _GONE and _stands_alone(name := _last_name(said), sql):
        return NotFound(
            f"There is no {_GONE[kind]} {name}, which is the workbench's own. Start the workbench"
            " again: it makes what is missing. Govern > Setup says which rights that takes."
        )
    if kind in _DENIALS:
        return _denied(said, opening(sql), app)
    for kinds, make in _KNOWN:
        if kind in kinds:
            return make(said, opening(sql))
    if "Concurrent" in said:
        return _conflict(said, opening(sql))
    if "QUERY_TIMEOUT" in said or "STATEMENT_TIMEOUT" in said or "timed out" in said:
        return Unavailable(f"{opening(sql)} took longer than the statement timeout. Ask for less.")
    return Unavailable(f"The warehouse could not run {opening(sql)}: {_first(said)}")


def unanswered(
    found: Setback, sql: str, personal: bool, waited: float, address: str = "the warehouse"
) -> OntosError:
    """The workbench's error for a statement that was given up; `address` is the warehouse's."""
    if isinstance(found.error, OntosError):
        return found.error
    if found.fate is Fate.REFUSED:
        return _refused(found, sql, personal, address)
    if found.reason == "conflict":
        return _conflict("", "")
    if found.reason == "credentials":
        return _not_let_in(found, personal)
    if found.reason == "starting":
        return Unavailable(
            f"The SQL warehouse is starting: it has given no session for {waited:.0f} s. Repeat in"
            " a minute.", reason="starting",
        )  # fmt: skip
    if found.reason == "unreachable":
        return Unavailable(
            f"The SQL warehouse cannot be reached at {address} ({type(found.error).__name__})."
            " Check DATABRICKS_HOST and the network; repeat in a minute."
        )
    if found.reason == "busy":
        return Unavailable(
            f"The SQL warehouse takes no more statements: it said so for {waited:.0f} s. Repeat in"
            " a minute."
        )
    return _lost(sql, waited, address)


def _lost(sql: str, waited: float, address: str) -> OntosError:
    tried = f" It was tried for {waited:.0f} s." if waited >= 1 else ""
    return Unavailable(
        f"The link to the SQL warehouse at {address} broke or fell silent during {opening(sql)}."
        f"{tried} Check that the warehouse runs and can be reached; repeat in a minute."
    )


def undecided(sql: str) -> OntosError:
    """A write of which nobody knows whether it was done."""
    return Unavailable(
        f"The link to the warehouse broke or fell silent during {opening(sql)}. It may have been"
        " done: look before you repeat it.",
        reason="undecided",
    )


def opening(sql: str) -> str:
    """The first words of a statement, for a message."""
    return f"`{' '.join(sql.split()[:6])} …`"


def _refused(found: Setback, sql: str, personal: bool, address: str) -> OntosError:
    code = getattr(found.error, "context", None) or {}
    if code.get("http-code") == 404:
        return Unavailable(
            f"There is no SQL warehouse at {address}. Set ONTOS_HTTP_PATH to the HTTP path that"
            " its page shows under Connection details, and start the workbench again."
        )
    app = None if personal else os.environ.get("DATABRICKS_CLIENT_ID")
    return explained(str(found.error), sql, app)


def _not_let_in(found: Setback, personal: bool) -> OntosError:
    context: dict[str, Any] = getattr(found.error, "context", None) or {}
    said = str(context.get("error-message") or "").strip(": ")[:200]
    if not personal:
        return Unavailable(
            f"The warehouse does not accept the app's credentials ({said or 'no reason given'})."
            " Give its service principal CAN USE, or renew its secret."
        )
    if context.get("http-code") == 401 or "token" in said.lower():
        return Unauthenticated("Your sign-in at Databricks has expired. Reload the page.")
    return Denied(f"You may not use the SQL warehouse ({said}). Ask its owner for CAN USE.")


def _table(said: str, _: str) -> OntosError:
    return NotFound(f"There is no table {_last_name(said)}. Check its name and schema.")


def _schema(said: str, _: str) -> OntosError:
    return NotFound(f"There is no schema {_last_name(said)}. Check its name.")


def _catalog(said: str, _: str) -> OntosError:
    return NotFound(f"There is no catalog {_last_name(said)}. Check ONTOS_CATALOG, or create it.")


def _column(said: str, at: str) -> OntosError:
    found = _COLUMN.search(said)
    if found is None:
        return Invalid(f"{at} does not fit the tables: {_first(said)}")
    name = found[1].rpartition(".`")[2].strip("`").replace("``", "`")
    return Invalid(f"There is no column {name}. Check its name.", column=name)


def _denied(said: str, at: str, app: str | None) -> OntosError:
    """A principal is granted by name; Databricks Apps tell an app its own."""
    found = _LACKS.search(said)
    if found is None:
        return Denied(f"{at}: {_first(said)} Ask its owner to grant it.")
    right, kind, name = found[1], found[2], found[3].replace("`", "")
    grant = f"GRANT {right} ON {kind.upper()} {quote(*name.split('.'))} TO "
    whom = f"{quote(app)}, which is the app." if app else (
        "`PRINCIPAL`, where PRINCIPAL is you or a group of yours; for the workbench's own tables,"
        " the app."
    )  # fmt: skip
    return Denied(
        f"{right} is not granted on {kind.lower()} {name}. Ask its owner for: {grant}{whom}"
    )


def _stands_alone(name: str, sql: str) -> bool:
    """The workbench names its own tables alone, and every other with its schema."""
    return re.search(rf"\.\s*`?{re.escape(name)}\b", sql, re.IGNORECASE) is None


def _conflict(_: str, __: str) -> OntosError:
    return Conflict("Another change came first. Load the data again, then repeat.")


def _taken(_: str, at: str) -> OntosError:
    return Conflict(f"The name is taken: {at}. Choose another.")


def _not_null(said: str, at: str) -> OntosError:
    found = _NOT_NULL.search(said)
    name = found[1].rpartition(".")[2] if found else None
    return Invalid(f"{name or at} must have a value.", field=name)


def _cast(said: str, at: str) -> OntosError:
    found = _TARGET.search(said)
    if found is None:
        return Invalid(f"{at} holds a value that does not fit.")
    return Invalid(f"{at} holds a value that cannot be read as {found[1]}.")


def _zero(_: str, at: str) -> OntosError:
    return Invalid(f"{at} divides by zero.")


def _twice(_: str, at: str) -> OntosError:
    return Invalid(f"{at} matches a row of the target more than once. Send each once.")


def _index(said: str, at: str) -> OntosError:
    found = _INDEX.search(said)
    return Invalid(f"{at}: The array has no element {found[1] if found else 'of that number'}.")


def _unbound(said: str, at: str) -> OntosError:
    found = _BOUND.search(said)
    name = found[1] if found else None
    return Invalid(f"No value is given for :{name or '?'} of {at}.", field=name)


def _other(said: str, at: str) -> OntosError:
    return Invalid(f"{at} does not fit the tables: {_first(said)}")


_DENIALS = frozenset({"INSUFFICIENT_PERMISSIONS", "PERMISSION_DENIED", "UNAUTHORIZED_ACCESS"})
_KNOWN = (
    ({"TABLE_OR_VIEW_NOT_FOUND", "DELTA_TABLE_NOT_FOUND", "DELTA_MISSING_DELTA_TABLE"}, _table),
    ({"SCHEMA_NOT_FOUND"}, _schema),
    ({"CATALOG_NOT_FOUND", "NO_SUCH_CATALOG_EXCEPTION"}, _catalog),
    ({"UNRESOLVED_COLUMN", "DELTA_COLUMN_NOT_FOUND_IN_SCHEMA"}, _column),
    ({"DELTA_CONCURRENT_APPEND", "DELTA_CONCURRENT_WRITE", "DELTA_CONCURRENT_DELETE_READ",
      "DELTA_CONCURRENT_DELETE_DELETE", "DELTA_CONCURRENT_TRANSACTION",
      "DELTA_METADATA_CHANGED", "DELTA_PROTOCOL_CHANGED"}, _conflict),
    ({"TABLE_OR_VIEW_ALREADY_EXISTS", "SCHEMA_ALREADY_EXISTS", "DELTA_TABLE_ALREADY_EXISTS"},
     _taken),
    ({"DELTA_NOT_NULL_CONSTRAINT_VIOLATED", "NOT_NULL_CONSTRAINT_VIOLATION",
      "NOT_NULL_ASSERT_VIOLATION", "DELTA_MISSING_NOT_NULL_COLUMN_VALUE"}, _not_null),
    ({"CAST_INVALID_INPUT", "CAST_OVERFLOW", "CAST_OVERFLOW_IN_TABLE_INSERT",
      "CANNOT_PARSE_TIMESTAMP", "MALFORMED_RECORD_IN_PARSING", "NUMERIC_VALUE_OUT_OF_RANGE",
      "ARITHMETIC_OVERFLOW", "INVALID_VARIANT_CAST"}, _cast),
    ({"DIVIDE_BY_ZERO", "REMAINDER_BY_ZERO"}, _zero),
    ({"DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE", "MERGE_CARDINALITY_VIOLATION"},
     _twice),
    ({"INVALID_ARRAY_INDEX", "INVALID_ARRAY_INDEX_IN_ELEMENT_AT"}, _index),
    ({"UNBOUND_SQL_PARAMETER"}, _unbound),
    ({"PARSE_SYNTAX_ERROR", "DATATYPE_MISMATCH", "UNRESOLVED_ROUTINE", "AMBIGUOUS_REFERENCE",
      "DELTA_INSERT_COLUMN_ARITY_MISMATCH", "INSERT_COLUMN_ARITY_MISMATCH",
      "MISSING_AGGREGATION", "FIELD_NOT_FOUND", "UNSUPPORTED_DATATYPE", "INVALID_PARAMETER_VALUE",
      "DELTA_FAILED_TO_MERGE_FIELDS", "INCOMPATIBLE_DATA_FOR_TABLE", "COLUMN_ALREADY_EXISTS"},
     _other),
)  # fmt: skip


def _last_name(said: str) -> str:
    found = _NAME.search(said)
    return found[0].rpartition(".`")[2].strip("`").replace("``", "`") if found else "of that name"


def _first(said: str) -> str:
    """The first line, without literals: they may be values."""
    line = _QUOTED.sub("'…'", said.partition("\n")[0])
    line = re.sub(r"\s*SQLSTATE: \w+", "", line).strip()
    return line[:300] if line.endswith(".") else f"{line[:300]}."

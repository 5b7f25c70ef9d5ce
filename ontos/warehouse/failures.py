"""What DuckDB complains of, in the workbench's own errors; never with a bound value in them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from ontos.kernel.errors import Conflict, Invalid, NotFound, OntosError, Unavailable
from ontos.warehouse.running import cancelled

_WORDS = 6
_STREAMED = ("Invalid Input Error", "Conversion Error", "Out of Range Error")
_MISSING_TABLE = re.compile(r"Table with name \"?(.+?)\"? does not exist")
_MISSING_SCHEMA = re.compile(r"Schema with name \"?(.+?)\"? does not exist")
_MISSING_COLUMN = re.compile(
    r"Referenced column \"(.+?)\" (?:was )?not found"
    r"|does not have a column (?:with name|named) \"(.+?)\""
    r"|[Cc]olumn (?:with name )?\"?([^\"\s]+)\"? (?:does not exist|not found)"
)
_NOT_NULL = re.compile(r"NOT NULL constraint failed: \S*?\.?([^.\s]+)$", re.MULTILINE)
_OURS = re.compile(r"(The array has no element -?\d+\.|to_json is not known for this type\.)")
_NAMES = {"INT32": "INT", "INT64": "BIGINT", "INT16": "SMALLINT", "INT8": "TINYINT"}
_CONVERSION = re.compile(r"to ([A-Z]\w*(?:\([\d, ]+\))?)")


@contextmanager
def told(sql: str) -> Iterator[None]:
    """Raise the workbench's error for any of DuckDB's; `sql` is named by its first words.

    While an answer is streamed, DuckDB's errors arrive as those of Arrow's reader.
    """
    import duckdb

    try:
        yield
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise explained(error, sql) from error


def explained(error: Exception, sql: str) -> OntosError:
    """The workbench's error for one of DuckDB's."""
    import duckdb

    text = str(error)
    if isinstance(error, duckdb.InterruptException) or text.startswith("INTERRUPT"):
        return cancelled(opening(sql))
    if "onflict" in text and isinstance(error, duckdb.TransactionException):
        return Conflict("Another change came first. Load the data again, then repeat.")
    if isinstance(error, duckdb.CatalogException | duckdb.BinderException):
        return _unknown_name(text, sql)
    if isinstance(error, duckdb.ConstraintException):
        return _constraint(text, sql)
    bad = isinstance(error, duckdb.DataError | duckdb.InvalidInputException)
    if bad or text.startswith(_STREAMED):
        return _bad_value(text, sql)
    if isinstance(error, duckdb.OutOfMemoryException):
        return Unavailable(
            f"The store's memory did not suffice for {opening(sql)}, and nothing was changed. Do "
            "less at once, or start the workbench with more: ONTOS_STORE_MEMORY_MB."
        )
    return Unavailable(f"The store could not run {opening(sql)} ({type(error).__name__}).")


def opening(sql: str) -> str:
    """The first words of a statement, for a message."""
    return f"`{' '.join(sql.split()[:_WORDS])} …`"


def _unknown_name(text: str, sql: str) -> OntosError:
    if found := _MISSING_TABLE.search(text):
        return NotFound(f"There is no table {found[1]}. Check its name and schema.")
    if found := _MISSING_SCHEMA.search(text):
        return NotFound(f"There is no schema {found[1]}. Check its name.")
    if found := _MISSING_COLUMN.search(text):
        name = next(filter(None, found.groups()))
        return Invalid(f"There is no column {name}. Check its name.", column=name)
    if "already exists" in text:
        return Conflict(f"The name is taken: {opening(sql)}. Choose another.")
    return Invalid(f"{opening(sql)} does not fit the tables: {_first_line(text)}")


def _constraint(text: str, sql: str) -> OntosError:
    if found := _NOT_NULL.search(text.strip()):
        return Invalid(f"{found[1]} must have a value.", field=found[1])
    return Conflict(f"{opening(sql)} breaks a constraint of the table.")


def _bad_value(text: str, sql: str) -> OntosError:
    if "same target row more than once" in text:
        return Invalid(
            f"{opening(sql)} matches a row of the target more than once. Send each once."
        )
    if "ivision by zero" in text:
        return Invalid(f"{opening(sql)} divides by zero.")
    if found := _CONVERSION.search(text):
        kind = _NAMES.get(found[1], found[1])
        return Invalid(f"{opening(sql)} holds a value that cannot be read as {kind}.")
    if found := _OURS.search(text):
        return Invalid(f"{opening(sql)}: {found[1]}")
    return Invalid(f"{opening(sql)} holds a value that does not fit.")


def _first_line(text: str) -> str:
    """DuckDB's own words, without the excerpt of the statement that follows them."""
    return text.partition("\n")[0].partition(": ")[2][:200] or "a name or a type is wrong."

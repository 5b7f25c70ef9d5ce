"""Typed Thrift parameters as Python values."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from databricks.sql.thrift_api.TCLIService import ttypes


def values_of(parameters: Iterable[ttypes.TSparkParameter] | None) -> dict[str, Any]:
    """Name to value; raises ValueError for a type that the server does not know."""
    return {each.name: _value(each) for each in parameters or ()}


def _value(parameter: ttypes.TSparkParameter) -> Any:
    kind = parameter.type.partition("(")[0].upper()
    text = parameter.value.stringValue if parameter.value else None
    if text is None or kind == "VOID":
        return None
    if kind not in _READ:
        raise ValueError(f"[UNSUPPORTED_DATATYPE] Unsupported data type {parameter.type}.")
    return _READ[kind](text)


def _instant(text: str) -> datetime:
    read = datetime.fromisoformat(text)
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


_READ: dict[str, Callable[[str], Any]] = {
    "STRING": str, "INT": int, "BIGINT": int, "SMALLINT": int, "TINYINT": int,
    "DOUBLE": float, "FLOAT": float, "DECIMAL": Decimal, "DATE": date.fromisoformat,
    "BOOLEAN": lambda text: text.lower() == "true", "TIMESTAMP": _instant,
}  # fmt: skip

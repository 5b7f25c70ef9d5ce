"""Which column fills which placeholder."""

from collections.abc import Iterable, Mapping, Sequence

from ontos.data.items import hidden
from ontos.kernel.errors import Invalid
from ontos.workspace import Column

ANSWERS = frozenset({"STRING", "TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE",
                     "BOOLEAN", "DATE"})  # fmt: skip
"""Types whose values read the same as text on every engine."""


def equal_names(placeholders: Iterable[str], columns: Iterable[str]) -> dict[str, str]:
    """The mapping that suggests itself: placeholders named as a column, in whatever case."""
    by_name = {column.lower(): column for column in columns}
    return {name: by_name[name.lower()] for name in placeholders if name.lower() in by_name}


def check_mapping(
    placeholders: Sequence[str], mapping: Mapping[str, str], columns: Sequence[str]
) -> None:
    """Refuse a mapping that misses a placeholder, or names one or a column that is not there."""
    missing = [name for name in placeholders if name not in mapping]
    if missing:
        raise _wrong(f"says no column for {_names(missing)}. Choose one of: {_names(columns)}.")
    unknown = [name for name in mapping if name not in placeholders]
    if unknown:
        has = f"It has: {_names(placeholders)}." if placeholders else "It has none."
        raise _wrong(f"the template has no placeholder {_names(unknown)}. {has}")
    absent = [column for column in mapping.values() if column not in columns]
    if absent:
        raise _wrong(f"the sheet has no column {_names(absent)}. It has: {_names(columns)}.")


def check_shown(field: str, columns: Iterable[str], id_column: str | None) -> None:
    """Refuse a column whose own values no item shows: prompts and labels would be references."""
    name = next((name for name in columns if hidden(name, id_column)), None)
    if name is not None:
        raise Invalid(
            f"{field}: {name!r} is how references of items are called, so the column's own values "
            "are not read. Rename it in the table, or make a sheet with it as item_id_column.",
            field=field,
        )


def check_response(column: Column | None, name: str, columns: Sequence[str]) -> None:
    """Refuse a response column that is missing, or whose values are not plain text or numbers."""
    if column is None:
        raise Invalid(
            f"response_column: the sheet has no column {name!r}. It has: {_names(columns)}.",
            field="response_column",
        )
    if column.type not in ANSWERS and not column.type.startswith("DECIMAL"):
        raise Invalid(
            f"response_column: {name!r} is {column.type}. Choose a column of text, numbers, "
            "dates or yes/no values.",
            field="response_column",
        )


def _names(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _wrong(what: str) -> Invalid:
    return Invalid(f"column_mapping: {what}", field="column_mapping")

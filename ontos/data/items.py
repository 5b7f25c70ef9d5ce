"""How the rows of a table become items with stable references."""

from collections.abc import Sequence

from ontos.warehouse import quote, split_name

REF = "item_ref"


def items_sql(table: str, columns: Sequence[str], id_column: str | None) -> str:
    """A SELECT of the table's items: `item_ref`, then the columns as they are.

    Without an id column the reference is a hash of the row. Equal rows are told apart by their
    occurrence, so references stay the same as long as the rows do. A column of the table that is
    itself called `item_ref` is not shown again.
    """
    source = quote(*split_name(table))
    shown = "".join(f", {quote(name)}" for name in columns if name.lower() != REF)
    if id_column is not None:
        return f"SELECT CAST({quote(id_column)} AS STRING) AS item_ref{shown} FROM {source}"  # noqa: S608
    key, nth = (quote(_free(name, columns)) for name in ("row_hash", "row_nth"))
    row = ", ".join(quote(name) for name in columns)
    hashed = f"SELECT md5(to_json(struct({row}))) AS {key}{shown} FROM {source}"  # noqa: S608
    counted = (
        f"SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY {key}) AS {nth}"  # noqa: S608
        f" FROM ({hashed}) AS hashed"
    )
    return (
        f"SELECT CASE WHEN {nth} = 1 THEN {key} ELSE concat({key}, '-', CAST({nth} AS STRING)) END"  # noqa: S608
        f" AS item_ref{shown} FROM ({counted}) AS counted"
    )


def hidden(name: str, id_column: str | None) -> bool:
    """Whether items show their reference in place of this column, as it is called like that."""
    return name.lower() == REF and (id_column or "").lower() != REF


def _free(name: str, taken: Sequence[str]) -> str:
    """The name, lengthened until no column has it."""
    others = {other.lower() for other in taken}
    while name in others:
        name += "_"
    return name

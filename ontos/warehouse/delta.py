"""What Delta refuses though both engines here take it: our Spark has tables in memory, no Delta.

Read from the text alone: the conditions of a change, and what a table is declared to be. Sources:
Databricks' pages on DELETE, UPDATE, MERGE, ALTER TABLE … COLUMN, liquid clustering and defaults.
"""

from collections.abc import Iterator

from sqlglot import exp

CLUSTERABLE = (
    "text", "varchar", "char", "date", "timestamp", "timestamptz", "timestampltz", "timestampntz",
    "tinyint", "smallint", "int", "bigint", "float", "double", "decimal",
)  # fmt: skip
"""Types with the statistics that clustering needs; BOOLEAN, BINARY and what is nested have none."""
MOST_KEYS = 4
INDEXED = 32
"""Columns of a table, from its first, that Delta collects statistics of."""
ODD = frozenset(" ,;{}()\n\t=")
"""Characters that a column's name has only under column mapping."""
MAPPED = ("delta.columnMapping.mode", ("name", "id"))
DEFAULTS = ("delta.feature.allowColumnDefaults", ("supported", "enabled"))


def refusals(tree: exp.Expression) -> Iterator[str]:
    """What Delta has against the statement, and what to write instead."""
    if isinstance(tree, exp.Delete | exp.Update):
        yield from _condition(tree.args.get("where"))
    elif isinstance(tree, exp.Merge):
        yield from _merge(tree)
    elif isinstance(tree, exp.Create) and isinstance(tree.this, exp.Schema):
        yield from _created(tree)
    elif isinstance(tree, exp.Alter):
        yield from _altered(tree)


def _condition(where: exp.Expression | None) -> Iterator[str]:
    for node in where.walk() if where is not None else ():
        if _asks(node) and _within(node, where):
            yield f"{_short(node)}: no subquery within a subquery here. Join the two."
        if isinstance(node, exp.Not) and _is_list(node.this) and node.find_ancestor(exp.Or):
            yield f"{_short(node)}: no NOT IN (SELECT …) beside an OR. Use NOT EXISTS."


def _asks(node: exp.Expression) -> bool:
    """Whether it is a subquery that stands for a value; one in FROM is a table."""
    if isinstance(node, exp.Exists):
        return isinstance(node.this, exp.Query)
    tables = (exp.From, exp.Join, exp.Lateral, exp.SetOperation, exp.Exists)
    return isinstance(node, exp.Subquery) and not isinstance(node.parent, tables)


def _within(node: exp.Expression, where: exp.Expression | None) -> bool:
    above = node.parent
    while above is not None and above is not where:
        if _asks(above):
            return True
        above = above.parent
    return False


def _is_list(node: exp.Expression) -> bool:
    bare = node.unnest()
    return isinstance(bare, exp.In) and bare.args.get("query") is not None


def _merge(tree: exp.Merge) -> Iterator[str]:
    conditions = [tree.args.get("on")]
    conditions += [when.args.get("condition") for when in tree.args["whens"].expressions]
    for condition in conditions:
        for node in condition.walk() if condition is not None else ():
            if _asks(node):
                yield f"{_short(node)}: a MERGE asks nothing in ON and WHEN. Ask in USING."


def _created(tree: exp.Create) -> Iterator[str]:
    columns = [part for part in tree.this.expressions if isinstance(part, exp.ColumnDef)]
    yield from _clustering(tree, {column.name.lower(): column for column in columns})
    for column in columns:
        if ODD & set(column.name) and not _has(tree, MAPPED):
            yield f"{column.name!r}: a name like this needs '{MAPPED[0]}' = 'name'."
        if _is_held(column, exp.DefaultColumnConstraint) and not _has(tree, DEFAULTS):
            yield f"{column.name}: a DEFAULT needs '{DEFAULTS[0]}' = 'supported'."


def clustered(tree: exp.Expression) -> list[str]:
    """The columns that a table is declared to be clustered by, in order."""
    found = tree.find(exp.ClusterProperty)
    return [column.name for column in found.expressions] if found else []


def _clustering(tree: exp.Create, columns: dict[str, exp.ColumnDef]) -> Iterator[str]:
    keys = clustered(tree)
    if len(keys) > MOST_KEYS:
        yield f"CLUSTER BY ({', '.join(keys)}): Delta clusters by {MOST_KEYS} columns at most."
    indexed = list(columns)[:INDEXED]
    for key in keys:
        column = columns.get(key.lower())
        if column is None:
            yield f"CLUSTER BY ({key}): the table has no such column."
        elif not column.args["kind"].is_type(*CLUSTERABLE):
            yield f"CLUSTER BY ({key}): Delta clusters by no {column.args['kind'].sql()}."
        elif key.lower() not in indexed:
            yield f"CLUSTER BY ({key}): put it among the first {INDEXED} columns."


def _altered(tree: exp.Alter) -> Iterator[str]:
    for action in tree.args.get("actions") or ():
        for column in action.expressions if isinstance(action, exp.Schema) else (action,):
            if not isinstance(column, exp.ColumnDef):
                continue
            if _is_held(column, exp.NotNullColumnConstraint):
                yield f"{column.name}: an added column is nullable, since rows exist."
            if _is_held(column, exp.DefaultColumnConstraint):
                yield f"{column.name}: an added column has no DEFAULT. Set it after."


def _is_held(column: exp.ColumnDef, kind: type[exp.Expression]) -> bool:
    held = (constraint.kind for constraint in column.args.get("constraints") or ())
    return any(isinstance(each, kind) and not each.args.get("allow_null") for each in held)


def _has(tree: exp.Create, wanted: tuple[str, tuple[str, ...]]) -> bool:
    name, values = wanted
    found = (part.text("value") for part in tree.find_all(exp.Property) if part.name == name)
    return any(value in values for value in found)


def _short(node: exp.Expression) -> str:
    return str(node.sql("databricks"))[:60]

"""Statements that are other statements here: DDL, INSERT OVERWRITE, SHOW, DESCRIBE, OPTIMIZE."""

import re

from sqlglot import exp

from ontos.warehouse.dialect.documents import typed
from ontos.warehouse.dialect.writer import Untranslatable, Written

_STORAGE = (
    exp.ClusterProperty, exp.FileFormatProperty, exp.Property, exp.SchemaCommentProperty,
    exp.PartitionedByProperty, exp.LocationProperty,
)  # fmt: skip
_INFORMATIONAL = (
    exp.CommentColumnConstraint,
    exp.PrimaryKeyColumnConstraint,
    exp.Reference,
)
_COLUMN = (exp.NotNullColumnConstraint, exp.DefaultColumnConstraint)
_CODEC = "ontos.store."
"""Begins the table properties that name columns and how the embedded store keeps them."""
_CODECS = ("rle", "uncompressed", "zstd")
_NOTHING = "SELECT 1 AS nothing WHERE FALSE"
_SHOW = {
    "tables": "SELECT table_schema AS database, table_name AS \"tableName\","
    " FALSE AS \"isTemporary\" FROM information_schema.tables"
    " WHERE table_catalog = current_database() AND table_schema = {schema} ORDER BY table_name",
    "columns": "SELECT column_name AS col_name FROM information_schema.columns"
    " WHERE table_catalog = current_database() AND table_schema = {schema}"
    " AND lower(table_name) = lower({table}) ORDER BY ordinal_position",
    "schemas": "SELECT schema_name AS \"databaseName\" FROM information_schema.schemata"
    " WHERE catalog_name = current_database() ORDER BY schema_name",
    "describe": "SELECT column_name AS col_name, data_type, column_comment AS comment"
    " FROM information_schema.columns WHERE table_catalog = current_database()"
    " AND table_schema = {schema} AND lower(table_name) = lower({table}) ORDER BY ordinal_position",
}  # fmt: skip


def command(tree: exp.Command) -> str:
    """DuckDB's text for a statement that sqlglot does not take apart."""
    word, rest = str(tree.this).upper(), str(tree.args.get("expression") or "").strip(" ;'")
    if word in ("OPTIMIZE", "VACUUM", "ANALYZE"):
        return _NOTHING
    if word == "SHOW":
        return _shown(rest)
    raise Untranslatable(f"{word} is not translated.")


def _shown(rest: str) -> str:
    words = rest.split()
    kind = words[0].lower() if words else ""
    if kind in ("schemas", "databases") and len(words) == 1:
        return _SHOW["schemas"]
    named = len(words) == 3 and words[1].upper() in ("IN", "FROM")
    if kind == "tables" and (named or len(words) == 1):
        return _SHOW["tables"].format(schema=_schema(_name(words[2]) if named else []))
    if kind == "columns" and named:
        return _columns_of("columns", _name(words[2]))
    raise Untranslatable(f"SHOW {rest[:60]} is not translated.")


def _name(text: str) -> list[str]:
    table = exp.to_table(text, dialect="databricks")
    return [part.name for part in table.parts]


def described(tree: exp.Describe) -> str:
    if not isinstance(tree.this, exp.Table) or tree.args.get("style"):
        raise Untranslatable("DESCRIBE takes a table and nothing else.")
    return _columns_of("describe", [part.name for part in tree.this.parts])


def _columns_of(kind: str, parts: list[str]) -> str:
    return _SHOW[kind].format(schema=_schema(parts[:-1]), table=_text(parts[-1]))


def _schema(parts: list[str]) -> str:
    return _text(parts[-1]) if parts else "current_schema()"


def _text(value: str) -> str:
    return str(exp.Literal.string(value).sql(Written))


def created(tree: exp.Create) -> list[exp.Expression]:
    """CREATE without what is storage or information there; its comments as statements after it."""
    _refuse_create(tree)
    comments, codecs = _comments(tree), _codecs(tree)
    if isinstance(tree.this, exp.Schema):
        columns = [_column(c) for c in tree.this.expressions if _is_column(c)]
        tree.this.set("expressions", [_stored(c, codecs.pop(c.name, None)) for c in columns])
    if codecs:
        raise Untranslatable(f"{_CODEC}…: there is no column {', '.join(codecs)}.")
    tree.set("properties", None)
    return [tree, *comments]


def _codecs(tree: exp.Create) -> dict[str, str]:
    """Column to codec, as the properties `ontos.store.<codec>` = 'column, column' say it."""
    found: dict[str, str] = {}
    for part in tree.find_all(exp.Property):
        name = part.name
        if not name.startswith(_CODEC):
            continue
        if (codec := name.removeprefix(_CODEC)) not in _CODECS:
            raise Untranslatable(f"{name}: the store keeps columns as {' or '.join(_CODECS)}.")
        found |= {column.strip(): codec for column in part.text("value").split(",")}
    return found


def _stored(column: exp.ColumnDef, codec: str | None) -> exp.ColumnDef:
    if codec:
        kept = exp.ColumnConstraint(kind=exp.Var(this=f"USING COMPRESSION {codec}"))
        column.append("constraints", kept)
    return column


def _refuse_create(tree: exp.Create) -> None:
    kind = str(tree.args.get("kind")).upper()
    if kind not in ("TABLE", "VIEW", "SCHEMA"):
        raise Untranslatable(f"CREATE {kind} is not translated.")
    if tree.args.get("clone") or tree.find(exp.LikeProperty):
        raise Untranslatable("CREATE TABLE … LIKE or CLONE is not translated.")
    properties = tree.args.get("properties")
    for part in properties.expressions if properties else ():
        if not isinstance(part, _STORAGE):
            raise Untranslatable(f"CREATE with {part.sql('databricks')[:60]} is not translated.")


def _is_column(part: exp.Expression) -> bool:
    if isinstance(part, exp.ColumnDef):
        return True
    if isinstance(part, exp.PrimaryKey | exp.ForeignKey):
        return False
    if isinstance(part, exp.Constraint) and part.find(exp.PrimaryKey, exp.ForeignKey):
        return False
    raise Untranslatable(f"{part.sql('databricks')[:60]} is not translated.")


def _column(column: exp.ColumnDef) -> exp.ColumnDef:
    kept = []
    for constraint in column.args.get("constraints") or []:
        if isinstance(constraint.kind, _INFORMATIONAL):
            continue
        if not isinstance(constraint.kind, _COLUMN):
            raise Untranslatable(f"{constraint.sql('databricks')[:60]} is not translated.")
        kept.append(constraint)
    column.set("constraints", kept)
    if column.args.get("kind"):
        column.set("kind", typed(column.args["kind"]))
    return column


def _comments(tree: exp.Create) -> list[exp.Expression]:
    if not isinstance(tree.this, exp.Schema):
        return []
    table = tree.this.this
    comments = [
        exp.Comment(this=table.copy(), kind="TABLE", expression=part.this.copy())
        for part in tree.find_all(exp.SchemaCommentProperty)
    ]
    return comments + [
        _column_comment(table, column.this, remark)
        for column in tree.this.expressions
        if isinstance(column, exp.ColumnDef) and (remark := _remark(column)) is not None
    ]


def _remark(column: exp.ColumnDef) -> exp.Expression | None:
    for constraint in column.args.get("constraints") or []:
        if isinstance(constraint.kind, exp.CommentColumnConstraint):
            return constraint.kind.this
    return None


def _column_comment(
    table: exp.Expression, column: exp.Expression, text: exp.Expression
) -> exp.Comment:
    parts = [part.copy() for part in table.parts]
    name = exp.Dot.build([*parts, column.copy()])
    return exp.Comment(this=name, kind="COLUMN", expression=text.copy())


def altered(tree: exp.Alter) -> list[exp.Expression]:
    """One change of a table at a time, as DuckDB takes them."""
    made: list[exp.Expression] = []
    for action in tree.args.get("actions") or []:
        parts = action.expressions if isinstance(action, exp.Schema) else [action]
        for part in parts:
            made += _action(tree, part)
    if not made:
        raise Untranslatable("This ALTER is not translated.")
    return made


def _action(tree: exp.Alter, part: exp.Expression) -> list[exp.Expression]:
    if isinstance(part, exp.ColumnDef):
        remark = _remark(part)
        column = _column(part.copy())
        alter = exp.Alter(this=tree.this.copy(), kind="TABLE", actions=[column])
        remarks = [_column_comment(tree.this, part.this, remark)] if remark else []
        return [alter, *remarks]
    if isinstance(part, exp.AlterColumn) and part.args.get("comment") is not None:
        return [_column_comment(tree.this, part.this, part.args["comment"])]
    if isinstance(part, exp.RenameColumn | exp.AlterRename | exp.Drop):
        return [exp.Alter(this=tree.this.copy(), kind="TABLE", actions=[part.copy()])]
    raise Untranslatable(f"ALTER with {type(part).__name__} is not translated.")


def overwritten(tree: exp.Insert) -> list[exp.Expression]:
    """Emptied and filled; refused where the rows come out of the same table."""
    target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    if any(t.name.lower() == target.name.lower() for t in tree.expression.find_all(exp.Table)):
        raise Untranslatable("INSERT OVERWRITE of a table from itself is not translated.")
    tree.set("overwrite", False)
    return [exp.Delete(this=target.copy()), tree]


def assigned(root: exp.Expression) -> None:
    """`SET t.a = …` must not name the table here."""
    for update in root.find_all(exp.Update):
        for change in update.expressions:
            if isinstance(change, exp.EQ) and isinstance(change.this, exp.Column):
                change.set("this", exp.Column(this=change.this.this.copy()))


def stars(sql: str) -> str:
    """`UPDATE SET *` and `INSERT *` of MERGE go by name there, and by position here."""
    by_name = re.sub(r"\bTHEN UPDATE SET \*", "THEN UPDATE BY NAME", sql)
    return re.sub(r"\bTHEN INSERT \*", "THEN INSERT BY NAME", by_name)

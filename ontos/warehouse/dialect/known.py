"""Node types, other than functions, that mean the same on both engines."""

from sqlglot import exp

KNOWN: frozenset[type[exp.Expression]] = frozenset({
    exp.Add, exp.Alias, exp.Aliases, exp.Alter, exp.AlterColumn, exp.AlterRename, exp.All,
    exp.Between, exp.Boolean, exp.CTE, exp.ClusterProperty, exp.Column, exp.ColumnConstraint,
    exp.ColumnDef, exp.Comment, exp.CommentColumnConstraint, exp.Constraint, exp.Create, exp.Cube,
    exp.DataType, exp.DataTypeParam, exp.DefaultColumnConstraint, exp.Delete, exp.Distinct,
    exp.Dot, exp.Drop, exp.EQ, exp.Escape, exp.Except, exp.FileFormatProperty, exp.Filter,
    exp.ForeignKey, exp.From, exp.GT, exp.GTE, exp.Group, exp.GroupingSets, exp.Having,
    exp.Identifier, exp.IgnoreNulls, exp.In, exp.IndexParameters, exp.Insert, exp.Intersect,
    exp.Is, exp.JSONPath, exp.JSONPathKey, exp.JSONPathRoot, exp.JSONPathSubscript, exp.Join,
    exp.LT, exp.LTE, exp.Lateral, exp.Limit, exp.Literal, exp.Merge, exp.Mod, exp.Mul, exp.NEQ,
    exp.Neg, exp.Not, exp.NotNullColumnConstraint, exp.Null, exp.NullSafeEQ, exp.NullSafeNEQ,
    exp.Offset, exp.Order, exp.Ordered, exp.Paren, exp.PartitionedByProperty, exp.Placeholder,
    exp.PrimaryKey, exp.PrimaryKeyColumnConstraint, exp.Properties, exp.Property, exp.PropertyEQ,
    exp.Qualify, exp.Reference, exp.RenameColumn, exp.RespectNulls, exp.Rollup, exp.Schema,
    exp.SchemaCommentProperty, exp.Select, exp.Slice, exp.Star, exp.Sub, exp.Subquery, exp.Table,
    exp.TableAlias, exp.TableSample, exp.TruncateTable, exp.Tuple, exp.Union, exp.Update,
    exp.Values, exp.Var, exp.When, exp.Whens, exp.Where, exp.Window, exp.WindowSpec, exp.With,
    exp.EqualNull, exp.RawString,
})  # fmt: skip

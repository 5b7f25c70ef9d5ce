"""Arrow tables as the warehouse sends them: a schema once, then batches of bounded size."""

import lz4.frame
import pyarrow as pa
from databricks.sql.thrift_api.TCLIService import ttypes

OK = ttypes.TStatus(statusCode=ttypes.TStatusCode.SUCCESS_STATUS)
NOTHING = pa.schema([]).empty_table()
_Kind = ttypes.TTypeId
_KINDS = (
    (pa.types.is_boolean, _Kind.BOOLEAN_TYPE),
    (pa.types.is_int8, _Kind.TINYINT_TYPE),
    (pa.types.is_int16, _Kind.SMALLINT_TYPE),
    (pa.types.is_int32, _Kind.INT_TYPE),
    (pa.types.is_integer, _Kind.BIGINT_TYPE),
    (pa.types.is_float32, _Kind.FLOAT_TYPE),
    (pa.types.is_floating, _Kind.DOUBLE_TYPE),
    (pa.types.is_decimal, _Kind.DECIMAL_TYPE),
    (pa.types.is_timestamp, _Kind.TIMESTAMP_TYPE),
    (pa.types.is_date, _Kind.DATE_TYPE),
    (pa.types.is_binary, _Kind.BINARY_TYPE),
    (pa.types.is_nested, _Kind.STRUCT_TYPE),
    (pa.types.is_null, _Kind.NULL_TYPE),
)


class Results:
    """A result set that is being read; each fetch goes on where the last one ended."""

    def __init__(self, table: pa.Table | None, compressed: bool) -> None:
        self._table = _sent(table) if table is not None else NOTHING
        self._compressed = compressed
        self._at = 0

    @property
    def metadata(self) -> ttypes.TGetResultSetMetadataResp:
        columns = [_column(field, at) for at, field in enumerate(self._table.schema)]
        return ttypes.TGetResultSetMetadataResp(
            status=OK, schema=ttypes.TTableSchema(columns=columns),
            resultFormat=ttypes.TSparkRowSetType.ARROW_BASED_SET, lz4Compressed=self._compressed,
            arrowSchema=self._table.schema.serialize().to_pybytes(), isStagingOperation=False,
        )  # fmt: skip

    def fetched(self, rows: int, size: int, described: bool = True) -> ttypes.TFetchResultsResp:
        """At most so many rows, and roughly so many bytes; `described` repeats the metadata."""
        part = self._table.slice(self._at, min(rows, self._fitting(size)))
        begin, self._at = self._at, self._at + part.num_rows
        batches = [self._batch(batch) for batch in part.to_batches()]
        return ttypes.TFetchResultsResp(
            status=OK, hasMoreRows=self._at < self._table.num_rows,
            resultSetMetadata=self.metadata if described else None,
            results=ttypes.TRowSet(startRowOffset=begin, rows=[], arrowBatches=batches),
        )  # fmt: skip

    def _fitting(self, size: int) -> int:
        rows = self._table.num_rows
        return max(1, rows * size // max(self._table.nbytes, 1)) if rows else 1

    def _batch(self, batch: pa.RecordBatch) -> ttypes.TSparkArrowBatch:
        data = batch.serialize().to_pybytes()
        sent = lz4.frame.compress(data) if self._compressed else data
        return ttypes.TSparkArrowBatch(batch=sent, rowCount=batch.num_rows)


def _sent(table: pa.Table) -> pa.Table:
    """Types as the warehouse has them: text is STRING whatever its Arrow type was."""
    fields = [pa.field(field.name, _plain(field.type)) for field in table.schema]
    plain = pa.schema(fields)
    return table if plain.equals(table.schema) else table.cast(plain)


def _plain(kind: pa.DataType) -> pa.DataType:
    if isinstance(kind, pa.BaseExtensionType):
        return kind.storage_type
    return pa.string() if pa.types.is_large_string(kind) else kind


def _column(field: pa.Field, at: int) -> ttypes.TColumnDesc:
    kind = next((known for is_it, known in _KINDS if is_it(field.type)), _Kind.STRING_TYPE)
    entry = ttypes.TPrimitiveTypeEntry(type=kind)
    if kind == _Kind.DECIMAL_TYPE:
        sizes = {"precision": field.type.precision, "scale": field.type.scale}
        entry.typeQualifiers = ttypes.TTypeQualifiers(
            {name: ttypes.TTypeQualifierValue(i32Value=size) for name, size in sizes.items()}
        )
    types = ttypes.TTypeDesc(types=[ttypes.TTypeEntry(primitiveEntry=entry)])
    return ttypes.TColumnDesc(columnName=field.name, typeDesc=types, position=at + 1)

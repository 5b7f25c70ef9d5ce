package ontos.memory;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.spark.sql.connector.write.WriterCommitMessage;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.vectorized.ArrowColumnVector;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;

/** What one task wants changed; it stays in this process, and its number alone travels. */
final class Brought {
  final List<Object[]> inserted = new ArrayList<>();
  final Map<Long, Object[]> updated = new HashMap<>();
  final List<Long> deleted = new ArrayList<>();

  /** The rows of an Arrow stream; null where their columns are not those of the schema. */
  static Brought read(InputStream stream, StructType schema) throws IOException {
    try (BufferAllocator memory = new RootAllocator();
        ArrowStreamReader reader = new ArrowStreamReader(stream, memory)) {
      VectorSchemaRoot root = reader.getVectorSchemaRoot();
      ColumnVector[] columns =
          root.getFieldVectors().stream().map(ArrowColumnVector::new).toArray(ColumnVector[]::new);
      Object[] kinds = Arrays.stream(schema.fields()).map(StructField::dataType).toArray();
      List<String> names = root.getSchema().getFields().stream().map(Field::getName).toList();
      if (!names.equals(List.of(schema.fieldNames()))
          || !Arrays.equals(Arrays.stream(columns).map(ColumnVector::dataType).toArray(), kinds)) {
        return null;
      }
      Brought brought = new Brought();
      while (reader.loadNextBatch()) {
        new ColumnarBatch(columns, root.getRowCount())
            .rowIterator()
            .forEachRemaining(row -> brought.inserted.add(Cells.taken(row, schema)));
      }
      return brought;
    }
  }

  record Receipt(long number) implements WriterCommitMessage, Serializable {}
}

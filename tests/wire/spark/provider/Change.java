package ontos.memory;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.write.DeltaBatchWrite;
import org.apache.spark.sql.connector.write.DeltaWrite;
import org.apache.spark.sql.connector.write.DeltaWriteBuilder;
import org.apache.spark.sql.connector.write.DeltaWriter;
import org.apache.spark.sql.connector.write.DeltaWriterFactory;
import org.apache.spark.sql.connector.write.PhysicalWriteInfo;
import org.apache.spark.sql.connector.write.SupportsTruncate;
import org.apache.spark.sql.connector.write.WriterCommitMessage;
import org.apache.spark.sql.connector.write.WriteBuilder;
import org.apache.spark.sql.types.StructType;

/** One INSERT, MERGE, UPDATE or DELETE, from its plan to the rows that it leaves. */
final class Change implements DeltaWriteBuilder, SupportsTruncate, DeltaWrite, DeltaBatchWrite {
  private final Stored target;
  private final StructType schema;
  private boolean emptied = false;

  Change(Stored target, StructType schema) {
    this.target = target;
    this.schema = schema;
  }

  @Override
  public WriteBuilder truncate() {
    emptied = true;
    return this;
  }

  @Override
  public DeltaWrite build() {
    return this;
  }

  @Override
  public DeltaBatchWrite toBatch() {
    return this;
  }

  @Override
  public DeltaWriterFactory createBatchWriterFactory(PhysicalWriteInfo info) {
    return new Factory(schema);
  }

  @Override
  public void commit(WriterCommitMessage[] messages) {
    Tables.count(target.apply(emptied, taken(messages)));
  }

  @Override
  public void abort(WriterCommitMessage[] messages) {
    taken(messages);
  }

  private static List<Brought> taken(WriterCommitMessage[] messages) {
    return Arrays.stream(messages)
        .filter(Objects::nonNull)
        .map(message -> Tables.take((Brought.Receipt) message))
        .toList();
  }

  private record Factory(StructType schema) implements DeltaWriterFactory, Serializable {
    @Override
    public DeltaWriter<InternalRow> createWriter(int partition, long task) {
      return new Writer(schema);
    }
  }

  private static final class Writer implements DeltaWriter<InternalRow> {
    private final StructType schema;
    private final Brought brought = new Brought();

    Writer(StructType schema) {
      this.schema = schema;
    }

    @Override
    public void insert(InternalRow row) {
      brought.inserted.add(Cells.taken(row, schema));
    }

    @Override
    public void update(InternalRow metadata, InternalRow id, InternalRow row) {
      brought.updated.put(id.getLong(0), Cells.taken(row, schema));
    }

    @Override
    public void delete(InternalRow metadata, InternalRow id) {
      brought.deleted.add(id.getLong(0));
    }

    @Override
    public WriterCommitMessage commit() {
      return Tables.keep(brought);
    }

    @Override
    public void abort() {}

    @Override
    public void close() {}
  }
}

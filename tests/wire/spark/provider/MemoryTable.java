package ontos.memory;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.connector.catalog.Column;
import org.apache.spark.sql.connector.catalog.MetadataColumn;
import org.apache.spark.sql.connector.catalog.SupportsMetadataColumns;
import org.apache.spark.sql.connector.catalog.SupportsRead;
import org.apache.spark.sql.connector.catalog.SupportsRowLevelOperations;
import org.apache.spark.sql.connector.catalog.SupportsWrite;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.catalog.TruncatableTable;
import org.apache.spark.sql.connector.expressions.FieldReference;
import org.apache.spark.sql.connector.expressions.NamedReference;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.connector.write.DeltaWriteBuilder;
import org.apache.spark.sql.connector.write.LogicalWriteInfo;
import org.apache.spark.sql.connector.write.RowLevelOperation;
import org.apache.spark.sql.connector.write.RowLevelOperationBuilder;
import org.apache.spark.sql.connector.write.RowLevelOperationInfo;
import org.apache.spark.sql.connector.write.SupportsDelta;
import org.apache.spark.sql.connector.write.WriteBuilder;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/** A table as Spark sees it: it can be read, added to, and changed row by row. */
final class MemoryTable
    implements SupportsRead,
        SupportsWrite,
        SupportsRowLevelOperations,
        SupportsMetadataColumns,
        TruncatableTable {
  private final Stored stored;

  MemoryTable(Stored stored) {
    this.stored = stored;
  }

  @Override
  public String name() {
    return stored.name;
  }

  @Override
  public Column[] columns() {
    return stored.columns();
  }

  @Override
  public Map<String, String> properties() {
    return stored.properties();
  }

  @Override
  public Set<TableCapability> capabilities() {
    return EnumSet.of(
        TableCapability.BATCH_READ, TableCapability.BATCH_WRITE, TableCapability.TRUNCATE);
  }

  @Override
  public ScanBuilder newScanBuilder(CaseInsensitiveStringMap options) {
    return new Look(stored.schema(), stored::shown);
  }

  @Override
  public WriteBuilder newWriteBuilder(LogicalWriteInfo info) {
    return new Change(stored, info.schema());
  }

  @Override
  public boolean truncateTable() {
    Tables.count(stored.apply(true, List.of()));
    return true;
  }

  @Override
  public RowLevelOperationBuilder newRowLevelOperationBuilder(RowLevelOperationInfo info) {
    return () -> new Operation(info.command());
  }

  @Override
  public MetadataColumn[] metadataColumns() {
    return new MetadataColumn[] {new RowName()};
  }

  private static final class RowName implements MetadataColumn {
    @Override
    public String name() {
      return Cells.ROW;
    }

    @Override
    public DataType dataType() {
      return DataTypes.LongType;
    }

    @Override
    public boolean isNullable() {
      return false;
    }
  }

  private final class Operation implements SupportsDelta {
    private final RowLevelOperation.Command command;

    Operation(RowLevelOperation.Command command) {
      this.command = command;
    }

    @Override
    public RowLevelOperation.Command command() {
      return command;
    }

    @Override
    public NamedReference[] rowId() {
      return new NamedReference[] {FieldReference.column(Cells.ROW)};
    }

    @Override
    public ScanBuilder newScanBuilder(CaseInsensitiveStringMap options) {
      return MemoryTable.this.newScanBuilder(options);
    }

    @Override
    public DeltaWriteBuilder newWriteBuilder(LogicalWriteInfo info) {
      return new Change(stored, info.schema());
    }
  }
}

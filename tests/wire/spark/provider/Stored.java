package ontos.memory;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.catalog.Column;
import org.apache.spark.sql.types.StructType;

/** What a table holds. Its list of rows is never changed, only replaced: a scan keeps its own. */
final class Stored {
  final String name;
  private Column[] columns;
  private StructType schema;
  private Map<String, String> properties;
  private List<Cells> rows = List.of();
  private long next = 0;

  Stored(String name, Column[] columns, StructType schema, Map<String, String> properties) {
    this.name = name;
    this.columns = columns;
    this.schema = schema;
    this.properties = properties;
  }

  synchronized Stored copied() {
    Stored copy = new Stored(name, columns, schema, properties);
    copy.rows = rows;
    copy.next = next;
    return copy;
  }

  synchronized Column[] columns() {
    return columns;
  }

  synchronized StructType schema() {
    return schema;
  }

  synchronized Map<String, String> properties() {
    return properties;
  }

  synchronized InternalRow[] shown(StructType wanted) {
    int[] places = Cells.places(wanted, schema);
    return rows.stream().map(row -> row.shown(places)).toArray(InternalRow[]::new);
  }

  synchronized long size() {
    return rows.size();
  }

  /** Another shape; `origins` names the old place of each new column, or -1. */
  synchronized void reshape(
      Column[] wanted, StructType shape, int[] origins, Map<String, String> changed) {
    List<Cells> moved = new ArrayList<>(rows.size());
    for (Cells row : rows) {
      Object[] values = new Object[origins.length];
      for (int at = 0; at < origins.length; at++) {
        values[at] = origins[at] < 0 ? null : row.values()[origins[at]];
      }
      moved.add(new Cells(row.id(), values));
    }
    columns = wanted;
    schema = shape;
    properties = changed;
    rows = moved;
  }

  /** Add the rows of an Arrow stream; false, and none, where their columns are others. */
  synchronized boolean fill(InputStream stream) throws IOException {
    Brought brought = Brought.read(stream, schema);
    if (brought != null) {
      apply(false, List.of(brought));
    }
    return brought != null;
  }

  /** Apply what the tasks of one statement brought; the number of rows that changed. */
  synchronized long apply(boolean emptied, List<Brought> all) {
    long before = emptied ? rows.size() : 0;
    Map<Long, Object[]> updated = new HashMap<>();
    Set<Long> deleted = new java.util.HashSet<>();
    all.forEach(brought -> deleted.addAll(brought.deleted));
    all.forEach(brought -> updated.putAll(brought.updated));
    List<Cells> left = new ArrayList<>();
    for (Cells row : emptied ? List.<Cells>of() : rows) {
      if (!deleted.contains(row.id())) {
        Object[] values = updated.get(row.id());
        left.add(values == null ? row : new Cells(row.id(), values));
      }
    }
    long inserted = 0;
    for (Brought brought : all) {
      for (Object[] values : brought.inserted) {
        left.add(new Cells(next++, values));
        inserted++;
      }
    }
    rows = left;
    return Math.max(before, inserted + updated.size() + deleted.size());
  }
}

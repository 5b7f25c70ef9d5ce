package ontos.memory;

import java.io.Serializable;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.StructType;

/** A stored row: Catalyst's own values, detached from the buffers that brought them. */
record Cells(long id, Object[] values) implements Serializable {

  /** The metadata column that names a row within its table. */
  static final String ROW = "_row";

  static Object[] taken(InternalRow row, StructType schema) {
    Object[] values = new Object[schema.length()];
    for (int at = 0; at < values.length; at++) {
      if (!row.isNullAt(at)) {
        values[at] = InternalRow.copyValue(row.get(at, schema.apply(at).dataType()));
      }
    }
    return values;
  }

  /** The places of the wanted columns among those of the table; -1 is the row's own name. */
  static int[] places(StructType wanted, StructType table) {
    int[] places = new int[wanted.length()];
    for (int at = 0; at < places.length; at++) {
      String name = wanted.apply(at).name();
      places[at] = name.equals(ROW) ? -1 : table.fieldIndex(name);
    }
    return places;
  }

  InternalRow shown(int[] places) {
    Object[] shown = new Object[places.length];
    for (int at = 0; at < places.length; at++) {
      shown[at] = places[at] < 0 ? (Object) id : values[places[at]];
    }
    return new GenericInternalRow(shown);
  }
}

package ontos.memory;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.catalog.CatalogV2Util;
import org.apache.spark.sql.connector.catalog.Column;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.SupportsRead;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import org.apache.spark.unsafe.types.UTF8String;

/** `information_schema.schemata`, `.tables` and `.columns`, with the columns that Databricks has. */
final class InformationSchema implements SupportsRead {
  static final String NAME = "information_schema";
  private static final Map<String, String> SHAPES =
      Map.of(
          "schemata", "catalog_name STRING, schema_name STRING",
          "tables",
          "table_catalog STRING, table_schema STRING, table_name STRING, table_type STRING,"
              + " comment STRING",
          "columns",
          "table_catalog STRING, table_schema STRING, table_name STRING, column_name STRING,"
              + " ordinal_position INT, is_nullable STRING, full_data_type STRING,"
              + " data_type STRING, comment STRING");

  private final String catalog;
  private final String table;

  InformationSchema(String catalog, String table) {
    this.catalog = catalog;
    this.table = Tables.key(table);
  }

  static boolean holds(Identifier called) {
    return called.namespace().length == 1
        && NAME.equals(Tables.key(called.namespace()[0]))
        && SHAPES.containsKey(Tables.key(called.name()));
  }

  @Override
  public String name() {
    return NAME + "." + table;
  }

  @Override
  public Column[] columns() {
    return CatalogV2Util.structTypeToV2Columns(shape(), false);
  }

  private StructType shape() {
    return StructType.fromDDL(SHAPES.get(table));
  }

  @Override
  public Set<TableCapability> capabilities() {
    return EnumSet.of(TableCapability.BATCH_READ);
  }

  @Override
  public ScanBuilder newScanBuilder(CaseInsensitiveStringMap options) {
    return new Look(shape(), this::shown);
  }

  private InternalRow[] shown(StructType wanted) {
    int[] places = Cells.places(wanted, shape());
    return rows().stream().map(row -> new Cells(0, row).shown(places)).toArray(InternalRow[]::new);
  }

  private List<Object[]> rows() {
    List<Object[]> rows = new ArrayList<>();
    if (table.equals("schemata")) {
      Tables.SCHEMAS.keySet().forEach(schema -> rows.add(row(catalog, schema)));
      return rows;
    }
    boolean each = table.equals("tables");
    all((schema, stored) -> {
      if (each) {
        String comment = stored.properties().get("comment");
        rows.add(row(catalog, schema, stored.name, "MANAGED", comment));
      } else {
        rows.addAll(columns(schema, stored));
      }
    });
    return rows;
  }

  private static void all(BiConsumer<String, Stored> visit) {
    Tables.SCHEMAS.forEach(
        (schema, tables) -> List.copyOf(tables.values()).forEach(t -> visit.accept(schema, t)));
  }

  private List<Object[]> columns(String schema, Stored stored) {
    List<Object[]> rows = new ArrayList<>();
    for (Column column : stored.columns()) {
      String kind = column.dataType().catalogString();
      rows.add(row(
          catalog, schema, stored.name, column.name(), rows.size() + 1,
          column.nullable() ? "YES" : "NO", kind, kind.replaceAll("[<(].*", "").toUpperCase(),
          column.comment()));
    }
    return rows;
  }

  private static Object[] row(Object... values) {
    for (int at = 0; at < values.length; at++) {
      if (values[at] instanceof String text) {
        values[at] = UTF8String.fromString(text);
      }
    }
    return values;
  }
}

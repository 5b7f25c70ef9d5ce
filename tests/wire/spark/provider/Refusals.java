package ontos.memory;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.connector.catalog.Column;
import org.apache.spark.sql.connector.catalog.TableChange;
import org.apache.spark.sql.connector.expressions.NamedReference;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.types.DataType;

/** What Delta has against a table's shape, in its words; tables in memory would not mind. */
final class Refusals {
  private static final int MOST_KEYS = 4;
  private static final int INDEXED = 32;
  private static final String ODD = " ,;{}()\n\t=";
  private static final Set<String> CLUSTERABLE =
      Set.of("string", "date", "timestamp", "timestamp_ntz", "byte", "short", "integer", "long",
          "float", "double");

  private Refusals() {}

  static void created(Column[] columns, Transform[] parts, Map<String, String> properties) {
    for (Transform part : parts) {
      if (part.name().equals("cluster_by")) {
        clustered(columns, part.references());
      }
    }
    boolean mapped =
        List.of("name", "id").contains(properties.getOrDefault("delta.columnMapping.mode", ""));
    boolean defaults = properties.containsKey("delta.feature.allowColumnDefaults");
    for (Column column : columns) {
      if (!mapped && column.name().chars().anyMatch(each -> ODD.indexOf(each) >= 0)) {
        throw refused("DELTA_INVALID_CHARACTERS_IN_COLUMN_NAMES",
            "Found invalid character(s) in the column name " + column.name(), "42K05");
      }
      if (!defaults && column.defaultValue() != null) {
        throw refused("WRONG_COLUMN_DEFAULTS_FOR_DELTA_FEATURE_NOT_ENABLED",
            "A DEFAULT needs 'delta.feature.allowColumnDefaults': " + column.name(), "0AKDE");
      }
    }
  }

  static void altered(Column[] columns, TableChange[] changes) {
    for (TableChange change : changes) {
      if (change instanceof TableChange.ClusterBy by) {
        clustered(columns, by.clusteringColumns());
      } else if (change instanceof TableChange.AddColumn added) {
        added(added, String.join(".", added.fieldNames()));
      }
    }
  }

  private static void added(TableChange.AddColumn added, String called) {
    if (!added.isNullable()) {
      throw refused("DELTA_CANNOT_CHANGE_DATA_TYPE.ADD_NON_NULLABLE_COLUMN",
          "Adding non-nullable column " + called + " is not supported.", "429BQ");
    }
    if (added.defaultValue() != null) {
      throw refused("WRONG_COLUMN_DEFAULTS_FOR_DELTA_ALTER_TABLE_ADD_COLUMN_NOT_SUPPORTED",
          "An added column has no DEFAULT: " + called, "0AKDC");
    }
  }

  private static void clustered(Column[] columns, NamedReference[] keys) {
    if (keys.length > MOST_KEYS) {
      throw refused("DELTA_CLUSTER_BY_INVALID_NUM_COLUMNS",
          "CLUSTER BY supports up to " + MOST_KEYS + " columns.", "54000");
    }
    List<String> names =
        Arrays.stream(columns).map(column -> Tables.key(column.name())).toList();
    for (NamedReference key : keys) {
      int at = names.indexOf(Tables.key(key.fieldNames()[0]));
      if (at < 0) {
        throw refused("DELTA_COLUMN_NOT_FOUND_IN_SCHEMA", "Couldn't find " + key, "42703");
      }
      if (!clusterable(columns[at].dataType())) {
        throw refused("DELTA_CLUSTERING_COLUMNS_DATATYPE_NOT_SUPPORTED",
            "CLUSTER BY is not supported for " + key + " : " + columns[at].dataType().sql(), "0A000");
      }
      if (at >= INDEXED) {
        throw refused("DELTA_CLUSTERING_COLUMN_MISSING_STATS",
            "No statistics are collected of " + key, "22000");
      }
    }
  }

  private static boolean clusterable(DataType kind) {
    return CLUSTERABLE.contains(kind.typeName()) || kind.typeName().startsWith("decimal");
  }

  private static RuntimeException refused(String condition, String words, String state) {
    return new UnsupportedOperationException(
        "[" + condition + "] " + words + " SQLSTATE: " + state);
  }
}

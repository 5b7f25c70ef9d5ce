package ontos.memory;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.catalyst.analysis.NamespaceAlreadyExistsException;
import org.apache.spark.sql.catalyst.analysis.NoSuchFunctionException;
import org.apache.spark.sql.catalyst.analysis.NoSuchNamespaceException;
import org.apache.spark.sql.catalyst.analysis.NoSuchTableException;
import org.apache.spark.sql.catalyst.analysis.NonEmptyNamespaceException;
import org.apache.spark.sql.catalyst.analysis.TableAlreadyExistsException;
import org.apache.spark.sql.connector.catalog.CatalogV2Util;
import org.apache.spark.sql.connector.catalog.Column;
import org.apache.spark.sql.connector.catalog.FunctionCatalog;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.NamespaceChange;
import org.apache.spark.sql.connector.catalog.SupportsNamespaces;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCatalog;
import org.apache.spark.sql.connector.catalog.TableCatalogCapability;
import org.apache.spark.sql.connector.catalog.TableChange;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import scala.Option;
import scala.jdk.javaapi.CollectionConverters;

/** Schemas of tables in memory, and `information_schema` over them. */
public final class Catalog implements TableCatalog, SupportsNamespaces, FunctionCatalog {
  private String name = "";

  @Override
  public void initialize(String called, CaseInsensitiveStringMap options) {
    name = called;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String[] defaultNamespace() {
    return new String[] {"default"};
  }

  @Override
  public Set<TableCatalogCapability> capabilities() {
    return Set.of(TableCatalogCapability.SUPPORT_COLUMN_DEFAULT_VALUE);
  }

  @Override
  public Identifier[] listTables(String[] namespace) throws NoSuchNamespaceException {
    return schema(namespace).values().stream()
        .map(table -> Identifier.of(namespace, table.name))
        .toArray(Identifier[]::new);
  }

  @Override
  public Table loadTable(Identifier called) throws NoSuchTableException {
    if (InformationSchema.holds(called)) {
      return new InformationSchema(name, called.name());
    }
    return new MemoryTable(stored(called));
  }

  @Override
  public Table createTable(
      Identifier called, Column[] columns, Transform[] parts, Map<String, String> properties)
      throws TableAlreadyExistsException, NoSuchNamespaceException {
    Refusals.created(columns, parts, properties);
    StructType shape = CatalogV2Util.v2ColumnsToStructType(columns);
    Stored fresh = new Stored(called.name(), columns, shape, Map.copyOf(properties));
    if (schema(called.namespace()).putIfAbsent(Tables.key(called.name()), fresh) != null) {
      throw new TableAlreadyExistsException(called);
    }
    return new MemoryTable(fresh);
  }

  @Override
  public Table alterTable(Identifier called, TableChange... changes) throws NoSuchTableException {
    Stored stored = stored(called);
    Refusals.altered(stored.columns(), changes);
    StructType before = stored.schema();
    StructType after =
        CatalogV2Util.applySchemaChanges(
            before, CollectionConverters.asScala(List.of(changes)).toSeq(), Option.apply("delta"), "ALTER");
    int[] origins = new int[after.length()];
    Map<String, String> old = renamed(changes);
    for (int at = 0; at < origins.length; at++) {
      String field = after.apply(at).name();
      String origin = old.getOrDefault(field, field);
      origins[at] = Arrays.asList(before.fieldNames()).indexOf(origin);
    }
    Column[] columns = CatalogV2Util.structTypeToV2Columns(after, false);
    stored.reshape(columns, after, origins, changed(stored.properties(), changes));
    return new MemoryTable(stored);
  }

  private static Map<String, String> renamed(TableChange[] changes) {
    Map<String, String> old = new HashMap<>();
    for (TableChange change : changes) {
      if (change instanceof TableChange.RenameColumn renaming) {
        old.put(renaming.newName(), renaming.fieldNames()[0]);
      }
    }
    return old;
  }

  private static Map<String, String> changed(Map<String, String> before, TableChange[] changes) {
    Map<String, String> after = new HashMap<>(before);
    for (TableChange change : changes) {
      if (change instanceof TableChange.SetProperty set) {
        after.put(set.property(), set.value());
      } else if (change instanceof TableChange.RemoveProperty gone) {
        after.remove(gone.property());
      }
    }
    return Map.copyOf(after);
  }

  @Override
  public boolean dropTable(Identifier called) {
    Map<String, Stored> tables = Tables.SCHEMAS.get(Tables.key(called.namespace()[0]));
    return tables != null && tables.remove(Tables.key(called.name())) != null;
  }

  @Override
  public void renameTable(Identifier old, Identifier fresh) throws NoSuchTableException {
    Stored stored = stored(old);
    dropTable(old);
    Stored moved =
        new Stored(fresh.name(), stored.columns(), stored.schema(), stored.properties());
    moved.apply(false, List.of(all(stored)));
    Tables.SCHEMAS.get(Tables.key(fresh.namespace()[0])).put(Tables.key(fresh.name()), moved);
  }

  private static Brought all(Stored stored) {
    Brought all = new Brought();
    for (var row : stored.shown(stored.schema())) {
      all.inserted.add(Cells.taken(row, stored.schema()));
    }
    return all;
  }

  @Override
  public String[][] listNamespaces() {
    return Tables.SCHEMAS.keySet().stream().sorted().map(each -> new String[] {each})
        .toArray(String[][]::new);
  }

  @Override
  public String[][] listNamespaces(String[] namespace) {
    return namespace.length == 0 ? listNamespaces() : new String[0][];
  }

  @Override
  public boolean namespaceExists(String[] namespace) {
    return namespace.length == 1
        && (InformationSchema.NAME.equals(namespace[0])
            || Tables.SCHEMAS.containsKey(Tables.key(namespace[0])));
  }

  @Override
  public Map<String, String> loadNamespaceMetadata(String[] namespace)
      throws NoSuchNamespaceException {
    if (!namespaceExists(namespace)) {
      throw new NoSuchNamespaceException(namespace);
    }
    return Map.of();
  }

  @Override
  public Identifier[] listFunctions(String[] namespace) {
    return new Identifier[0];
  }

  /** None is kept here; asked for one, Spark says that it knows no such function. */
  @Override
  public UnboundFunction loadFunction(Identifier called) throws NoSuchFunctionException {
    throw new NoSuchFunctionException(called);
  }

  @Override
  public void createNamespace(String[] namespace, Map<String, String> metadata)
      throws NamespaceAlreadyExistsException {
    if (Tables.SCHEMAS.putIfAbsent(Tables.key(namespace[0]), Tables.fresh()) != null) {
      throw new NamespaceAlreadyExistsException(namespace);
    }
  }

  @Override
  public void alterNamespace(String[] namespace, NamespaceChange... changes) {}

  @Override
  public boolean dropNamespace(String[] namespace, boolean cascade)
      throws NoSuchNamespaceException, NonEmptyNamespaceException {
    if (!cascade && !schema(namespace).isEmpty()) {
      throw new NonEmptyNamespaceException(namespace);
    }
    return Tables.SCHEMAS.remove(Tables.key(namespace[0])) != null;
  }

  private static Map<String, Stored> schema(String[] namespace) throws NoSuchNamespaceException {
    Map<String, Stored> tables =
        namespace.length == 1 ? Tables.SCHEMAS.get(Tables.key(namespace[0])) : null;
    if (tables == null) {
      throw new NoSuchNamespaceException(namespace);
    }
    return tables;
  }

  private static Stored stored(Identifier called) throws NoSuchTableException {
    Map<String, Stored> tables =
        called.namespace().length == 1
            ? Tables.SCHEMAS.get(Tables.key(called.namespace()[0]))
            : null;
    Stored found = tables == null ? null : tables.get(Tables.key(called.name()));
    if (found == null) {
      throw new NoSuchTableException(called);
    }
    return found;
  }
}

package ontos.memory;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;

/** All tables of this process, by schema and name. Every catalog shows the same ones. */
public final class Tables {
  static final ConcurrentMap<String, Map<String, Stored>> SCHEMAS = new ConcurrentHashMap<>();
  private static final ConcurrentMap<String, Stored> SHELF = new ConcurrentHashMap<>();
  private static final ConcurrentMap<Long, Brought> UNDER_WAY = new ConcurrentHashMap<>();
  private static final AtomicLong NUMBER = new AtomicLong();
  private static final ThreadLocal<Long> CHANGED = ThreadLocal.withInitial(() -> 0L);

  private Tables() {}

  /** The rows that the last statements of this thread changed, since it was asked last. */
  public static long changed() {
    long changed = CHANGED.get();
    CHANGED.set(0L);
    return changed;
  }

  static void count(long rows) {
    CHANGED.set(CHANGED.get() + rows);
  }

  /** Forget every schema: what they held is free. */
  public static void clear() {
    SCHEMAS.clear();
    SHELF.clear();
    UNDER_WAY.clear();
  }

  /** How many rows are held, in all tables. */
  public static long held() {
    return SCHEMAS.values().stream()
        .flatMap(tables -> tables.values().stream())
        .mapToLong(Stored::size)
        .sum();
  }

  /** Keep a table as it is now, under a name of its own. */
  public static void shelve(String schema, String name, String label) {
    SHELF.put(label, SCHEMAS.get(key(schema)).get(key(name)).copied());
  }

  /** Put a table back as it was shelved; false where nothing is. */
  public static boolean restore(String schema, String name, String label) {
    Stored kept = SHELF.get(label);
    if (kept != null) {
      SCHEMAS.get(key(schema)).put(key(name), kept.copied());
    }
    return kept != null;
  }

  /** Add rows that come as an Arrow stream; false, and none, where their columns are others. */
  public static boolean fill(String schema, String name, byte[] stream) throws IOException {
    return SCHEMAS.get(key(schema)).get(key(name)).fill(new ByteArrayInputStream(stream));
  }

  static String key(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  static Map<String, Stored> fresh() {
    return java.util.Collections.synchronizedMap(new LinkedHashMap<>());
  }

  static Brought.Receipt keep(Brought brought) {
    long number = NUMBER.incrementAndGet();
    UNDER_WAY.put(number, brought);
    return new Brought.Receipt(number);
  }

  static Brought take(Brought.Receipt receipt) {
    return UNDER_WAY.remove(receipt.number());
  }
}

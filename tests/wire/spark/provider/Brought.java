package ontos.memory;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.connector.write.WriterCommitMessage;

/** What one task wants changed; it stays in this process, and its number alone travels. */
final class Brought {
  final List<Object[]> inserted = new ArrayList<>();
  final Map<Long, Object[]> updated = new HashMap<>();
  final List<Long> deleted = new ArrayList<>();

  record Receipt(long number) implements WriterCommitMessage, Serializable {}
}

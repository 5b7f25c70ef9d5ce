"""What Prometheus sees of the links to the warehouse."""

from prometheus_client import Counter, Gauge, Histogram

RETRIES = Counter(
    "ontos_warehouse_retries", "Statements sent again, by what became of the try.", ["reason"]
)
UNDECIDED = Counter(
    "ontos_warehouse_undecided", "Writes of which nobody knows whether they were done."
)
CONNECTIONS = Gauge("ontos_warehouse_connections", "Open sessions of the SQL warehouse.")
POOL_WAIT = Histogram(
    "ontos_warehouse_pool_wait_seconds",
    "Time that a statement waits for a free connection.",
    buckets=(0.001, 0.01, 0.05, 0.25, 1, 5, 30),
)

"""What Prometheus sees of operations and warehouse statements."""

from prometheus_client import Counter, Histogram

OPERATIONS = Counter("ontos_operations", "Operations by outcome.", ["operation", "outcome"])
OPERATION_SECONDS = Histogram(
    "ontos_operation_seconds",
    "Time in an operation.",
    ["operation"],
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60),
)
STATEMENTS = Counter("ontos_statements", "Warehouse statements.", ["engine", "outcome"])
STATEMENT_SECONDS = Histogram(
    "ontos_statement_seconds",
    "Time in a warehouse statement.",
    ["engine"],
    buckets=(0.001, 0.005, 0.02, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60),
)
JOBS = Counter("ontos_jobs", "Background jobs by kind and outcome.", ["kind", "outcome"])


def observe_statement(engine: str, seconds: float, outcome: str) -> None:
    STATEMENTS.labels(engine, outcome).inc()
    STATEMENT_SECONDS.labels(engine).observe(seconds)

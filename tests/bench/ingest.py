"""Ingesting metrics in batches over REST."""

import json
import time
import urllib.request

from tests.bench.figures import bench
from tests.bench.served import served

BATCH, BATCHES = 10_000, 10


def main() -> None:
    with served(endpoint="bench") as url:
        body = json.dumps({
            "metrics": [
                {"endpoint_name": "bench", "latency_ms": 1.0 + n % 90, "status_code": 200}
                for n in range(BATCH)
            ]
        }).encode()  # fmt: skip
        began = time.perf_counter()
        for _ in range(BATCHES):
            request = urllib.request.Request(
                f"{url}/api/v1/monitoring/metrics/ingest/batch",
                body,
                {"Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request) as answer:
                assert json.load(answer)["ingested"] == BATCH
        bench(
            "ingest_rest",
            BATCH * BATCHES / (time.perf_counter() - began),
            "rows/s",
            "more is better",
        )


if __name__ == "__main__":
    main()

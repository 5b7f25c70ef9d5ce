"""Run every measurement, each in a process of its own so that peaks of memory are its own.

python -m tests.bench [name …]
"""

import subprocess
import sys

MEASURES = ("assemble", "label", "pages", "roundtrips", "statement", "ingest", "start")


def main(names: list[str]) -> int:
    failed = 0
    for name in names or MEASURES:
        failed += subprocess.run(
            [sys.executable, "-m", f"tests.bench.{name}"], check=False
        ).returncode
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

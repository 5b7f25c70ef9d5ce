"""The closed loop over REST against a fresh start, as the acceptance script drives it.

python -m tests.acceptance
"""

import subprocess
import sys
from pathlib import Path

from tests.bench.served import served

SHARED = Path(__file__).parents[2] / "shared"
LOOP = SHARED / "acceptance" / "loop.py"
DATA = SHARED / "data" / "clinc150.csv"


def main() -> int:
    if not LOOP.exists():
        print(f"acceptance skipped: {LOOP} is not there")
        return 0
    with served() as url:
        command = [sys.executable, str(LOOP), "--csv", str(DATA), "--text", "text"]
        return subprocess.run([*command, "--label", "intent", "--url", url], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

"""A training whose version stands when it is told to stop: `python -m tests.train.late FOLDER`."""

import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

from ontos.train.run import write

RESULT = {
    "status": "succeeded", "run_id": "r1", "model_name": "kinds", "model_version": "4",
    "metrics": {"val_accuracy": 1.0}, "trainer": "classifier", "head": "logistic",
}  # fmt: skip


def main(folder: Path) -> None:
    def stop(number: int, frame: Any) -> None:
        write(folder / "result.json", json.dumps(RESULT))
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    write(folder / "ready", "")
    time.sleep(60)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""The training script, which does not fit before it may: `python -m tests.train.held FOLDER`."""

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from ontos.train import run
from ontos.train.trainers import trainer_for

SECONDS = 120
"""After so many it goes on in any case."""


def main(folder: Path) -> int:
    """As told, once there is a file `go` in the folder of the run."""

    def waiting(*asked: Any) -> Any:
        trainer = trainer_for(*asked)

        def fit(*given: Any) -> Any:
            end = time.monotonic() + SECONDS
            while not (folder / "go").exists() and time.monotonic() < end:
                time.sleep(0.02)
            return trainer.fit(*given)

        return replace(trainer, fit=fit)

    run.trainer_for = waiting
    return run.main([str(folder)])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

"""The process from outside: it answers before its store is open, and ends where it cannot be."""

import os
import subprocess
from pathlib import Path

from ontos.bootstrap import open_workbench
from ontos.kernel.settings import Settings
from tests.bench.served import ROOT, free_port, uvicorn


def test_a_store_in_use_ends_the_process_with_one_sentence(tmp_path: Path) -> None:
    holder = open_workbench(Settings(home=tmp_path, log_level="ERROR"))
    try:
        ended = subprocess.run(
            uvicorn("app:app", free_port()), cwd=ROOT,
            env=os.environ | {"ONTOS_HOME": str(tmp_path)},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    finally:
        holder.close()
    assert ended.returncode != 0
    assert "in use by another process" in ended.stderr
    assert "Traceback" not in ended.stderr

"""The closed loop over REST against an app whose models, runs and endpoints are this workspace's.

python -m tests.wire.workspace.loop

SQL stays with the embedded engine, so the app runs in this process: its store is what the
workspace's catalog tells of.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.acceptance import DATA, LOOP
from tests.serving import free_port
from tests.wire.workspace.joined import tables_of
from tests.wire.workspace.server import Workspace, serve


@contextmanager
def app_over(workspace: Workspace) -> Iterator[str]:
    """The app's address. Settings are read once a process, so this can be done once."""
    import uvicorn

    home = str(workspace.root / "home")
    os.environ.update(workspace.env() | {"ONTOS_HOME": home, "ONTOS_WORKSPACE": "databricks"})
    from app import app
    from ontos.doors import process

    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the app did not start"
        time.sleep(0.1)
    workspace.catalog.engine = tables_of(process.workbench().engine)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(30)


def main() -> int:
    with tempfile.TemporaryDirectory() as root, serve(Path(root)) as workspace:
        workspace.catalog.add_schema("workbench.data_default")
        with app_over(workspace) as url:
            command = [sys.executable, str(LOOP), "--csv", str(DATA), "--text", "text"]
            done = subprocess.run([*command, "--label", "intent", "--url", url], check=False)
        print(f"{len(workspace.faults.calls)} calls, unforeseen: {workspace.unforeseen or 'none'}")
        return done.returncode or bool(workspace.unforeseen)


if __name__ == "__main__":
    sys.exit(main())

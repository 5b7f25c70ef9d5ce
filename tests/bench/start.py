"""From starting the server to the first answered page, beside a bare Streamlit script."""

import statistics
import tempfile
from pathlib import Path

from tests.bench.figures import bench
from tests.bench.served import free_port, running, uvicorn

BARE = 'import streamlit as st\n\napp = st.App("page.py")\n'
PAGE = 'import streamlit as st\n\nst.title("Bare")\n'
RUNS = 5


def product(home: str) -> float:
    port = free_port()
    with running(uvicorn("app:app", port), f"http://127.0.0.1:{port}/", ONTOS_HOME=home) as took:
        return took


def bare(folder: Path) -> float:
    port = free_port()
    with running(uvicorn("bare:app", port), f"http://127.0.0.1:{port}/", cwd=folder) as took:
        return took


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ontos-bench-") as scratch:
        folder = Path(scratch)
        (folder / "bare.py").write_text(BARE)
        (folder / "page.py").write_text(PAGE)
        home = str(folder / "home")
        product(home), bare(folder)  # the store is made, and files are in memory
        ours = statistics.median(product(home) for _ in range(RUNS))
        peer = statistics.median(bare(folder) for _ in range(RUNS))
    bench("start", ours, "s", "2x bare")
    bench("start_bare_streamlit", peer, "s", "peer")
    bench("start_ratio", ours / peer, "x", "<= 2")


if __name__ == "__main__":
    main()

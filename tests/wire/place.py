"""The whole workbench over the wire, for tests that know nothing of it.

`ONTOS_TEST_ENGINE=wire` makes every workbench of this test process a client of one local server
through the real connector. Each test has a SQL warehouse of its own, made when first asked.
"""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.wire.duck import DuckEngine

CHOSEN = os.environ.get("ONTOS_TEST_ENGINE", "embedded")
WIRED = CHOSEN == "wire"
PREFIX = "/sql/1.0/warehouses/"
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
NAMED_AFTER = 0.5
"""Seconds after which a statement that goes on has a name, by which it can be stopped; Databricks
takes five. One that would go on for ever takes a core until then."""


class Stores:
    """Copies of a store that a workbench has prepared: a quarter of what preparing one costs."""

    def __init__(self) -> None:
        parent = MEMORY if MEMORY.is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="ontos-wire-", dir=parent))

    def make(self, name: str) -> "DuckEngine":
        from tests.wire.duck import DuckEngine

        place = self.folder / f"{name.rpartition('/')[2]}.duckdb"
        shutil.copy(self._prepared, place)
        return DuckEngine(place)

    def forget(self, path: str) -> None:
        (self.folder / f"{path.rpartition('/')[2]}.duckdb").unlink(missing_ok=True)

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    @cached_property
    def _prepared(self) -> Path:
        from ontos.bootstrap import open_workbench
        from ontos.kernel.settings import Settings

        home = self.folder / "template"
        open_workbench(Settings(home=home, warehouse="embedded", log_level="ERROR")).close()
        return home / "workbench.duckdb"


def without_certificates(folder: Path) -> dict[str, str]:
    """Environment for a process that speaks plain HTTP: reading the system's certificates is most
    of what opening a session costs. One is left, since a client of ours refuses to have none."""
    import certifi

    end = "-----END CERTIFICATE-----\n"
    first, *_ = Path(certifi.where()).read_text().partition(end)
    one = folder / "one-certificate.pem"
    one.write_text(first + end)
    return {"SSL_CERT_FILE": str(one), "SSL_CERT_DIR": str(folder / "no-certificates")}


class Place:
    """One server for a test process; the SDK's own variables name it."""

    def __init__(self) -> None:
        from tests.wire.server import TOKEN, Server

        self._stores = Stores()
        self.server: Server = Server(self._stores.make, NAMED_AFTER)
        os.environ |= {
            "DATABRICKS_HOST": self.server.host, "DATABRICKS_TOKEN": TOKEN,
            "ONTOS_WAREHOUSE": "databricks", "ONTOS_HTTP_PATH": f"{PREFIX}session",
            **without_certificates(self._stores.folder),
        }  # fmt: skip

    @contextmanager
    def fresh(self) -> Iterator[None]:
        """Inside, settings that are read name a warehouse that nobody has used."""
        before = os.environ["ONTOS_HTTP_PATH"]
        path = f"{PREFIX}{uuid.uuid4().hex[:12]}"
        os.environ["ONTOS_HTTP_PATH"] = path
        try:
            yield
        finally:
            os.environ["ONTOS_HTTP_PATH"] = before
            if path in self.server.warehouses:
                self.server.remove(self.server.warehouses[path])
                self._stores.forget(path)

    def close(self) -> None:
        self.server.close()
        self._stores.close()

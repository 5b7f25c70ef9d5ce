"""The server: one thread a connection, one family of calls a module, faults on order."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.wire.workspace.catalog import Catalog
from tests.wire.workspace.faults import Cut, Faults
from tests.wire.workspace.files import Files
from tests.wire.workspace.http import (
    Raw,
    Refusal,
    Request,
    Router,
    Routes,
    encoded,
    read_target,
    refused,
)
from tests.wire.workspace.jobs import Jobs
from tests.wire.workspace.lineage import Lineage
from tests.wire.workspace.models import Models
from tests.wire.workspace.people import WORKSPACE_ID, People
from tests.wire.workspace.secrets import Secrets
from tests.wire.workspace.serving import Serving
from tests.wire.workspace.tracking import Tracking
from tests.wire.workspace.uploads import Uploads
from tests.wire.workspace.warehouses import Warehouses


@dataclass
class Workspace:
    """Everything behind one address; each part is a knob for tests.

    `unforeseen` holds what the server itself failed on or did not know: a test asserts it empty.
    """

    root: Path
    url: str = ""
    people: People = field(default_factory=People)
    faults: Faults = field(default_factory=Faults)
    unforeseen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.catalog, self.secrets, self.lineage = Catalog(), Secrets(), Lineage()
        self.files = Files(self.root, self.catalog)
        self.uploads = Uploads(self.files)
        self.models, self.tracking = Models(self.catalog, self.files), Tracking()
        self.serving = Serving(self.models)
        self.jobs = Jobs(self.files, self.people, self.tracking)
        self.warehouses = Warehouses()
        self._router = Router()
        for family in (
            self.people, self.catalog, self.files, self.uploads, self.models, self.tracking,
            self.serving, self.jobs, self.secrets, self.lineage,
            self.warehouses,
        ):  # fmt: skip
            self._router.add(family.routes())

    def add(self, routes: Routes) -> None:
        """Serve one more family of calls at this address."""
        self._router.add(routes)

    def env(self) -> dict[str, str]:
        """Environment variables with which the app finds this workspace as its service principal.

        The variables of other ways to sign in are emptied, so that what they held does not count.
        """
        known, secret = self.people.client
        return {
            "DATABRICKS_HOST": self.url, "DATABRICKS_CLIENT_ID": known,
            "DATABRICKS_CLIENT_SECRET": secret, "DATABRICKS_TOKEN": "",
            "DATABRICKS_CONFIG_FILE": str(self.root / "no-config"),
        }  # fmt: skip

    def answer(self, request: Request) -> Raw:
        try:
            self.faults.meet(request)
            request.person = self.people.of(request)
            return encoded(self._router.find(request)(request))
        except Refusal as error:
            if error.code == "ENDPOINT_NOT_FOUND":
                self.unforeseen.append(error.message)
            return refused(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one piece
    server: "_Server"

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True  # whoever asked has gone

    def _answer(self) -> None:
        path, query = read_target(self.path)
        request = Request(
            self.command, path, query, {k.lower(): v for k, v in self.headers.items()},
            self._content(), self.server.workspace.url,
        )  # fmt: skip
        try:
            self._send(self.server.workspace.answer(request))
        except Cut:
            self.close_connection = True
            self.connection.close()
        except Exception as error:
            self.server.workspace.unforeseen.append(f"{request.path}: {error!r}")
            self._send(refused(Refusal(500, "INTERNAL_ERROR", repr(error))))

    def _content(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") == "chunked":
            return b"".join(self._chunks())
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _send(self, answer: Raw) -> None:
        """Each link serves one call: clients that are simply dropped leave no socket open."""
        headers = {"Content-Length": str(len(answer.content)), "Connection": "close"}
        headers |= answer.headers
        self.send_response(answer.status)
        for name, value in {**headers, "X-Databricks-Org-Id": WORKSPACE_ID}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.content)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _answer

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: tests ask `faults.calls` instead."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    workspace: Workspace

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A link that broke is what faults are for; all else was noted already."""


@contextmanager
def serve(root: Path, port: int = 0) -> Iterator[Workspace]:
    """A workspace on 127.0.0.1 whose files lie below `root`; its runs end with it."""
    server = _Server(("127.0.0.1", port), _Handler)
    workspace = server.workspace = Workspace(root)
    workspace.url = workspace.jobs.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield workspace
    finally:
        workspace.jobs.close()
        server.shutdown()
        server.server_close()
        thread.join(5)

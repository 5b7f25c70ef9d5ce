"""A SQL warehouse on this machine: the connector's Thrift protocol over HTTP.

Each warehouse has its own path, engine and faults, so that one server serves every test of a
process. It also stands for the part of a workspace that a client asks for before it connects.
"""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.transport.TTransport import TMemoryBuffer

from tests.wire.engine import Engine
from tests.wire.faults import Faults, Refusal
from tests.wire.place import PREFIX
from tests.wire.service import DIRECT_SECONDS, Service

TOKEN = "dapi-of-the-tests"  # noqa: S105
Reply = tuple[int, dict[str, str], bytes]


class Warehouse:
    """One SQL warehouse: what is executed, what goes wrong, and which tokens are good."""

    def __init__(self, path: str, engine: Engine) -> None:
        self.path, self.engine = path, engine
        self.faults = Faults()
        self.service = Service(engine, self.faults)
        self.tokens: set[str] = {TOKEN}

    def reply(self, token: str, body: bytes) -> Reply | None:
        """The answer to one request; None is a link that is cut, it may be after a silence."""
        if token in self.faults.expired:
            return _refused(Refusal(403, reason="Invalid access token."))
        if token not in self.tokens:
            return _refused(Refusal(401, reason="Credential was not sent or was of a wrong type."))
        self.service.asking.token = token
        met = self.faults.met(_rpc(body))
        if isinstance(met, Refusal):
            return _refused(met)
        answer = b"" if met and met.endswith("before") else self._processed(body)
        if met:
            self.faults.lose(met)
            return None
        return 200, {"Content-Type": "application/x-thrift"}, answer

    def _processed(self, body: bytes) -> bytes:
        out = TMemoryBuffer()
        self.service.processor.process(_protocol(TMemoryBuffer(body)), _protocol(out))
        return bytes(out.getvalue())


class Server:
    """Listens on loopback from construction to `close`."""

    def __init__(
        self, make: Callable[[str], Engine] | None = None, direct_seconds: float = DIRECT_SECONDS
    ) -> None:
        """`make` gives the engine of a warehouse that is asked for and was not added."""
        self.warehouses: dict[str, Warehouse] = {}
        self._make, self._one, self._direct_seconds = make, threading.Lock(), direct_seconds
        self.tokens_issued = 0
        self._http = _Http(("127.0.0.1", 0), _Handler)
        self._http.server = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def host(self) -> str:
        """The URL of what stands for the workspace."""
        return f"http://127.0.0.1:{self._http.server_port}"

    def add(self, name: str, engine: Engine) -> Warehouse:
        """Serve an engine under /sql/1.0/warehouses/NAME."""
        made = Warehouse(PREFIX + name, engine)
        made.service.direct_seconds = self._direct_seconds
        self.warehouses[made.path] = made
        return made

    def remove(self, warehouse: Warehouse) -> None:
        self.warehouses.pop(warehouse.path, None)
        warehouse.engine.close()

    def at(self, path: str) -> Warehouse | None:
        with self._one:
            if path not in self.warehouses and self._make and path.startswith(PREFIX):
                self.add(path.removeprefix(PREFIX), self._make(path))
            return self.warehouses.get(path)

    def issued(self) -> dict[str, Any]:
        """A fresh token of a service principal, good at every warehouse."""
        self.tokens_issued += 1
        token = f"issued-{self.tokens_issued}"
        for warehouse in self.warehouses.values():
            warehouse.tokens.add(token)
        return {"access_token": token, "token_type": "Bearer", "expires_in": 3600}

    def close(self) -> None:
        for warehouse in tuple(self.warehouses.values()):
            self.remove(warehouse)
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    server: Server

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Http

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self.path.partition("?")[0]
        if path == "/oidc/v1/token":
            return self._tell(self.server.server.issued())
        warehouse = self.server.server.at(path)
        if warehouse is None:
            words = "The SQL warehouse was not found."
            return self._send(404, {"x-databricks-error-or-redirect-message": words}, b"")
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        reply = warehouse.reply(token, body)
        return self._send(*reply, warehouse.faults.pace) if reply else self._cut()

    def do_GET(self) -> None:
        place = f"{self.server.server.host}/oidc"
        if self.path.startswith("/.well-known/databricks-config"):
            return self._tell({"oidc_endpoint": place})
        if self.path.startswith("/oidc/.well-known/oauth-authorization-server"):
            ends = {"authorization_endpoint": "authorize", "token_endpoint": "token"}
            return self._tell({name: f"{place}/v1/{end}" for name, end in ends.items()})
        return self._send(404, {}, b"")

    def _tell(self, document: dict[str, Any]) -> None:
        self._send(200, {"Content-Type": "application/json"}, json.dumps(document).encode())

    def _send(self, status: int, headers: dict[str, str], body: bytes, pace: float = 0.0) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        piece = len(body) // 10 + 1 if pace else len(body) + 1
        for begin in range(0, len(body), piece):
            time.sleep(pace)
            self.wfile.write(body[begin : begin + piece])
            self.wfile.flush()

    def _cut(self) -> None:
        """Close the link at once, without a word."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, *_: Any) -> None:
        """Nothing is written."""


def _refused(refusal: Refusal) -> Reply:
    headers = {"x-databricks-reason-phrase": refusal.reason}
    if refusal.after is not None:
        headers["Retry-After"] = str(refusal.after)
    return refusal.status, headers, b""


def _rpc(body: bytes) -> str:
    """The name of the call, which stands at the beginning of a strict binary message."""
    (length,) = struct.unpack_from("!i", body, 4)
    return body[8 : 8 + length].decode()


def _protocol(transport: TMemoryBuffer) -> TBinaryProtocol:
    """Without the limit of 16 MB that thrift has for peers that it does not know."""
    return TBinaryProtocol(transport, string_length_limit=None, container_length_limit=None)

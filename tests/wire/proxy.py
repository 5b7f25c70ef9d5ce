"""What stands before an app in a workspace: it says who is asking, whatever the request said."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

NOT_PASSED = frozenset({"connection", "content-length", "date", "host", "server",
                        "transfer-encoding", "content-encoding"})  # fmt: skip
"""Of one link only, or said anew by whoever passes it on."""
ANSWER_SECONDS = 120.0


@contextmanager
def proxied(url: str, user: str, token: str) -> Iterator[str]:
    """The address at which every request to `url` is this person's, with their token."""
    headers = {"X-Forwarded-Email": user, "X-Forwarded-Access-Token": token}
    with httpx.Client(base_url=url, timeout=ANSWER_SECONDS, trust_env=False) as client:
        server = _Server(client, headers)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, client: httpx.Client, said: Mapping[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.client, self.said = client, said


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def _pass_on(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = passed(dict(self.headers)) | dict(self.server.said)
        answer = self.server.client.request(
            self.command, self.path, headers=headers, content=content or None
        )
        self.send_response(answer.status_code)
        told = {"Content-Length": str(len(answer.content)), "Connection": "close"}
        for name, value in {**passed(answer.headers), **told}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on

    def log_message(self, *_: Any) -> None:
        """Nothing is written."""


def passed(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in NOT_PASSED}

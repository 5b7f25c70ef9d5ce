"""The operations of a running app, asked over its REST API."""

import codecs
import json
from collections.abc import Iterator, Mapping
from http.client import HTTPException, HTTPResponse
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

from ontos.doors.address import address, body, placed
from ontos.kernel.errors import Invalid, OntosError, Unavailable
from ontos.kernel.operation import Operation
from ontos.kernel.transfer import Download, Upload

SECONDS = 120
_CHUNK = 64 * 1024


class Told(OntosError):
    """What the app answered: its own problem document, passed on as it is."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        super().__init__(str(document.get("detail", "")), field=document.get("field"))
        self._document = dict(document)

    def problem(self, correlation: str | None = None) -> dict[str, Any]:
        return self._document


class Remote:
    """The app at `url`; without a token it takes the caller for the local user, if at all."""

    def __init__(
        self, url: str, token: str | None = None, org: str | None = None,
        project: str | None = None,
    ) -> None:  # fmt: skip
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Invalid(f"url: {url!r} is not an http:// or https:// address.", field="url")
        self.url, self._opener = url.rstrip("/"), _opener(parts.hostname)
        marks = {"X-Ontos-Token": token, "X-Ontos-Org": org, "X-Ontos-Project": project}
        self._headers = {name: value for name, value in marks.items() if value}

    def perform(self, op: Operation, arguments: Mapping[str, Any]) -> Any:
        """JSON values, or a Download whose chunks arrive as they are read."""
        url = self.url + address(op, arguments)
        request = Request(url, method=op.method, headers=self._headers)  # noqa: S310 - http only
        if files := placed(op, "file"):
            upload: Upload = arguments[files[0].name]
            with upload.path.open("rb") as file:
                return self._send(op, _carrying(request, upload, file))
        content = body(op, arguments)
        if content is not None:
            request.data = json.dumps(content).encode()
            request.add_header("Content-Type", "application/json")
        return self._send(op, request)

    def settle(self) -> None:
        """Jobs run in the app; nothing to wait for here."""

    def answers(self) -> bool:
        """Whether a workbench is there."""
        try:
            with self._opener.open(f"{self.url}/healthz", timeout=2) as answer:
                return bool(json.load(answer).get("status") == "ok")
        except (OSError, HTTPException, ValueError, AttributeError):
            return False

    def _send(self, op: Operation, request: Request) -> Any:
        try:
            answer: HTTPResponse = self._opener.open(request, timeout=SECONDS)
        except HTTPError as error:
            raise _told(error) from error
        except (URLError, HTTPException, OSError) as error:
            reason = getattr(error, "reason", error)
            raise Unavailable(
                f"url: nothing answers at {self.url} ({reason}). Start the app with `make run`, or "
                "leave --url and ONTOS_URL out to use the embedded store directly."
            ) from error
        if op.returns is Download:
            name = answer.headers.get_filename() or op.name
            return Download(name, answer.headers.get_content_type(), _chunks(answer))
        with answer:
            return json.load(answer)


def _opener(host: str) -> OpenerDirector:
    """The app on this machine is never asked through a proxy."""
    here = host in ("localhost", "127.0.0.1", "::1")
    return build_opener(ProxyHandler({})) if here else build_opener()


def _carrying(request: Request, upload: Upload, file: IO[bytes]) -> Request:
    sign = "&" if "?" in request.full_url else "?"
    request.full_url += f"{sign}file_name={quote(upload.name)}"
    request.data = file  # urllib streams a file whose length is announced
    request.add_header("Content-Type", upload.content_type)
    request.add_header("Content-Length", str(upload.size))
    return request


def _chunks(answer: HTTPResponse) -> Iterator[str]:
    decode = codecs.getincrementaldecoder("utf-8")().decode
    with answer:
        while chunk := answer.read(_CHUNK):
            yield decode(chunk)


def _told(error: HTTPError) -> OntosError:
    with error:
        try:
            document = json.load(error)
        except ValueError:
            document = None
    if isinstance(document, dict) and "detail" in document:
        return Told(document)
    return Unavailable(f"url: the answer was {error.code} {error.reason}; is this a workbench?")

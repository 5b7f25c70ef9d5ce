"""Large files come in parts, each put to an address signed for it, as cloud storage takes them."""

import hashlib
import uuid
from dataclasses import dataclass, field
from typing import Any

from tests.wire.workspace.files import Files
from tests.wire.workspace.http import Raw, Request, Routes, invalid, missing

_FS = "/api/2.0/fs"


@dataclass
class Upload:
    path: str
    parts: dict[int, bytes] = field(default_factory=dict)


@dataclass
class Uploads:
    """A file is there when its upload was completed with the tags of all its parts, not before."""

    files: Files
    begun: dict[str, Upload] = field(default_factory=dict)
    signed: dict[str, tuple[str, int]] = field(default_factory=dict)

    def routes(self) -> Routes:
        return [
            ("POST", f"{_FS}/files{{path*}}", self._act),
            ("POST", f"{_FS}/create-upload-part-urls", self._part_urls),
            ("POST", f"{_FS}/create-abort-upload-url", self._abort_url),
            ("PUT", "/signed/{key}", self._put_part),
            ("DELETE", "/signed/{key}", self._abort),
        ]

    def _act(self, request: Request) -> Any:
        self.files.place(request, "WRITE_VOLUME")
        if request.query.get("action") == "initiate-upload":
            token = uuid.uuid4().hex
            self.begun[token] = Upload(request.given["path"])
            return {"multipart_upload": {"session_token": token}}
        return self._complete(request)

    def _complete(self, request: Request) -> None:
        upload = self._upload(request.query["session_token"])
        told = {int(part["part_number"]): part["etag"] for part in request.json["parts"]}
        if told != {number: _tag(part) for number, part in upload.parts.items()}:
            raise invalid("The parts that were uploaded are others than those that were named.")
        target = self.files.local(upload.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"".join(upload.parts[number] for number in sorted(upload.parts)))
        del self.begun[request.query["session_token"]]

    def _upload(self, token: str) -> Upload:
        if token not in self.begun:
            raise missing("The upload does not exist.", "NOT_FOUND")
        return self.begun[token]

    def _part_urls(self, request: Request) -> dict[str, Any]:
        asked = request.json
        self._upload(asked["session_token"])
        first = int(asked["start_part_number"])
        return {
            "upload_part_urls": [
                {"part_number": n, "url": self._sign(request, asked["session_token"], n)}
                for n in range(first, first + int(asked["count"]))
            ]
        }

    def _abort_url(self, request: Request) -> dict[str, Any]:
        return {"abort_upload_url": {"url": self._sign(request, request.json["session_token"], 0)}}

    def _sign(self, request: Request, token: str, number: int) -> str:
        key = uuid.uuid4().hex
        self.signed[key] = (token, number)
        return f"{request.base}/signed/{key}"

    def _put_part(self, request: Request) -> Raw:
        token, number = self.signed[request.given["key"]]
        self._upload(token).parts[number] = request.content
        return Raw(headers={"ETag": _tag(request.content)})

    def _abort(self, request: Request) -> Raw:
        self.begun.pop(self.signed[request.given["key"]][0], None)
        return Raw(status=204)


def _tag(part: bytes) -> str:
    return hashlib.sha256(part).hexdigest()

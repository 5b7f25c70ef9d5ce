"""REST under /api/v1, derived from the operations: routes, OpenAPI, problem documents."""

import inspect
import itertools
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, FastAPI, Request, Security
from fastapi.datastructures import Default
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.security import APIKeyHeader
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from ontos import __version__
from ontos.bootstrap import Workbench
from ontos.doors.address import PREFIX, placed, takes_file
from ontos.doors.envelope import MEGABYTE, Envelope, problem
from ontos.doors.identity import from_request
from ontos.kernel.caller import Caller
from ontos.kernel.correlation import correlation
from ontos.kernel.errors import Invalid, NotFound, OntosError
from ontos.kernel.fields import Name, explain
from ontos.kernel.operation import OPERATIONS, Operation, perform
from ontos.kernel.transfer import Download, Upload

FILES = ("text/csv", "application/jsonl", "application/vnd.apache.parquet",
         "application/octet-stream")  # fmt: skip
"""Content types named in the documentation of uploads; others are taken as well."""
FORM = "multipart/form-data"
"""The one that is not: curl's `-F` and a browser's form send it."""

PROBLEM = {
    "description": "What is wrong and what to do, as an RFC 9457 problem document.",
    "content": {
        "application/problem+json": {
            "schema": {
                "type": "object",
                "required": ["type", "title", "status", "detail"],
                "properties": {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                    "field": {"type": "string"},
                    "correlation_id": {"type": "string"},
                },
            }
        }
    },
}


def rest_app(workbench: Callable[[], Workbench]) -> FastAPI:
    """The application to mount at /api; `workbench` is asked at each request."""
    # The documentation's page brings its own scripts: a laptop may be offline, a workspace closed.
    app = FastAPIOffline(
        title="Ontos ML Workbench", version=__version__, redoc_url=None,
        docs_url="/docs", openapi_url="/openapi.json",
        description="Everything that the workbench can do. Errors are RFC 9457 problem documents.",
    )  # fmt: skip
    token = Security(APIKeyHeader(name="X-Ontos-Token", auto_error=False))
    router = APIRouter(prefix="/v1", dependencies=[token], responses={"default": PROBLEM})
    for op in sorted(OPERATIONS.values(), key=lambda op: op.path.count("{")):
        _add_route(router, op, workbench)
    app.include_router(router)
    app.add_middleware(Envelope, limit=_limits(workbench))
    app.add_exception_handler(OntosError, _on_ontos_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    return app


def _limits(workbench: Callable[[], Workbench]) -> Callable[[str], int]:
    """Files have a limit of their own."""
    takes = [compile_path(PREFIX + op.path)[0] for op in OPERATIONS.values() if takes_file(op)]

    def limit(path: str) -> int:
        settings = workbench().settings
        file = any(regex.match(path) for regex in takes)
        return MEGABYTE * (settings.max_upload_mb if file else settings.max_body_mb)

    return limit


def _add_route(router: APIRouter, op: Operation, workbench: Callable[[], Workbench]) -> None:
    streams = op.returns is Download
    makes = op.method == "POST" and op.name.startswith(("create_", "upload_"))
    router.add_api_route(
        op.path,
        _endpoint(op, workbench),
        methods=[op.method],
        name=op.name,
        operation_id=op.name,
        summary=op.summary,
        description=f"{inspect.getdoc(op.function)}\n\nNeeds {op.needs}.",
        tags=[op.stage],
        status_code=201 if makes else 200,
        response_model=None if streams else op.returns,
        response_class=StreamingResponse if streams else Default(JSONResponse),
        openapi_extra=_file_body() if takes_file(op) else None,
    )


def _file_body() -> dict[str, Any]:
    """How the documentation shows that the body is a file."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {"requestBody": {"required": True, "content": dict.fromkeys(FILES, binary)}}


def _endpoint(op: Operation, workbench: Callable[[], Workbench]) -> Callable[..., Any]:
    known = [p.name for p in placed(op, "query")] + ["file_name"] * takes_file(op)

    def caller(request: Request) -> Caller:
        client = request.client.host if request.client else None
        found = from_request(workbench(), request.headers, client, "rest")
        _refuse_unknown(request.query_params, known)
        return found

    def endpoint(caller: Caller, **arguments: Any) -> Any:
        result = perform(op, caller, (), arguments)
        return _stream(result) if isinstance(result, Download) else result

    who = inspect.Parameter(
        "caller", inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[Caller, Depends(caller)]
    )
    rest = [
        p.replace(annotation=_received(p.annotation), kind=p.KEYWORD_ONLY) for p in op.parameters
    ]
    endpoint.__signature__ = inspect.Signature([who, *rest])  # type: ignore[attr-defined]
    endpoint.__name__ = op.name
    return endpoint


def _refuse_unknown(given: Iterable[str], known: Sequence[str]) -> None:
    """A filter that is spelt wrongly would otherwise answer with everything."""
    for name in given:
        if name not in known:
            there = f"There is {', '.join(known)}." if known else "There is none here."
            raise Invalid(
                f"{name[:60]}: this is not a parameter of the query. {there} Correct its name, or "
                "leave it out.",
                field=name,
            )


def _received(annotation: Any) -> Any:
    return Annotated[Upload, Depends(receive_upload)] if annotation is Upload else annotation


async def receive_upload(request: Request, file_name: Name | None = None) -> AsyncIterator[Upload]:
    """The request body as a file, gone after the operation."""
    name = file_name or request.query_params.get("name", "upload")
    kind = request.headers.get("content-type", "application/octet-stream").split(";")[0]
    if kind.strip().lower() == FORM:
        raise Invalid(
            f"Content-Type: {FORM} wraps the file in a form, which would be read as rows. Send "
            "the file's bytes as the body: curl --data-binary @one.csv, without -F.",
            field="Content-Type",
        )
    with tempfile.TemporaryDirectory(prefix="ontos-upload-") as folder:
        path = Path(folder) / "body"
        with path.open("wb") as file:
            async for chunk in request.stream():
                file.write(chunk)
        yield Upload(path, name, kind)


def _stream(download: Download) -> StreamingResponse:
    """The first chunk is made before the answer begins, so that a failure can still be told."""
    first = next(download.chunks, "")
    return StreamingResponse(
        itertools.chain((first,), download.chunks),
        media_type=download.content_type,
        headers={"Content-Disposition": f"attachment; filename*=utf-8''{quote(download.name)}"},
    )


def _on_ontos_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, OntosError)  # noqa: S101 - registered for this class alone
    return problem(error)


def _on_invalid_request(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    found = list(error.errors())
    if found[0]["type"] == "json_invalid":
        why = f"{found[0]['ctx']['error']}, at character {found[0]['loc'][1]}"
        return _unreadable(why)
    field, message = explain([{**e, "loc": e["loc"][1:]} for e in found])
    return problem(Invalid(message, field=field))


def _on_http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    path, headers = request.url.path, dict(error.headers or {})
    if error.status_code == 404:
        return problem(NotFound(f"There is nothing at {path}. See /api/docs."))
    if error.status_code == 400:
        return _unreadable(_WHY.get(type(error.__cause__), "a number in it is too long"))
    detail = f"{request.method} {path}: {error.detail}. See /api/docs."
    if error.status_code == 405:
        headers["Allow"] = ", ".join(methods := _methods(path) or ["GET"])
        detail = f"{path} does not take {request.method[:20]}. Use {' or '.join(methods)}."
    document = OntosError(detail).problem(correlation())
    document |= {"status": error.status_code, "title": str(error.detail), "type": "about:blank"}
    return JSONResponse(
        document, error.status_code, headers=headers, media_type="application/problem+json"
    )


_WHY: Mapping[type, str] = MappingProxyType({
    RecursionError: "it is nested too deep", UnicodeDecodeError: "it is not UTF-8",
})  # fmt: skip


def _unreadable(why: str) -> JSONResponse:
    detail = f"body: this is not JSON that can be read ({why}). Correct it, then send it again."
    return problem(Invalid(detail, field="body"))


def _methods(path: str) -> list[str]:
    """What can be asked of a path: each method is a route of its own."""
    there = (op for op in OPERATIONS.values() if compile_path(PREFIX + op.path)[0].match(path))
    return sorted({op.method for op in there})

"""/healthz (this process), /readyz (what it leans on, each named) and /metrics."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ontos.kernel.errors import OntosError

if TYPE_CHECKING:
    from ontos.bootstrap import Workbench


def health_routes(workbench: Callable[[float], "Workbench"]) -> list[Route]:
    """`workbench` gives what is open, or raises after the seconds given."""

    def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    def readyz(_request: Request) -> Response:
        found = _found(workbench)
        ready = all(state["status"] == "ok" for state in found.values())
        answer = {"status": "ok" if ready else "not ready", "checks": found}
        return JSONResponse(answer, 200 if ready else 503)

    def metrics(_request: Request) -> Response:
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]


def _found(workbench: Callable[[float], "Workbench"]) -> dict[str, dict[str, str]]:
    try:
        checks = workbench(0).checks()
    except OntosError as error:
        return {"workbench": {"status": "failed", "reason": error.detail}}
    return {name: _state(check) for name, check in checks.items()}


def _state(check: Callable[[], object]) -> dict[str, str]:
    try:
        check()
    except OntosError as error:
        return {"status": "failed", "reason": error.detail}
    return {"status": "ok"}

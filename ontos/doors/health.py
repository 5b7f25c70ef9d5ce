"""/healthz (this process), /readyz (what it leans on, each named) and /metrics."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ontos.bootstrap import Workbench
from ontos.kernel.errors import OntosError


def health_routes(workbench: Callable[[], Workbench]) -> list[Route]:
    def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    def readyz(_request: Request) -> Response:
        found = {name: _state(check) for name, check in workbench().checks().items()}
        ready = all(state["status"] == "ok" for state in found.values())
        answer = {"status": "ok" if ready else "not ready", "checks": found}
        return JSONResponse(answer, 200 if ready else 503)

    def metrics(_request: Request) -> Response:
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]


def _state(check: Callable[[], object]) -> dict[str, str]:
    try:
        check()
    except OntosError as error:
        return {"status": "failed", "reason": error.detail}
    return {"status": "ok"}

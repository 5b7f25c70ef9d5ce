"""Who asks for the setup while the store does not open, by REST or on a page."""

import re
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from ontos.bootstrap import Unopened
from ontos.doors.envelope import problem
from ontos.doors.identity import TOKEN, mode, person_of
from ontos.doors.session import can_sign_in, person_looking
from ontos.govern.first_start import FirstStart
from ontos.kernel.correlation import correlated
from ontos.kernel.errors import OntosError
from ontos.kernel.settings import settings
from ontos.workspace import Person

_PATH = re.compile(r"/api/v1/setup(?:/(?P<key>[^/]+))?")


def mends(error: Exception) -> bool:
    """Whether the setup of a workspace may show the cause; not while the store is being opened."""
    known = isinstance(error, OntosError) and error.more.get("reason") != "opening"
    return known and settings().workspace == "databricks"


def looking() -> FirstStart:
    """For whoever looks at the page that runs now; raises Unauthenticated with the remedy."""
    place = Unopened(settings())
    return _for(place, person_looking(place))


def may_sign_in() -> bool:
    return can_sign_in(Unopened(settings()))


def answer(error: Exception, scope: Scope) -> Response | None:
    """What `GET /setup` and `POST /setup/{key}` answer; None for any other request.

    API tokens are kept in the store, so that who sends one is told that it does not open.
    """
    asked, headers = _PATH.fullmatch(scope["path"]), Headers(scope=scope)
    if asked is None or TOKEN in headers or not mends(error):
        return None
    with correlated(headers.get("x-request-id")):
        try:
            return _performed(scope, headers, asked["key"])
        except OntosError as refusal:
            refusal.more.setdefault("store", str(error))
            return problem(refusal)


def _performed(scope: Scope, headers: Headers, key: str | None) -> Response | None:
    wanted = (scope["method"], key is not None)
    if wanted not in (("GET", False), ("POST", True)):
        return None
    place, client = Unopened(settings()), scope.get("client")
    first = _for(place, person_of(place, headers, client[0] if client else None))
    found: Any = first.make(key) if key else [each.model_dump() for each in first.findings()]
    return JSONResponse(found.model_dump() if key else found)


def _for(place: Unopened, person: Person) -> FirstStart:
    chosen = place.settings
    setup = place.workspace(person).setup
    return FirstStart(person, setup, chosen.admin_group, mode(chosen) == "local")

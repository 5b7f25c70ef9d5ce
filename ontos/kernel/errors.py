"""Every way in which the workbench says no.

    OntosError
    ├── Invalid           422  a value is wrong: names the field and the remedy
    ├── Unauthenticated   401  nobody is known to be asking
    ├── Denied            403  known, but not permitted
    ├── NotFound          404
    ├── Conflict          409  another change came first, or a name is taken
    │   └── NotNow        409  a state does not allow it (says which do)
    ├── TooLarge          413
    ├── Refused           422  a gate or a rule refuses, with its reason
    └── Unavailable       503  something outside is missing or does not answer

Each message says what is wrong and what to do next. Doors turn them into their own form: REST
answers RFC 9457 problem documents, pages show them, MCP marks the call as an error.
"""

from collections.abc import Callable
from typing import Any, ClassVar

LONGEST_DETAIL = 1_200
LONGEST_FIELD = 120


def fitting(text: str, most: int = LONGEST_DETAIL) -> str:
    """Text that can be sent and read, whatever input it repeats.

    Of what is too long the beginning and the end are kept: what is wrong, and what to do.
    """
    whole = text.encode("utf-8", "backslashreplace").decode()
    return whole if len(whole) <= most else f"{whole[: most // 2]} … {whole[3 - most // 2 :]}"


class OntosError(Exception):
    """The root; `detail` is for a person, `field` names the input at fault.

    `aftermath` is called with the caller once the refused operation is undone: for what must stay
    although nothing else does, such as a notice to another person.
    """

    aftermath: Callable[[Any], object] | None = None
    status: ClassVar[int] = 500
    title: ClassVar[str] = "The workbench failed"

    def __init__(self, detail: str, *, field: str | None = None, **more: Any) -> None:
        self.detail, self.field = fitting(detail), field and fitting(field, LONGEST_FIELD)
        self.more = more
        super().__init__(self.detail)

    @property
    def slug(self) -> str:
        """The name that programs test for: `not-found`, `conflict`, …"""
        name = type(self).__name__
        return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")

    def problem(self, correlation: str | None = None) -> dict[str, Any]:
        """The RFC 9457 document."""
        document: dict[str, Any] = {
            "type": f"urn:ontos:problem:{self.slug}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.field:
            document["field"] = self.field
        if correlation:
            document["correlation_id"] = correlation
        return document | self.more


class Invalid(OntosError):
    status, title = 422, "The input is not valid"


class Unauthenticated(OntosError):
    status, title = 401, "Sign in first"


class Denied(OntosError):
    status, title = 403, "Not permitted"


class NotFound(OntosError):
    status, title = 404, "Not found"


class Conflict(OntosError):
    status, title = 409, "Changed or taken meanwhile"


class NotNow(Conflict):
    title = "Not possible in this state"


class TooLarge(OntosError):
    status, title = 413, "Too large"


class Refused(OntosError):
    status, title = 422, "Refused by a rule"


class Unavailable(OntosError):
    status, title = 503, "Not available"

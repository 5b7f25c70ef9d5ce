"""The choice of an endpoint: it begins with one that answers, not with the first by name."""

from collections.abc import Callable, Sequence

from ontos.deploy.stored import Endpoint, foremost
from pages.frame import pick


def choose_endpoint(
    endpoints: Sequence[Endpoint], title: Callable[[Endpoint], str] = lambda e: e.name
) -> Endpoint | None:
    first = foremost(endpoints)
    return pick(
        "Endpoint", endpoints, "endpoint", title=title, identity=lambda e: e.name,
        first=first.name if first else None,
    )  # fmt: skip

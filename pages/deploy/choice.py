"""The choice of an endpoint: it begins with one that answers, not with the first by name."""

from collections.abc import Callable, Sequence

from ontos.deploy.stored import Endpoint, foremost
from pages.frame import pick


def choose_endpoint(
    endpoints: Sequence[Endpoint],
    title: Callable[[Endpoint], str] = lambda e: e.name,
    first: str | None = None,
) -> Endpoint | None:
    """`first` is the name of a better one to begin with, where there is any."""
    usual = foremost(endpoints)
    return pick(
        "Endpoint", endpoints, "endpoint", title=title, identity=lambda e: e.name,
        first=first or (usual.name if usual else None),
    )  # fmt: skip

"""Endpoints that answer for the length of a test."""

from collections.abc import Iterator
from contextlib import contextmanager

from ontos.deploy.endpoints import (
    Endpoint,
    EndpointSpec,
    create_endpoint,
    delete_endpoint,
    get_endpoint,
)
from ontos.kernel.caller import Caller
from tests.train.made import Trained, until


def settled(caller: Caller, name: str) -> Endpoint:
    """The endpoint once nothing is being loaded."""
    return until(
        lambda: get_endpoint(caller, name),
        lambda endpoint: endpoint.status not in ("creating", "updating"), 60,
    )  # fmt: skip


@contextmanager
def ready(trained: Trained, name: str, version: str = "1") -> Iterator[Endpoint]:
    """An endpoint of `kinds`, deleted afterwards."""
    caller = trained.caller
    spec = EndpointSpec(name=name, model_name="kinds", model_version=version)
    create_endpoint(caller, spec)
    try:
        endpoint = settled(caller, name)
        assert endpoint.status == "ready", endpoint.error_message
        yield endpoint
    finally:
        delete_endpoint(caller, name)

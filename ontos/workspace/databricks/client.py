"""The one place where a `WorkspaceClient` is built."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from ontos.kernel import errors

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

ANSWER_SECONDS = 30
RETRY_SECONDS = 20


class Connection:
    """A way to the workspace, taken at first use: as the app, or with a person's own token."""

    def __init__(self, token: str | None = None) -> None:
        self._token = token

    @property
    def client(self) -> "WorkspaceClient":
        return _client(self._token)


@lru_cache(maxsize=64)
def _client(token: str | None) -> "WorkspaceClient":
    """Host and the app's own credentials come from the environment that Databricks Apps gives.

    The constructor asks the host about itself; without these bounds a dead host holds it for
    minutes.
    """
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.config import Config

    # A person's token beside the app's own credentials is ambiguous unless the kind is named.
    with told("The workspace cannot be reached"):
        return WorkspaceClient(
            config=Config(
                http_timeout_seconds=ANSWER_SECONDS,
                retry_timeout_seconds=RETRY_SECONDS,
                token=token,
                auth_type="pat" if token else None,
            )
        )


@contextmanager
def told(what: str) -> Iterator[None]:
    """Whatever the SDK raises inside, said in our own errors; `what` begins the sentence."""
    from databricks.sdk.errors.base import DatabricksError
    from requests import RequestException

    try:
        yield
    except (DatabricksError, RequestException, TimeoutError, ValueError) as error:
        raise translated(error, what) from error


def translated(error: Exception, what: str) -> errors.OntosError:
    """Our error for one of the SDK's, with the workspace's own words."""
    from databricks.sdk import errors as theirs

    said = f"{what}: {str(error)[:500] or type(error).__name__}"
    known: tuple[tuple[type[Exception], type[errors.OntosError], str], ...] = (
        (theirs.NotFound, errors.NotFound, "Check the name."),
        (theirs.PermissionDenied, errors.Denied, "Ask its owner to grant it."),
        (theirs.Unauthenticated, errors.Denied, "Sign in again; the token is not accepted."),
        (theirs.AlreadyExists, errors.Conflict, "Choose another name."),
        (theirs.ResourceAlreadyExists, errors.Conflict, "Choose another name."),
        (theirs.ResourceConflict, errors.NotNow, "Try again when what runs now has ended."),
        (theirs.InvalidState, errors.NotNow, "Try again when its state allows it."),
        (theirs.TooManyRequests, errors.Unavailable, "Try again in a minute."),
        (theirs.BadRequest, errors.Invalid, "Correct it and send it again."),
    )
    for kind, ours, remedy in known:
        if isinstance(error, kind):
            return ours(f"{said} {remedy}")
    return errors.Unavailable(f"{said} Try again; if it stays so, ask the workspace's admin.")

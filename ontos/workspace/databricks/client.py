"""The one place where a `WorkspaceClient` is built."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from ontos.kernel import errors
from ontos.workspace.databricks.signing import SignIn

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

Answer = TypeVar("Answer")

ANSWER_SECONDS = 30
RETRY_SECONDS = 20
PROBE_SECONDS = 5
EXPIRED = "Your sign-in at Databricks has expired. Reload the page."


class Connection:
    """A way to the workspace, taken at first use: as the app, or with a person's own token."""

    def __init__(self, token: str | None = None) -> None:
        self._token = token

    @property
    def client(self) -> "WorkspaceClient":
        return _client(os.environ.get("DATABRICKS_HOST", ""), self._token)

    @contextmanager
    def told(self, what: str) -> Iterator[None]:
        """As `told`; but a person whose own token is refused must sign in anew."""
        try:
            with told(what):
                yield
        except errors.Denied as error:
            if self._token and _token_refused(error.__cause__):
                raise errors.Unauthenticated(EXPIRED) from error
            raise

    def ask(self, what: str, call: Callable[["WorkspaceClient"], Answer]) -> Answer:
        """The answer to a call that is safe to repeat.

        Where the app's token is refused it signs in anew and asks once more: whoever watches a run
        for hours outlives tokens that are revoked.
        """
        from databricks.sdk.errors import Unauthenticated

        try:
            with told(what):
                return call(self.client)
        except errors.Denied as error:
            if self._token or not isinstance(error.__cause__, Unauthenticated):
                raise
        with told(what):
            return call(self.client)


@lru_cache(maxsize=64)
def _client(host: str, token: str | None) -> "WorkspaceClient":
    """Host and the app's own credentials come from the environment that Databricks Apps gives."""
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.config import Config

    if host:
        _must_answer(host)
    # A person's token beside the app's own credentials is ambiguous unless the kind is named.
    with told(f"The workspace {host or '(DATABRICKS_HOST is not set)'} cannot be reached"):
        return WorkspaceClient(
            config=Config(
                host=host or None,
                http_timeout_seconds=ANSWER_SECONDS,
                retry_timeout_seconds=RETRY_SECONDS,
                token=token,
                auth_type="pat" if token else None,
                credentials_strategy=SignIn(),
            )
        )


@lru_cache(maxsize=8)
def _must_answer(host: str) -> None:
    """Raises Unavailable within seconds where nothing answers.

    The SDK's constructor asks the host about itself, and for a dead host it goes on asking until
    its whole time for repetitions is spent. Whatever is answered here is good enough.
    """
    import requests

    url = host if "://" in host else f"https://{host}"
    try:
        requests.get(f"{url.rstrip('/')}/.well-known/databricks-config", timeout=PROBE_SECONDS)
    except requests.RequestException as error:
        raise errors.Unavailable(
            f"The workspace {host} does not answer ({type(error).__name__}). Check DATABRICKS_HOST "
            "and the network between this machine and the workspace, then try again."
        ) from error


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
    from requests import RequestException

    said = f"{what}: {_words(error).rstrip('. ')}."
    if isinstance(error, theirs.Unauthenticated):
        _client.cache_clear()  # a token that is refused is not kept: the next call signs in anew
    if isinstance(error, TimeoutError | RequestException):
        return _unanswered(said)
    if isinstance(error, theirs.NotFound) and _spoken_by_another(error):
        return errors.Unavailable(
            f"{what}: the host answers, but not as a Databricks workspace. Check DATABRICKS_HOST."
        )
    if isinstance(error, ValueError) and "invalid_client" in said:
        return errors.Denied(f"{said} Check DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET.")
    known: tuple[tuple[type[Exception], type[errors.OntosError], str], ...] = (
        (theirs.NotFound, errors.NotFound, "Check the name."),
        (theirs.PermissionDenied, errors.Denied, "Ask its owner to grant it."),
        (
            theirs.Unauthenticated,
            errors.Denied,
            "Sign in again. Where the app itself asks, renew its client secret: its token is "
            "not accepted.",
        ),
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


def _token_refused(error: BaseException | None) -> bool:
    """401, or the 403 that some services answer instead."""
    from databricks.sdk.errors import PermissionDenied, Unauthenticated

    said = isinstance(error, PermissionDenied) and "access token" in str(error).lower()
    return said or isinstance(error, Unauthenticated)


def _unanswered(said: str) -> errors.Unavailable:
    """The next call asks the host for a sign of life first: who follows waits less."""
    _client.cache_clear()
    _must_answer.cache_clear()
    host = os.environ.get("DATABRICKS_HOST", "")
    return errors.Unavailable(
        f"{said} The workspace {host} does not answer in time. Check the network between this "
        "machine and the workspace, then try again."
    )


def _words(error: Exception) -> str:
    """What the workspace said, without the SDK's list of its own settings behind it."""
    return (str(error).partition(". Config: ")[0] or type(error).__name__)[:500]


def _spoken_by_another(error: Exception) -> bool:
    """Whether a 404 came without the workspace's error document, as from any other web server."""
    return getattr(error, "error_code", "") is None and "unable to parse" in str(error)

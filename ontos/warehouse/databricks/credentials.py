"""As whom the warehouse is asked: the app itself, or a person who is signed in."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ontos.kernel.errors import Unavailable

if TYPE_CHECKING:
    from databricks.sdk.core import Config

ANSWER_SECONDS = 10
PROBE_SECONDS = 4
"""Longest wait for the workspace to say what it is, and then for a token."""

Headers = Callable[[], Mapping[str, str]]


class Credentials(Protocol):
    """`personal` tells whose fault a refusal is; `renew` drops what was refused."""

    @property
    def personal(self) -> bool: ...

    def host(self) -> str:
        """The workspace's URL."""
        ...

    def provider(self) -> Headers:
        """What gives the headers of a new connection's requests."""
        ...

    def renew(self) -> None: ...


class AppCredentials:
    """The app's own, as the environment names them: in Databricks Apps a service principal's.

    The SDK fetches and renews the token. Nothing is fetched before the first connection.
    """

    personal = False

    def __init__(self) -> None:
        self._config: Config | None = None
        self._one = threading.Lock()

    def host(self) -> str:
        return str(self._known().host)

    def provider(self) -> Headers:
        config = self._known()

        def headers() -> Mapping[str, str]:
            with _told("The app cannot sign in"):
                return config.authenticate()  # type: ignore[no-any-return]

        return headers

    def renew(self) -> None:
        with self._one:
            self._config = None

    def _known(self) -> "Config":
        from databricks.sdk.core import Config

        with self._one:
            if self._config is None:
                with _told("The app cannot sign in"):
                    self._config = Config(
                        http_timeout_seconds=ANSWER_SECONDS, retry_timeout_seconds=PROBE_SECONDS
                    )
            return self._config


@contextmanager
def _told(what: str) -> Iterator[None]:
    from databricks.sdk.errors.base import DatabricksError
    from requests import RequestException

    try:
        yield
    except (DatabricksError, RequestException, TimeoutError, ValueError) as error:
        host = os.environ.get("DATABRICKS_HOST") or "(DATABRICKS_HOST is not set)"
        said = str(error).partition(". Config: ")[0]
        if "Invalid URL 'None'" in said:  # the host has not said where to sign in
            said = "It does not answer as a workspace"
        raise Unavailable(
            f"{what} at {host}. {said[:300].rstrip('.')}. Check DATABRICKS_HOST, and"
            " DATABRICKS_CLIENT_ID with its secret."
        ) from error


@dataclass(frozen=True, repr=False)
class PersonCredentials:
    """A person's forwarded token; a newer one comes with a later request of theirs."""

    app: Credentials
    token: str
    personal: bool = True

    def host(self) -> str:
        return self.app.host()

    def provider(self) -> Headers:
        headers: dict[str, Any] = {"Authorization": f"Bearer {self.token}"}
        return lambda: headers

    def renew(self) -> None:
        """Nobody but the person can."""

"""What all schemas of one warehouse share: the app's connections and those of people."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from ontos.warehouse.databricks.connecting import Bounds, Wanted, connector
from ontos.warehouse.databricks.credentials import AppCredentials, Credentials, PersonCredentials
from ontos.warehouse.databricks.people import People
from ontos.warehouse.databricks.pool import Pool
from ontos.warehouse.databricks.retries import Patience
from ontos.warehouse.databricks.silence import Silence
from ontos.warehouse.databricks.waking import Waking

PERSON_CONNECTIONS = 2


@dataclass(frozen=True)
class Identity:
    """As whom statements run, and on which connections."""

    credentials: Credentials
    pool: Pool


class Link:
    """Nothing is connected before the first statement."""

    def __init__(
        self, settings: Wanted, credentials: Credentials | None = None,
        patience: Callable[[], Patience] = Patience, bounds: Bounds | None = None,
    ) -> None:  # fmt: skip
        self._settings, self.bounds = settings, bounds or Bounds()
        self._app: Credentials = credentials or AppCredentials()
        self.app = self._identity(self._app, settings.connections)
        self.people = People(self._person)
        self.patience, self.silence = patience, Silence()
        self.waking = Waking(self.silence)

    @property
    def address(self) -> str:
        """Where the warehouse should be, for messages."""
        host = os.environ.get("DATABRICKS_HOST", "").rstrip("/") or "(DATABRICKS_HOST is not set)"
        return f"{host}/{(self._settings.http_path or '').lstrip('/')}"

    def close(self) -> None:
        """Cancel what runs, and end every session."""
        self.app.pool.close()
        self.people.close()

    def _person(self, token: str) -> Identity:
        return self._identity(PersonCredentials(self._app, token), PERSON_CONNECTIONS)

    def _identity(self, credentials: Credentials, size: int) -> Identity:
        connect = connector(self._settings, credentials, self.bounds)
        return Identity(credentials, Pool(connect, size))

"""How one connection to the warehouse is opened."""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ontos.kernel.errors import Unavailable
from ontos.warehouse.databricks.credentials import Credentials
from ontos.warehouse.databricks.reading import read_ahead

if TYPE_CHECKING:
    from databricks.sql.client import Connection


@dataclass(frozen=True)
class Bounds:
    """Longest silences on a link, in seconds; what sends bytes is not silent.

    opening: a warehouse that was stopped takes minutes to give a session.
    answer: over a session that stands. A statement of any length is answered after at most 5 s,
        if only that it runs, and is polled from then on.
    closing: for what nobody needs any more, on a link that has failed.
    """

    opening: float = 300.0
    answer: float = 30.0
    closing: float = 5.0


class Connect(Protocol):
    """Opens a connection whose unqualified names are those of the given schema.

    `lost`: for a statement whose link was lost, from a warehouse that gave sessions before.
    """

    def __call__(self, schema: str, lost: bool = False) -> "Connection": ...


class Wanted(Protocol):
    """The settings that this engine reads."""

    @property
    def http_path(self) -> str | None: ...
    @property
    def catalog(self) -> str: ...
    @property
    def statement_timeout(self) -> int: ...
    @property
    def connections(self) -> int: ...


def connector(settings: Wanted, credentials: Credentials, bounds: Bounds | None = None) -> Connect:
    """The connector repeats nothing by itself: `retries` decides that, knowing the statement.

    Its newer retries would sleep at least 5 s, and would send a statement again whose link broke
    while it ran: an INSERT would be done twice. Results come inline, so that no second host must
    be reachable and memory stays flat.
    """
    path, bound = settings.http_path, bounds or Bounds()
    if not path:
        raise Unavailable("ONTOS_HTTP_PATH is not set: give the HTTP path of the SQL warehouse.")

    def connect(schema: str, lost: bool = False) -> "Connection":
        from databricks import sql

        # What goes wrong is told in our own errors; the connector also logs each as an error.
        logging.getLogger("databricks.sql").setLevel(logging.CRITICAL)
        host = credentials.host().rstrip("/")
        connection = sql.connect(
            server_hostname=host.partition("://")[2], http_path=path,
            _connection_uri=f"{host}/{path.lstrip('/')}",
            credentials_provider=credentials.provider, catalog=settings.catalog, schema=schema,
            enable_telemetry=False, use_cloud_fetch=False,
            _socket_timeout=bound.answer if lost else bound.opening,
            _enable_v3_retries=False, _retry_stop_after_attempts_count=1,
            session_configuration={
                "STATEMENT_TIMEOUT": str(settings.statement_timeout), "TIMEZONE": "UTC",
            },
        )  # fmt: skip
        answering(connection, bound.answer)
        if transport := _transport(connection):
            read_ahead(transport)
        return connection

    return connect


def answering(connection: "Connection", seconds: float) -> None:
    """Bound the silence of all further requests: the connector itself has one bound for all."""
    if transport := _transport(connection):
        transport.setTimeout(seconds * 1000.0)


def _transport(connection: "Connection") -> Any:
    """Thrift's. A warehouse that refuses it is reached by another backend, which stays as it is."""
    from databricks.sql.backend.thrift_backend import ThriftDatabricksClient

    backend = connection.session.backend
    return backend._transport if isinstance(backend, ThriftDatabricksClient) else None

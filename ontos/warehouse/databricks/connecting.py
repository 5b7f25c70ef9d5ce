"""How one connection to the warehouse is opened."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from ontos.kernel.errors import Unavailable
from ontos.warehouse.databricks.credentials import Credentials

if TYPE_CHECKING:
    from databricks.sql.client import Connection

ANSWER_SECONDS = 300
"""Longest wait for one HTTP answer; a long statement is polled with short ones."""

Connect = Callable[[str], "Connection"]
"""Opens a connection whose unqualified names are those of the given schema."""


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


def connector(settings: Wanted, credentials: Credentials) -> Connect:
    """The connector repeats nothing by itself: `retries` decides that, knowing the statement.

    Its newer retries would sleep at least 5 s, and would send a statement again whose link broke
    while it ran: an INSERT would be done twice. Results come inline, so that no second host must
    be reachable and memory stays flat.
    """
    path = settings.http_path
    if not path:
        raise Unavailable("ONTOS_HTTP_PATH is not set: give the HTTP path of the SQL warehouse.")

    def connect(schema: str) -> "Connection":
        from databricks import sql

        # What goes wrong is told in our own errors; the connector also logs each as an error.
        logging.getLogger("databricks.sql").setLevel(logging.CRITICAL)
        host = credentials.host().rstrip("/")
        return sql.connect(
            server_hostname=host.partition("://")[2], http_path=path,
            _connection_uri=f"{host}/{path.lstrip('/')}",
            credentials_provider=credentials.provider, catalog=settings.catalog, schema=schema,
            enable_telemetry=False, use_cloud_fetch=False, _socket_timeout=ANSWER_SECONDS,
            _enable_v3_retries=False, _retry_stop_after_attempts_count=1,
            session_configuration={
                "STATEMENT_TIMEOUT": str(settings.statement_timeout), "TIMEZONE": "UTC",
            },
        )  # fmt: skip

    return connect

"""Secrets from the environment that the app was given, else from a secret scope."""

import base64

from ontos.kernel.errors import NotFound
from ontos.workspace.databricks.client import Connection, told
from ontos.workspace.local.secrets import LocalSecrets

SCOPE = "ontos"
LLM_KEY = "llm-api-key"
"""Where the environment gives no key for the language model, the scope may."""


class DatabricksSecrets:
    def __init__(self, connection: Connection) -> None:
        self._connection, self._given = connection, LocalSecrets()

    def get(self, name: str) -> str | None:
        return self._given.get(name) or self._from_scope(name)

    def _from_scope(self, name: str) -> str | None:
        try:
            with told(f"The secret {name} cannot be read"):
                found = self._connection.client.secrets.get_secret(SCOPE, name)
        except NotFound:
            return None
        return base64.b64decode(found.value).decode() if found.value else None

"""A chat model served by the workspace, through its OpenAI-compatible door."""

from collections.abc import Mapping, Sequence
from functools import cached_property

from ontos.workspace.databricks.client import Connection, told
from ontos.workspace.local.llm import OpenAiLlm
from ontos.workspace.protocols import Completion


class DatabricksLlm:
    """The serving endpoint named `model`, asked as the app."""

    def __init__(self, connection: Connection, model: str) -> None:
        self._connection, self._model = connection, model

    @property
    def model(self) -> str | None:
        return self._model

    @property
    def endpoint(self) -> str | None:
        return self._model

    def complete(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        max_tokens: int = 512,
        temperature: float = 0.0,
    ) -> Completion:
        return self._open.complete(messages, max_tokens=max_tokens, temperature=temperature)

    @cached_property
    def _open(self) -> OpenAiLlm:
        host = self._connection.client.config.host
        return OpenAiLlm(f"{host}/serving-endpoints", self._token, self._model)

    def _token(self) -> str:
        """Asked each time: the app's token lives for an hour."""
        with told("The app cannot sign in to the workspace"):
            headers: Mapping[str, str] = self._connection.client.config.authenticate()
        return headers.get("Authorization", "").removeprefix("Bearer ")

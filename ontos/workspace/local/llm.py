"""Chat completions from any OpenAI-compatible API, or from none."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from ontos.kernel.errors import Unavailable
from ontos.workspace.protocols import Completion

if TYPE_CHECKING:
    from pydantic import SecretStr

ATTEMPTS = 3
LONGEST_PAUSE = 10.0
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504})


class LlmSettings(Protocol):
    """Where the language model answers, for either half of the workspace."""

    @property
    def llm_base_url(self) -> str | None: ...
    @property
    def llm_model(self) -> str | None: ...
    @property
    def llm_api_key(self) -> "SecretStr | None": ...


def api_key(settings: LlmSettings) -> str | None:
    return settings.llm_api_key.get_secret_value() if settings.llm_api_key else None


class NoLlm:
    """No model is configured: pairs are left for people."""

    model = None
    endpoint = None

    def complete(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        max_tokens: int = 512,
        temperature: float = 0.0,
    ) -> Completion:
        raise Unavailable(
            "No language model is configured. Set ONTOS_LLM_BASE_URL and ONTOS_LLM_MODEL "
            "(and ONTOS_LLM_API_KEY where the API wants a key), or answer the pairs by hand."
        )


class OpenAiLlm:
    """`POST {base_url}/chat/completions`. Bare HTTP: the vendor's client takes seconds to import.

    `api_key` may be a function where keys change with time. Busy or broken answers are tried
    three times in all; `timeout` is seconds for one of them.
    """

    endpoint = None

    def __init__(
        self,
        base_url: str,
        api_key: str | Callable[[], str | None] | None,
        model: str,
        timeout: float = 60.0,
    ) -> None:
        self._url = base_url.rstrip("/") + "/chat/completions"
        self._key, self._model, self._timeout = api_key, model, timeout

    @property
    def model(self) -> str | None:
        return self._model

    def complete(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        max_tokens: int = 512,
        temperature: float = 0.0,
    ) -> Completion:
        asked = {
            "model": self._model,
            "messages": [dict(m) for m in messages],
            "max_tokens": max_tokens,
            "temperature": temperature,
        }
        return _completion(self._ask(asked), self._model)

    def _ask(self, body: Mapping[str, Any]) -> Any:
        import httpx

        for attempt in range(1, ATTEMPTS + 1):
            pause = 0.5 * 2 ** (attempt - 1)
            try:
                answer = self._client.post(self._url, json=body, headers=self._headers())
            except httpx.HTTPError as error:
                refusal = Unavailable(
                    f"The language model at {self._url} does not answer: "
                    f"{type(error).__name__} {error}".rstrip()
                )
            else:
                if answer.status_code < 300:
                    return answer
                refusal = self._refusal(answer)
                if answer.status_code not in _PASSING:
                    raise refusal
                pause = _asked_pause(answer.headers.get("retry-after")) or pause
            if attempt == ATTEMPTS:
                raise refusal
            time.sleep(min(pause, LONGEST_PAUSE))
        raise AssertionError("unreachable")

    def _headers(self) -> dict[str, str]:
        key = self._current_key()
        return {"Authorization": f"Bearer {key}"} if key else {}

    def _current_key(self) -> str | None:
        return self._key() if callable(self._key) else self._key

    def _refusal(self, answer: Any) -> Unavailable:
        said = _own_message(answer)
        if key := self._current_key():
            said = said.replace(key, "(the key)")  # some APIs repeat what they refuse
        return Unavailable(
            f"The language model at {self._url} answered {answer.status_code}: {said}",
            upstream_status=answer.status_code,
        )

    @cached_property
    def _client(self) -> Any:
        import httpx

        return httpx.Client(timeout=self._timeout)


def _completion(answer: Any, model: str) -> Completion:
    try:
        document = answer.json()
        choice = document["choices"][0]
        text = _text(choice["message"]["content"])
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise Unavailable(
            f"The language model's answer is not a chat completion ({error!r}). "
            "Does ONTOS_LLM_BASE_URL end where `/chat/completions` begins?"
        ) from error
    usage = document.get("usage") or {}
    return Completion(
        text,
        document.get("model") or model,
        usage.get("prompt_tokens"),
        usage.get("completion_tokens"),
    )


def _text(content: Any) -> str:
    """Content is text, or a list of parts of which only those of type text are an answer."""
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content if part["type"] == "text")


def _own_message(answer: Any) -> str:
    """What the API itself says, at most 500 characters of it."""
    try:
        document = answer.json()
        error = document.get("error", document)
        said = error.get("message") if isinstance(error, dict) else error
    except (ValueError, AttributeError):
        said = None
    return str(said or answer.text or answer.reason_phrase)[:500]


def _asked_pause(retry_after: str | None) -> float | None:
    try:
        return max(0.0, float(retry_after)) if retry_after else None
    except ValueError:
        return None  # an HTTP date: our own pause is as good

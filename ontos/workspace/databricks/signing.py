"""Signing in within a time: the SDK asks for tokens without any limit of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from databricks.sdk.config import Config

Result = TypeVar("Result")
Headers = Callable[[], dict[str, str]]

SECONDS = 15.0


class SignIn:
    """The SDK's own ways to sign in, each step of which ends after `seconds`."""

    def __init__(self, seconds: float = SECONDS) -> None:
        from databricks.sdk.credentials_provider import DefaultCredentials

        self._known, self._seconds = DefaultCredentials(), seconds

    def auth_type(self) -> str:
        return str(self._known.auth_type())

    def __call__(self, config: "Config") -> Headers:
        headers = within(self._seconds, lambda: self._known(config))
        return lambda: within(self._seconds, headers)


def within(seconds: float, call: Callable[[], Result]) -> Result:
    """What `call` returns or raises; TimeoutError where it takes longer, and is let be."""
    done: Future[Result] = Future()
    threading.Thread(target=_settle, args=(done, call), name="sign-in", daemon=True).start()
    try:
        return done.result(seconds)
    except TimeoutError as error:
        if done.done():
            raise  # its own
        raise TimeoutError(f"signing in took longer than {seconds:g} s.") from error


def _settle(done: "Future[Result]", call: Callable[[], Result]) -> None:
    try:
        done.set_result(call())
    except BaseException as error:  # whoever waits is told
        done.set_exception(error)

"""Values that every store and every JSON can hold: looked for once, whatever door they came by.

Python is more liberal than they are: its texts hold zero bytes and halves of characters, its whole
numbers have no end, its other numbers may be none at all.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import BaseModel

Fault = tuple[str, ...]
"""Where it lies, from the outside in; the last part says what is wrong."""


def unsound(value: Any) -> Fault | None:
    """The first part of a value that could not be kept; None where all of it is sound."""
    return _LOOKS[type(value)](value)


def _inside(parts: Iterable[tuple[Any, Any]]) -> Fault | None:
    for name, inner in parts:
        if inner is not None and (found := _LOOKS[type(inner)](inner)):
            return (str(name), *found)
    return None


def _among(keys: Iterable[Any]) -> Fault | None:
    return next((found for key in keys if (found := unsound(key))), None)


def _text(text: str) -> Fault | None:
    if "\0" in text:
        return ("holds a zero byte. Take it out",)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return ("holds half of a character (a lone surrogate). Send whole characters",)
    return None


def _whole(number: int) -> Fault | None:
    if -(2**63) <= number < 2**63:
        return None
    return ("is beyond 64 bits. Send a smaller number",)


def _float(number: float) -> Fault | None:
    if math.isfinite(number):
        return None
    return ("is no finite number (NaN or infinity). Send one, or leave it out",)


class _Looks(dict[type, Callable[[Any], Fault | None]]):
    """How to look into values of a type; chosen once, for a batch holds many of few types."""

    def __missing__(self, kind: type) -> Callable[[Any], Fault | None]:
        self[kind] = self._chosen(kind)
        return self[kind]

    @staticmethod
    def _chosen(kind: type) -> Callable[[Any], Fault | None]:
        if issubclass(kind, BaseModel):
            return lambda model: _inside(model.__dict__.items())
        if issubclass(kind, Mapping):
            return lambda given: _among(given) or _inside(given.items())
        if issubclass(kind, list | tuple):
            return lambda given: _inside(enumerate(given))
        return lambda _: None


_LOOKS = _Looks({str: _text, int: _whole, float: _float})

"""Lists are read in pages; a cursor remembers the last key seen, so pages never shift."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from ontos.kernel.errors import Invalid

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """`next_cursor` is None on the last page."""

    items: list[T]
    next_cursor: str | None = None


def encode(key: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def decode(cursor: str | None, *kinds: type) -> Any:
    """The key in a cursor, None for the first page; raises Invalid for another list's cursor.

    A key is a text; where `kinds` are given, it is a list of values of these types.
    """
    if cursor is None:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        json.dumps(key, ensure_ascii=False).encode()  # half a character is no character
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _foreign() from error
    found = [type(part) for part in key] if kinds and isinstance(key, list) else type(key)
    if found != (list(kinds) or str):
        raise _foreign()
    return key


def _foreign() -> Invalid:
    return Invalid(
        "cursor: this is not a cursor of this list. Pass `next_cursor` of the page before, "
        "or leave it out for the first page.",
        field="cursor",
    )


def page(items: Sequence[T], limit: int, key: Callable[[T], Any]) -> Page[T]:
    """One page out of `limit + 1` rows read: the extra row tells that there is more."""
    shown = list(items[:limit])
    more = encode(key(shown[-1])) if len(items) > limit and shown else None
    return Page(items=shown, next_cursor=more)

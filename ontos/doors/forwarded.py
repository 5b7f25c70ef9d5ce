"""The newest token that the workspace has forwarded for each person, in memory alone.

A page goes on with the headers of the request that opened its session, whose token expires within
the hour. Requests of the same person that come later bring newer ones.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace

from ontos.workspace import Person

MOST = 1_000
"""Persons whose tokens are kept; the one not heard of for longest goes first."""


@dataclass(frozen=True)
class Arrived:
    """A token and when it came, by the clock of this process."""

    token: str = field(repr=False)
    at: float


class Forwarded:
    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._newest: OrderedDict[str, Arrived] = OrderedDict()
        self._one = threading.Lock()

    def __len__(self) -> int:
        return len(self._newest)

    def refreshed(self, person: Person, at: float | None = None) -> Person:
        """The person with the newest token known; theirs came at `at`, or with this request."""
        if person.token is None:
            return person
        mine = Arrived(person.token, time.monotonic() if at is None else at)
        with self._one:
            newest = max(self._newest.pop(person.user, mine), mine, key=lambda token: token.at)
            self._newest[person.user] = newest
            if len(self._newest) > self._most:
                self._newest.popitem(last=False)
        return replace(person, token=newest.token)


NEWEST = Forwarded()

"""Records as this process read them last, for a save that would otherwise read them first.

A page has just drawn what a person acts on. What was seen may have changed since: so a save that
relies on it names that (a state, a version) as a condition of its first write, and where anything
of it is refused and has changed, the save is made again by what is there now.
"""

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from ontos.kernel.errors import Conflict, Invalid, NotFound, OntosError, Refused
from ontos.kernel.tenancy import Tenant
from ontos.warehouse import together

if TYPE_CHECKING:
    from ontos.kernel.caller import Caller

MOST = 5000
"""Records of one process; the longest unused go first."""

ROOM = 50_000_000
"""Bytes of all of them together; likewise."""

LARGEST = 500_000
"""Bytes of a record that is kept: none takes the place of many."""

T = TypeVar("T")
Key = tuple[Tenant, type, str]


class Identified(Protocol):
    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=Identified)


class Seen:
    """Records by tenant, kind and id."""

    def __init__(self) -> None:
        self._found: OrderedDict[Key, tuple[Identified, int]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def keep(self, tenant: Tenant, record: Identified) -> None:
        key, size = (tenant, type(record), record.id), _bytes(record)
        with self._lock:
            if key in self._found:
                self._drop(key)
            if size > LARGEST:
                return
            self._found[key] = record, size
            self._size += size
            while len(self._found) > MOST or self._size > ROOM:
                self._drop(next(iter(self._found)))

    def renew(self, tenant: Tenant, answer: object) -> None:
        """What a save answered is how the record is now, if it is one that was seen."""
        key = (tenant, type(answer), getattr(answer, "id", ""))
        with self._lock:
            known = key in self._found
        if known:
            self.keep(tenant, cast(Identified, answer))

    def last(self, tenant: Tenant, kind: type[R], key: str) -> R | None:
        """The record as it was read last; None where it was not, or long ago."""
        with self._lock:
            if (tenant, kind, key) not in self._found:
                return None
            self._found.move_to_end((tenant, kind, key))
            found, _ = self._found[tenant, kind, key]
        return cast(R, found)

    def forget(self) -> None:
        """Drop every record."""
        with self._lock:
            self._found.clear()
            self._size = 0

    def _drop(self, key: Key) -> None:
        _, size = self._found.pop(key)
        self._size -= size


def _bytes(value: object) -> int:
    """About as many as it takes, however deep: a column of a sheet is more than its text."""
    own = sys.getsizeof(value)
    if isinstance(value, dict):
        return own + sum(_bytes(key) + _bytes(each) for key, each in value.items())
    if isinstance(value, list):
        return own + (len(value) * _bytes(value[0]) if value else 0)  # they are of one kind
    return own + (_inside(value) if hasattr(value, "__dict__") else 0)


def _inside(record: object) -> int:
    """Of its fields, whose names all records of a kind share."""
    fields = vars(record)
    return sys.getsizeof(fields) + sum(map(_bytes, fields.values()))


def see(caller: "Caller", record: R) -> R:
    """The record, which was read just now, and is kept."""
    caller.seen.keep(caller.tenant, record)
    return record


def beside(
    caller: "Caller", kind: type[R], key: str, read: Callable[[], R], act: Callable[[R], T]
) -> T:
    """What `act` finds for the record that `read` gives: one wait where it was seen before.

    It is read anew all the same, and where it is not as it was seen, `act` is called once more.
    `read` decides whether there is any answer: what it raises is raised.
    """
    guess = caller.seen.last(caller.tenant, kind, key)
    if guess is None:
        return act(read())
    record, early = together(read, partial(_tried, act, guess))
    if record != guess:
        return act(record)
    if isinstance(early, OntosError):
        raise early
    return cast(T, early)


def _tried(act: Callable[[R], T], record: R) -> T | OntosError:
    """It may have failed because the record is not so any more."""
    try:
        return act(record)
    except OntosError as error:
        return error


class Sight:
    """Records for one save: by memory where they were seen, else read; it knows which were not."""

    def __init__(self, caller: "Caller") -> None:
        self._caller = caller
        self._relied: list[tuple[Identified, Callable[[], Identified]]] = []

    def __call__(self, kind: type[R], key: str, read: Callable[["Caller", str], R]) -> R:
        """The record; `read` is the operation that reads it, and asks for permission itself."""
        found = self._caller.seen.last(self._caller.tenant, kind, key)
        if found is None:
            return read(self._caller, key)
        self._relied.append((found, partial(read, self._caller, key)))
        return found

    def changed(self) -> bool:
        """Whether anything that was only remembered is not so any more; it is read now."""
        there: list[Any] = together(*(read for _, read in self._relied))
        return [record for record, _ in self._relied] != there


def by_sight(caller: "Caller", act: Callable[[Sight], T]) -> T:
    """What `act` does; once more where it was refused because of what had changed unseen.

    `act` reads through the Sight what it relies on, and may write once, under that condition.
    """
    sight = Sight(caller)
    try:
        return act(sight)
    except (Invalid, NotFound, Conflict, Refused):
        if not sight.changed():
            raise
    return act(Sight(caller))

"""What a page shows of one thing, read beside the list that it is chosen from: one wait, not two.

Which thing it will be is guessed: the one that the address or the session names, else the one
that stood first when somebody last opened such a page. The list decides; after a wrong guess the
right thing is read then. A page that has to wait for rights has what stands first read beside
them: two waits, also where nobody has opened such a page before.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from ontos.data.catalog import look_up_table
from ontos.data.sheets import look_up_sheet
from ontos.doors import process
from ontos.doors.session import person_looking
from ontos.govern.lineage import look_up_latest
from ontos.improve.evidence import look_up_ground
from ontos.kernel.caller import Caller
from ontos.kernel.errors import OntosError
from ontos.kernel.seen import see
from ontos.kernel.tenancy import Tenant
from ontos.label.origins import look_up_newest, look_up_tables, recall_rights
from ontos.label.queue import look_up_window
from ontos.monitor.performance import look_up_most_asked
from ontos.warehouse import together
from pages import place
from pages.frame import last_pick, loaded, or_reason, param

Item = TypeVar("Item")
T = TypeVar("T")


@dataclass(frozen=True)
class First:
    """What stood first on a page, which is its `id`, when somebody last opened it."""

    id: str
    item: str


@dataclass(frozen=True)
class Ahead(Generic[T]):
    """What was read of the thing that was guessed, or why it was refused; None: nothing was."""

    guess: str | None
    answer: T | OntosError | None
    read: Callable[[str], T]

    def of(self, chosen: str) -> T:
        """What there is to show of the chosen thing, read now if need be; stops where refused."""
        answer: T = loaded(lambda: self._of(chosen))
        return answer

    def _of(self, chosen: str) -> T:
        """A refusal is not asked for again: that is one wait more, and one row in the journal."""
        if self.answer is None or chosen != self.guess:
            return self.read(chosen)
        if isinstance(self.answer, OntosError):
            raise self.answer
        return self.answer


def read_ahead(
    caller: Caller,
    page: str,
    key: str,
    listing: Callable[[], Sequence[Item]],
    read: Callable[[str], T],
    *,
    first: Callable[[Sequence[Item]], str | None],
) -> tuple[Sequence[Item], Ahead[T]]:
    """The list, and what there is to show of the thing that `pick(key=key)` will choose from it.

    `first` names the one that is chosen on this page where nothing else says which. `listing` and
    `read` are run in threads that know nothing of the session. Whoever chooses what is refused is
    told so then; nobody else.
    """
    stood = caller.seen.last(caller.tenant, First, page)
    guess = param(key) or last_pick(key) or (stood.item if stood else None)
    items, answer = loaded(listing, or_reason(lambda: read(guess) if guess else None))
    if default := first(items):
        see(caller, First(page, default))
    return items, Ahead(guess, answer, read)


Look = Callable[[], object]

ABOUT_ONE = ("label", "train", "govern")
"""Stages with pages that choose what they are about."""


@dataclass(frozen=True)
class Looked:
    """That somebody looked at what stands first in the tenant; the process remembers it."""

    id: str = "looked"


def first_wait(stage: str) -> Look | None:
    """What a page waits for before anything else: the rights of whoever looks, and beside them
    what stands first in the tenant. None: nobody is known.

    Nothing is asked where the rights are at hand, but in a tenant that nobody has looked at.
    """
    bench = process.workbench()
    org, project = place.chosen()
    try:
        person = person_looking(bench)
    except OntosError:
        return None
    stranger = bench.directory.stranger(person, Tenant(org or bench.settings.org, project))
    looks = [*_everywhere(stranger), *_at(stage, stranger)]

    def ask() -> None:
        rights = bench.directory.missing(person, org)
        looked = stranger.seen.last(stranger.tenant, Looked, Looked.id)
        if rights or (looked is None and stage in ABOUT_ONE):
            together(*rights, *(partial(_tolerant, look) for look in looks))
            see(stranger, Looked())

    return ask


def _everywhere(caller: Caller) -> Iterator[Look]:
    """What pages that are opened next will be about, too."""
    sheet = param("sheet") or last_pick("sheet")
    yield lambda: _stands_first(caller, look_up_newest(caller))
    yield lambda: _stands_first(caller, {"lineage": look_up_latest(caller)})
    yield lambda: look_up_window(caller, sheet)
    if caller.person.token is not None:
        yield lambda: look_up_tables(caller)
        yield lambda: recall_rights(caller)


def _at(stage: str, caller: Caller) -> Iterator[Look]:
    """What the page of this stage is about, by its address."""
    sheet, table = param("sheet"), param("table")
    endpoint = param("endpoint") or last_pick("endpoint")
    gap = last_pick("gap") or param("gap")
    if stage == "data" and sheet:
        yield lambda: look_up_sheet(caller, sheet)
    if stage == "data" and table:
        yield lambda: look_up_table(caller, table)
    if stage == "monitor":
        yield lambda: _stands_first(caller, {"monitor": look_up_most_asked(caller)})
    if stage == "improve":
        yield lambda: look_up_ground(caller, gap, endpoint)


def _stands_first(caller: Caller, found: Mapping[str, str | None]) -> None:
    for page, item in found.items():
        if item is not None:
            see(caller, First(page, item))


def _tolerant(look: Look) -> None:
    """A guess that cannot be made is none; what is wrong is told by what the page reads itself."""
    with suppress(OntosError):
        look()

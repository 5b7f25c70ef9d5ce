"""What a page shows of one thing, read beside the list that it is chosen from: one wait, not two.

Which thing it will be is guessed: the one that the address or the session names, else the one
that stood first when somebody last opened such a page. The list decides; after a wrong guess the
right thing is read then.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from ontos.kernel.caller import Caller
from ontos.kernel.errors import OntosError
from ontos.kernel.seen import see
from pages.frame import last_pick, loaded, param

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
    `read` are run in threads that know nothing of the session.
    """
    stood = caller.seen.last(caller.tenant, First, page)
    guess = param(key) or last_pick(key) or (stood.item if stood else None)
    items, answer = loaded(listing, lambda: _tried(read, guess))
    if default := first(items):
        see(caller, First(page, default))
    return items, Ahead(guess, answer, read)


def _tried(read: Callable[[str], T], guess: str | None) -> T | OntosError | None:
    """Whoever chooses what is refused is told so then; nobody else."""
    try:
        return read(guess) if guess else None
    except OntosError as error:
        return error

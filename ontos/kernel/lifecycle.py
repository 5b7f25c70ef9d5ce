"""States and the transitions allowed between them, declared beside their noun, checked here."""

from collections.abc import Mapping
from dataclasses import dataclass

from ontos.kernel.errors import NotNow


@dataclass(frozen=True)
class Lifecycle:
    """`allowed` maps each state to those that may follow it."""

    noun: str
    allowed: Mapping[str, tuple[str, ...]]

    def check(self, now: str, to: str) -> None:
        """Raise NotNow, saying which states may follow, unless `to` may follow `now`."""
        follow = self.allowed.get(now, ())
        if to not in follow:
            may = f"It may become {' or '.join(follow)}." if follow else "That state is final."
            raise NotNow(f"This {self.noun} is {now} and cannot become {to}. {may}")

    def before(self, to: str) -> tuple[str, ...]:
        """The states from which `to` can be reached in one step."""
        return tuple(state for state, follow in self.allowed.items() if to in follow)

    @property
    def open(self) -> tuple[str, ...]:
        """The states that are not final."""
        return tuple(state for state, follow in self.allowed.items() if follow)

    def final(self, state: str) -> bool:
        return not self.allowed.get(state)

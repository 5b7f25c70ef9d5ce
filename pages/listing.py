"""A list read page by page, newest first, of one state or of all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import streamlit as st

from ontos.kernel.paging import Page
from pages.frame import go, loaded

T = TypeVar("T")

SHOWN = 25
"""Records on one page."""


@dataclass(frozen=True)
class Listing:
    """`key` keeps its choices apart from those of other lists; `states` are offered as a choice."""

    key: str
    noun: str
    states: Mapping[str, Any] = field(default_factory=dict)

    @property
    def state(self) -> Any:
        return self.states.get(st.session_state.get(f"{self.key}-state") or "All")

    @property
    def cursor(self) -> str | None:
        cursor: str | None = st.session_state.get(f"{self.key}-cursor")
        return cursor

    def read(self, read: Callable[[Any, str | None], Page[T]]) -> Page[T] | None:
        """The page that is looked at, by state and cursor; None where there is no record at all."""
        found: Page[T] = loaded(lambda: read(self.state, self.cursor))
        return found if found.items or self.state or self.cursor else None

    def head(self, label: str, stage: str, view: str, **params: Any) -> None:
        """The choice of a state, and the button that makes another record."""
        side: Any = "distribute" if self.states else "right"
        with st.container(horizontal=True, horizontal_alignment=side, vertical_alignment="center"):
            if self.states:
                st.segmented_control(
                    "State", list(self.states), default="All", key=f"{self.key}-state",
                    required=True, label_visibility="collapsed", on_change=self._from,
                    args=(None,),
                )  # fmt: skip
            if st.button(label, type="primary", icon=":material/add:"):
                go(stage, view, **params)

    def tail(self, found: Page[Any]) -> None:
        """What is said of an empty page, and the way to the next."""
        if not found.items:
            st.caption(f"No {self.noun} is in this state.")
        if found.next_cursor:
            st.button(f"Older {self.noun}s", on_click=self._from, args=(found.next_cursor,))

    def _from(self, cursor: str | None) -> None:
        st.session_state[f"{self.key}-cursor"] = cursor

"""The pairs that are looked at one by one: a window that moves on through those that match."""

from dataclasses import dataclass, field
from functools import partial

import streamlit as st

from ontos.generate.training_sheets import TrainingSheet
from ontos.kernel.caller import Caller
from ontos.label.labels import LabelDistribution, label_distribution
from ontos.label.pairs import Pair, PairInContext, ReviewStatus, get_pair, list_pairs
from pages.frame import loaded

WINDOW, AHEAD = 50, 6
KEY = "focus-queue"


@dataclass
class Queue:
    """`at` is the pair shown; `decided` are those decided here, with the state that they had."""

    training_sheet_id: str
    status: ReviewStatus | None
    pairs: list[Pair]
    cursor: str | None
    labels: LabelDistribution
    at: int = 0
    decided: list[tuple[str, str]] = field(default_factory=list)
    context: dict[str, PairInContext] = field(default_factory=dict)

    @property
    def pair(self) -> Pair | None:
        """None at the end."""
        return self.pairs[self.at] if self.at < len(self.pairs) else None

    def move(self, step: int) -> None:
        self.at = min(max(self.at + step, 0), len(self.pairs))


def open_queue(caller: Caller, sheet: TrainingSheet, status: ReviewStatus | None) -> Queue:
    """The one already begun, so that a refresh of the view does not lose the place."""
    kept: Queue | None = st.session_state.get(KEY)
    if kept and (kept.training_sheet_id, kept.status) == (sheet.id, status):
        return kept
    page, labels = loaded(
        lambda: list_pairs(caller, sheet.id, review_status=status, limit=WINDOW),
        lambda: label_distribution(caller, sheet.id, top=500),
    )
    queue = Queue(sheet.id, status, page.items, page.next_cursor, labels)
    st.session_state[KEY] = queue
    return queue


def begin_again() -> None:
    """Read the queue anew: what was decided leaves it."""
    st.session_state.pop(KEY, None)


def read_on(caller: Caller, queue: Queue) -> PairInContext | None:
    """The pair to show, beside its row; reads further pairs when the window ends."""
    if queue.pair is None and queue.cursor:
        page = loaded(
            lambda: list_pairs(
                caller, queue.training_sheet_id, review_status=queue.status, limit=WINDOW,
                cursor=queue.cursor,
            )
        )  # fmt: skip
        queue.pairs += page.items
        queue.cursor = page.next_cursor
    if queue.pair is None:
        return None
    _read_context(caller, queue)
    return queue.context[queue.pair.id]


def _read_context(caller: Caller, queue: Queue) -> None:
    """The pair shown and those after it, side by side: going on costs nothing for a while."""
    if queue.pairs[queue.at].id in queue.context:
        return
    ahead = [p.id for p in queue.pairs[queue.at :][:AHEAD] if p.id not in queue.context]
    found = loaded(*(partial(get_pair, caller, pair_id) for pair_id in ahead))
    for shown in found if len(ahead) > 1 else [found]:
        queue.context[shown.id] = shown


def read_anew(caller: Caller, queue: Queue, pair_id: str) -> None:
    """One pair as it is now."""
    shown = get_pair(caller, pair_id)
    queue.context[pair_id] = shown
    queue.pairs = [Pair(**shown.model_dump()) if p.id == pair_id else p for p in queue.pairs]

"""The pairs that are looked at one by one: a window that moves on through those that match."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import streamlit as st

from ontos.generate.training_sheets import TrainingSheet
from ontos.kernel.caller import Caller
from ontos.kernel.fields import now
from ontos.label.decisions import BECOMES
from ontos.label.labels import LabelDistribution, label_distribution
from ontos.label.pairs import Message, Pair, PairInContext, ReviewStatus, get_pair
from ontos.label.queue import FIRST, WINDOW, ReviewQueue, look_up_window, review_queue
from ontos.warehouse import together
from pages.frame import loaded
from pages.label.training_sheets import chosen_sheet, chosen_with, training_sheets

LABELS = 500
KEY = "focus-queue"


@dataclass
class Queue:
    """`at` is the pair shown; `decided` are those decided here, the last one last.

    `matching` counts what was in that state when it was begun, read or not.
    """

    training_sheet_id: str
    status: ReviewStatus | None
    pairs: list[Pair]
    cursor: str | None
    labels: LabelDistribution
    matching: int = 0
    at: int = 0
    decided: list[str] = field(default_factory=list)
    context: dict[str, PairInContext] = field(default_factory=dict)

    @property
    def pair(self) -> Pair | None:
        """None at the end."""
        return self.pairs[self.at] if self.at < len(self.pairs) else None

    @property
    def length(self) -> int:
        """Of all that there is to look at, beyond what was read too."""
        return max(self.matching, len(self.pairs)) if self.cursor else len(self.pairs)

    def move(self, step: int) -> None:
        self.at = min(max(self.at + step, 0), len(self.pairs))


def open_queue(caller: Caller, sheet: TrainingSheet, status: ReviewStatus | None) -> Queue:
    """The one already begun, so that a refresh of the view does not lose the place."""
    kept: Queue | None = st.session_state.get(KEY)
    if kept and (kept.training_sheet_id, kept.status) == (sheet.id, status):
        return kept
    return _kept(sheet, status, *loaded(lambda: _begin(caller, sheet.id, status)))


def opened_sheet(caller: Caller) -> TrainingSheet:
    """The training sheet that is picked; its queue is begun beside, where none was."""
    if st.session_state.get(KEY):
        return chosen_sheet(loaded(lambda: training_sheets(caller)), metered=False)
    sheet, begun = chosen_with(caller, partial(_first, caller), metered=False)
    _kept(sheet, FIRST, *begun)
    return sheet


def _first(caller: Caller, training_sheet_id: str) -> tuple[ReviewQueue, LabelDistribution]:
    """Beside what may be a guess, the items of the newest: should it be that one, its rows need no
    wait of their own then."""
    begun, _ = together(
        lambda: _begin(caller, training_sheet_id, FIRST),
        lambda: caller.person.token and look_up_window(caller, None),
    )
    return begun


def _begin(
    caller: Caller, training_sheet_id: str, status: ReviewStatus | None
) -> tuple[ReviewQueue, LabelDistribution]:
    begun, labels = together(
        lambda: review_queue(caller, training_sheet_id, review_status=status, limit=WINDOW),
        lambda: label_distribution(caller, training_sheet_id, top=LABELS),
    )
    return begun, labels


def _kept(
    sheet: TrainingSheet, status: ReviewStatus | None, begun: ReviewQueue,
    labels: LabelDistribution,
) -> Queue:  # fmt: skip
    pairs = [Pair(**pair.model_dump()) for pair in begun.pairs]
    queue = Queue(sheet.id, status, pairs, begun.next_cursor, labels, _matching(sheet, status))
    queue.context = {pair.id: pair for pair in begun.pairs}
    st.session_state[KEY] = queue
    return queue


def _matching(sheet: TrainingSheet, status: ReviewStatus | None) -> int:
    return {
        "pending": sheet.pending_count, "approved": sheet.approved_count - sheet.edited_count,
        "edited": sheet.edited_count, "rejected": sheet.rejected_count,
        "flagged": sheet.flagged_count,
    }[status] if status else sheet.total_items  # fmt: skip


def begin_again() -> None:
    """Read the queue anew: what was decided leaves it."""
    st.session_state.pop(KEY, None)


def read_on(caller: Caller, queue: Queue) -> PairInContext | None:
    """The pair to show, beside its row; reads further pairs when the window ends."""
    if queue.pair is None and queue.cursor:
        further = loaded(
            lambda: review_queue(
                caller, queue.training_sheet_id, review_status=queue.status, limit=WINDOW,
                cursor=queue.cursor,
            )
        )  # fmt: skip
        queue.pairs += [Pair(**pair.model_dump()) for pair in further.pairs]
        queue.context |= {pair.id: pair for pair in further.pairs}
        queue.cursor = further.next_cursor
    return queue.context[queue.pair.id] if queue.pair else None


def read_anew(caller: Caller, queue: Queue, pair_id: str) -> PairInContext:
    """One pair as it is now."""
    return _put(queue, get_pair(caller, pair_id))


def decided(
    queue: Queue, shown: PairInContext, by: str, action: str, response: str | None,
    reason: str | None,
) -> PairInContext:  # fmt: skip
    """The pair as a decision that was saved has left it: known without being read once more.

    It cannot be otherwise, for the decision was made on the version that was shown.
    """
    left: dict[str, Any] = {
        "review_status": BECOMES[action], "review_reason": reason, "reviewed_by": by,
        "reviewed_at": now(), "version": shown.version + 1,
    }  # fmt: skip
    if response is not None:
        others = [message for message in shown.messages if message.role != "assistant"]
        answer = Message(role="assistant", content=response)
        left |= {"response": response, "response_source": "human", "messages": [*others, answer]}
    return _put(queue, shown.model_copy(update=left))


def _put(queue: Queue, shown: PairInContext) -> PairInContext:
    queue.context[shown.id] = shown
    queue.pairs = [Pair(**shown.model_dump()) if p.id == shown.id else p for p in queue.pairs]
    return shown

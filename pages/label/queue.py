"""The pairs that are looked at one by one: a window that moves on through those that match."""

from dataclasses import dataclass, field

import streamlit as st

from ontos.generate.training_sheets import TrainingSheet
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Invalid, NotFound
from ontos.label.labels import LabelDistribution, label_distribution
from ontos.label.pairs import Pair, PairInContext, ReviewStatus, get_pair
from ontos.label.queue import ReviewQueue, review_queue
from pages.frame import loaded
from pages.label.training_sheets import training_sheets, usable

WINDOW, LABELS = 50, 500
FIRST: ReviewStatus = "pending"
"""What the view looks at until something else is chosen."""
KEY = "focus-queue"
NO_LABELS = LabelDistribution(total=0, distinct=0, top=[], other=0)


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
    begun, labels = loaded(
        lambda: review_queue(caller, sheet.id, review_status=status, limit=WINDOW),
        lambda: label_distribution(caller, sheet.id, top=LABELS),
    )
    return _kept(sheet, status, begun, labels)


def open_page(caller: Caller, wanted: str | None) -> list[TrainingSheet] | None:
    """The training sheets, and the queue that the page will open, side by side: two waits.

    None where a queue was begun before: then only the training sheets are left to read.
    """
    if st.session_state.get(KEY):
        return None
    (sheets, labels), begun = loaded(
        lambda: _sheets_and_labels(caller, wanted), lambda: _first(caller, wanted)
    )
    if sheet := next((s for s in sheets if s.id == begun.training_sheet_id), None):
        _kept(sheet, FIRST, begun, labels)
    return sheets


def _sheets_and_labels(
    caller: Caller, wanted: str | None
) -> tuple[list[TrainingSheet], LabelDistribution | None]:
    sheets = training_sheets(caller)
    chosen = next((s for s in usable(sheets) if s.id == wanted or not wanted), None)
    return sheets, chosen and label_distribution(caller, chosen.id, top=LABELS)


def _first(caller: Caller, wanted: str | None) -> ReviewQueue:
    """The beginning of the queue that is asked for; of none, where it is not there any more."""
    try:
        return review_queue(caller, wanted, review_status=FIRST, limit=WINDOW)
    except (NotFound, Invalid):
        return ReviewQueue(training_sheet_id=None, pairs=[])


def _kept(
    sheet: TrainingSheet, status: ReviewStatus | None, begun: ReviewQueue,
    labels: LabelDistribution | None,
) -> Queue:  # fmt: skip
    pairs = [Pair(**pair.model_dump()) for pair in begun.pairs]
    queue = Queue(
        sheet.id, status, pairs, begun.next_cursor, labels or NO_LABELS, _matching(sheet, status)
    )
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
    shown = get_pair(caller, pair_id)
    queue.context[pair_id] = shown
    queue.pairs = [Pair(**shown.model_dump()) if p.id == pair_id else p for p in queue.pairs]
    return shown

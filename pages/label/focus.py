"""One pair at a time, by keyboard: A approves, X rejects, F flags, E edits, J and K move."""

from typing import Any

import streamlit as st

from ontos.generate.training_sheets import TrainingSheet
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict, OntosError
from ontos.label.decisions import ReviewResult
from ontos.label.pairs import PairInContext
from ontos.label.reviews import review_batch
from pages.data.words import escaped
from pages.frame import mark, show
from pages.guard import focus_on, let_go, only_seen
from pages.label.classes import is_classes
from pages.label.filters import STATUSES
from pages.label.grid import item_of
from pages.label.long import draw_text
from pages.label.queue import (
    FIRST,
    Queue,
    begin_again,
    decided,
    open_queue,
    opened_sheet,
    read_anew,
    read_on,
)
from pages.label.source_row import source_row
from pages.label.training_sheets import draw_meter, may_review, moved_on

REASONS = ("The response is wrong", "Cannot be decided from this", "Not usable", "Duplicate")
REASON, RESPONSE, LABEL = "focus-reason", "focus-response", "focus-label"
WHY = "Why, to reject or flag"
EDITING, ASKED, TOLD = "focus-editing", "focus-asked", "focus-told"
DECISIONS = "focus-decisions"
MOVED = "focus-moved"
"""In the session: pairs decided since the training sheet was read, as they were and as they are."""
NUMBERED = 9
"""Labels up to which each has a number key; of more, the key of one could not be remembered."""


def draw(caller: Caller) -> None:
    sheet = opened_sheet(caller)
    st.session_state[MOVED] = []
    _desk(caller, sheet, may_review(caller, sheet))


@st.fragment
def _desk(caller: Caller, sheet: TrainingSheet, editable: bool) -> None:
    """Whoever may not decide looks at the pairs all the same."""
    with st.container(horizontal=True, vertical_alignment="center"):
        status: Any = st.segmented_control(
            "Look at", STATUSES, default=FIRST, key="focus-status", format_func=str.capitalize,
            on_change=begin_again, label_visibility="collapsed", width="content",
        )  # fmt: skip
        sheet_now = moved_on(sheet, st.session_state[MOVED])
        queue = open_queue(caller, sheet_now, status)
        with st.container(width="stretch"):
            draw_meter(sheet_now)
    shown = read_on(caller, queue)
    _said()
    if shown is None:
        _end(queue)
        return
    with st.container(horizontal=True, gap="medium", key="focus-desk"):
        with st.container(width=640):
            _pair(queue, shown)
        with st.container(width=390, key=DECISIONS):
            (_decisions if editable else _moves)(caller, queue, shown)
        with st.container(width=640):
            source_row(shown)
    only_seen(_seen(shown), DECISIONS)


def _pair(queue: Queue, shown: PairInContext) -> None:
    with st.container(border=True):
        where = f"{queue.at + 1:,} of {queue.length:,}"
        st.markdown(f"{mark(shown.review_status)} :gray[{where} · {escaped(item_of(shown))}]")
        draw_text(shown.prompt)
    st.caption("Response")
    with st.container(border=True):
        draw_text(shown.response or "None yet. Write one with E, or choose a label.")
    if shown.review_reason:
        st.caption(escaped(f"{shown.reviewed_by}: {shown.review_reason}"))


def _decisions(caller: Caller, queue: Queue, shown: PairInContext) -> None:
    if st.session_state.get(EDITING) == shown.id:
        _editor(caller, queue, shown)
    else:
        _buttons(caller, queue, shown)
        _quick(caller, queue, shown)


def _seen(shown: PairInContext) -> str:
    """Names the pair as it is drawn; also in the keys of the buttons that decide on it.

    Without that, a press that comes before the next pair is drawn would find its button.
    """
    return f"{shown.id}-{shown.version}"


def _buttons(caller: Caller, queue: Queue, shown: PairInContext) -> None:
    seen = _seen(shown)
    decide: dict[str, Any] = {"on_click": _decide, "width": "stretch"}
    st.button(
        "Approve", key=f"approve-{seen}", shortcut="A", type="primary",
        disabled=not shown.response, icon=":material/check:",
        args=(caller, queue, shown, "approve"), **decide,
    )  # fmt: skip
    st.button(
        "Edit the response", key=f"edit-{seen}", shortcut="E", icon=":material/edit:",
        width="stretch", on_click=st.session_state.update, args=({EDITING: shown.id},),
    )  # fmt: skip
    with st.container(horizontal=True):
        st.button("Reject", key=f"reject-{seen}", shortcut="X", icon=":material/close:",
                  args=(caller, queue, shown, "reject"), **decide)  # fmt: skip
        st.button("Flag", key=f"flag-{seen}", shortcut="F", icon=":material/flag:",
                  args=(caller, queue, shown, "flag"), **decide)  # fmt: skip
    st.selectbox(
        WHY, REASONS, index=None, key=REASON, accept_new_options=True,
        placeholder="Choose or write; kept for the next", persist_state="page",
        on_change=st.session_state.update, args=({TOLD: True},),
    )  # fmt: skip
    told = st.session_state.pop(TOLD, False)
    if st.session_state.pop(ASKED, False):
        focus_on(f"st-key-{REASON}")
    elif told:
        let_go(f"st-key-{REASON}")  # so that the keys decide again
    _moves(caller, queue, shown)


def _quick(caller: Caller, queue: Queue, shown: PairInContext) -> None:
    """The number keys choose a label: approving it where it is there already."""
    labels = quick_labels(queue)
    if labels:
        st.caption("Choose the label by its number")
    elif is_classes(queue.labels):
        st.caption(f"{queue.labels.distinct:,} labels: press E and type to find one.")
    with st.container(horizontal=True, gap="small"):
        for number, label in enumerate(labels, 1):
            same = label == shown.response
            decision = ("approve", None) if same else ("edit", label)
            st.button(
                label, key=f"label-{number}-{_seen(shown)}", shortcut=str(number), wrap=False,
                type="primary" if same else "secondary", on_click=_decide,
                args=(caller, queue, shown, *decision),
            )  # fmt: skip


def _moves(caller: Caller, queue: Queue, _shown: PairInContext) -> None:
    with st.container(horizontal=True):
        st.button("Back", key="back", shortcut="K", width="stretch", disabled=queue.at == 0,
                  on_click=queue.move, args=(-1,))  # fmt: skip
        last = queue.decided[-1] if queue.decided else None
        st.button("Reopen", key=f"reopen-{last}", shortcut="Z", width="stretch", disabled=not last,
                  help="Goes back to the pair that you decided last, as it was before.",
                  on_click=_reopen, args=(caller, queue, last))  # fmt: skip
        st.button("Next", key="next", shortcut="J", width="stretch", on_click=queue.move, args=(1,))


def _editor(caller: Caller, queue: Queue, shown: PairInContext) -> None:
    """A label of the list is saved as soon as it is chosen, what is written with Ctrl+Enter."""
    classes = is_classes(queue.labels)
    if classes:
        labels = _with_own([c.label for c in queue.labels.top], shown.response)
        st.selectbox(
            "Label", labels, index=labels.index(shown.response) if shown.response else None,
            key=LABEL, placeholder="Type to find it", on_change=_chosen,
            args=(caller, queue, shown),
        )  # fmt: skip
    with st.form("focus-edit", border=False):
        title = "Or a new label" if classes else "New response"
        height = 68 if classes else 240
        text = st.text_area(
            title, "" if classes else shown.response or "", height=height, key=RESPONSE
        )
        if st.form_submit_button("Save (Ctrl+Enter)", type="primary", width="stretch"):
            _decide(caller, queue, shown, "edit", text.strip())
            st.rerun(scope="fragment")
    focus_on("st-key-" + (LABEL if classes else RESPONSE))
    st.button("Leave it as it was", key="leave", type="tertiary", shortcut="Esc",
              on_click=st.session_state.update, args=({EDITING: None},))  # fmt: skip


def _with_own(labels: list[str], own: str | None) -> list[str]:
    return [own, *labels] if own and own not in labels else labels


def _chosen(caller: Caller, queue: Queue, shown: PairInContext) -> None:
    if label := st.session_state[LABEL]:
        _decide(caller, queue, shown, "edit", label)


def _decide(
    caller: Caller, queue: Queue, shown: PairInContext, action: str, response: str | None = None
) -> None:
    """Save the decision and go on; where it is refused, say why and stay.

    It is about the pair that was drawn with the button: where another is open by now, it is none.
    """
    if queue.pair is None or (queue.pair.id, queue.pair.version) != (shown.id, shown.version):
        return
    reason = st.session_state.get(REASON)
    if action in ("reject", "flag") and not reason:
        _say("warning", f"Say why you {action}, and press it again.")
        st.session_state[ASKED] = True
        return
    reason = reason.strip() if reason and action in ("reject", "flag") else None
    try:
        saved = _save(caller, queue, shown, action=action, response=response, reason=reason)
    except Conflict as error:
        read_anew(caller, queue, shown.id)
        _say("warning", f"{error.detail} It is shown as it is now.")
        return
    except OntosError as error:
        _say("error", error)
        return
    queue.decided.append(shown.id)
    st.session_state[EDITING] = None
    if saved.changed:
        now = decided(queue, shown, caller.user, action, response, reason)
    else:
        now = read_anew(caller, queue, shown.id)
    st.session_state[MOVED].append((shown, now))
    queue.move(1)


def _save(
    caller: Caller, queue: Queue, shown: PairInContext, **decision: str | None
) -> ReviewResult:
    change = {"pair_id": shown.id, "version": shown.version, **decision}
    batch: Any = {"changes": [change]}
    return review_batch(caller, queue.training_sheet_id, batch)


def _reopen(caller: Caller, queue: Queue, last: str) -> None:
    """Reopen what was decided last, and go back to it; what that press did not see stays."""
    if queue.decided[-1:] != [last]:
        return
    queue.decided.pop()
    shown = queue.context[last]
    try:
        _save(caller, queue, shown, action="reopen")
    except OntosError as error:
        _say("error", error)
        return
    st.session_state[MOVED].append((shown, read_anew(caller, queue, last)))
    queue.at = next(n for n, pair in enumerate(queue.pairs) if pair.id == last)


def quick_labels(queue: Queue) -> list[str]:
    """Those of the number keys: all labels, or none where they are more than the keys.

    In the order of their names: a key must not mean another label after lunch because one was given
    more often meanwhile. Of many, the keys would offer nine that are no likelier than the rest.
    """
    few = is_classes(queue.labels) and queue.labels.distinct <= NUMBERED
    return sorted(c.label for c in queue.labels.top) if few else []


def _say(kind: str, what: str | OntosError) -> None:
    st.session_state["focus-said"] = (kind, what)


def _said() -> None:
    """What a button's click was answered, once."""
    kind, what = st.session_state.pop("focus-said", (None, None))
    if isinstance(what, OntosError):
        show(what)
    elif kind:
        st.warning(what, icon=":material/warning:")


def _end(queue: Queue) -> None:
    st.success(
        f"That was the last one. You decided {len(queue.decided):,} here.",
        icon=":material/done_all:",
    )
    with st.container(horizontal=True):
        st.button("Back", key="back", shortcut="K", disabled=queue.at == 0,
                  on_click=queue.move, args=(-1,))  # fmt: skip
        if st.button("Start again", key="again", icon=":material/refresh:"):
            begin_again()
            st.rerun()

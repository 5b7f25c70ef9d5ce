"""One pair at a time, by keyboard: A approves, X rejects, F flags, E edits, J and K move."""

from typing import Any

import streamlit as st

from ontos.generate.training_sheets import TrainingSheet
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict, OntosError
from ontos.label.pairs import PairInContext
from ontos.label.reviews import review_batch
from pages.data.words import escaped
from pages.frame import mark, param, show
from pages.guard import focus_on
from pages.label.filters import STATUSES
from pages.label.grid import item_of
from pages.label.queue import FIRST, Queue, begin_again, open_page, open_queue, read_anew, read_on
from pages.label.source_row import source_row
from pages.label.training_sheets import chosen_sheet, draw_meter, may_review, moved_on

REASONS = ("The response is wrong", "Cannot be decided from this", "Not usable", "Duplicate")
REASON, RESPONSE, LABEL = "focus-reason", "focus-response", "focus-label"
WHY = "Why, to reject or flag"
EDITING, ASKED = "focus-editing", "focus-asked"
MOVED = "focus-moved"
"""In the session: pairs decided since the training sheet was read, as they were and as they are."""
SHORT = 60
"""Characters up to which a response is taken for a label."""


def draw(caller: Caller) -> None:
    sheet = chosen_sheet(caller, open_page(caller, param("sheet")), metered=False)
    st.session_state[MOVED] = []
    if may_review(caller, sheet):
        _desk(caller, sheet)


@st.fragment
def _desk(caller: Caller, sheet: TrainingSheet) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        status: Any = st.segmented_control(
            "Look at", STATUSES, default=FIRST, key="focus-status", format_func=str.capitalize,
            on_change=begin_again, label_visibility="collapsed", width="content",
        )  # fmt: skip
        queue = open_queue(caller, sheet, status)
        with st.container(width="stretch"):
            draw_meter(moved_on(sheet, st.session_state[MOVED]))
    shown = read_on(caller, queue)
    _said()
    if shown is None:
        _end(queue)
        return
    with st.container(horizontal=True, gap="medium"):
        with st.container(width=640):
            _pair(queue, shown)
        with st.container(width=390):
            _decisions(caller, queue, shown)


def _pair(queue: Queue, shown: PairInContext) -> None:
    with st.container(border=True):
        more = " or more" if queue.cursor else ""
        where = f"{queue.at + 1:,} of {len(queue.pairs):,}{more}"
        st.markdown(f"{mark(shown.review_status)} :gray[{where} · {escaped(item_of(shown))}]")
        st.text(shown.prompt)
    st.caption("Response")
    with st.container(border=True):
        st.text(shown.response or "None yet. Write one with E, or choose a label.")
    if shown.review_reason:
        st.caption(f"{shown.reviewed_by}: {shown.review_reason}")
    source_row(shown)


def _decisions(caller: Caller, queue: Queue, shown: PairInContext) -> None:
    if st.session_state.get(EDITING) == shown.id:
        _editor(caller, queue, shown)
    else:
        _buttons(caller, queue, shown)
        _quick(caller, queue, shown)


def _buttons(caller: Caller, queue: Queue, shown: PairInContext) -> None:
    decide: dict[str, Any] = {"on_click": _decide, "width": "stretch"}
    st.button(
        "Approve", key="approve", shortcut="A", type="primary", disabled=not shown.response,
        icon=":material/check:", args=(caller, queue, "approve"), **decide,
    )  # fmt: skip
    st.button(
        "Edit the response", key="edit", shortcut="E", icon=":material/edit:", width="stretch",
        on_click=st.session_state.update, args=({EDITING: shown.id},),
    )  # fmt: skip
    with st.container(horizontal=True):
        st.button("Reject", key="reject", shortcut="X", icon=":material/close:",
                  args=(caller, queue, "reject"), **decide)  # fmt: skip
        st.button("Flag", key="flag", shortcut="F", icon=":material/flag:",
                  args=(caller, queue, "flag"), **decide)  # fmt: skip
    st.selectbox(
        WHY, REASONS, index=None, key=REASON, accept_new_options=True,
        placeholder="Choose or write; kept for the next", persist_state="page",
    )  # fmt: skip
    if st.session_state.pop(ASKED, False):
        focus_on(f"st-key-{REASON}")
    _moves(caller, queue)


def _quick(caller: Caller, queue: Queue, shown: PairInContext) -> None:
    """The number keys choose a label: approving it where it is there already."""
    labels = quick_labels(queue)
    if labels:
        st.caption("Choose the label by its number")
    with st.container(horizontal=True, gap="small"):
        for number, label in enumerate(labels, 1):
            same = label == shown.response
            decision = ("approve", None) if same else ("edit", label)
            st.button(
                label, key=f"label-{number}", shortcut=str(number), wrap=False,
                type="primary" if same else "secondary", on_click=_decide,
                args=(caller, queue, *decision),
            )  # fmt: skip


def _moves(caller: Caller, queue: Queue) -> None:
    with st.container(horizontal=True):
        st.button("Back", key="back", shortcut="K", width="stretch", disabled=queue.at == 0,
                  on_click=queue.move, args=(-1,))  # fmt: skip
        st.button("Reopen", key="reopen", shortcut="Z", width="stretch", disabled=not queue.decided,
                  help="Goes back to the pair that you decided last, as pending.",
                  on_click=_reopen, args=(caller, queue))  # fmt: skip
        st.button("Next", key="next", shortcut="J", width="stretch", on_click=queue.move, args=(1,))


def _editor(caller: Caller, queue: Queue, shown: PairInContext) -> None:
    """A label of the list is saved as soon as it is chosen, what is written with Ctrl+Enter."""
    classes = is_classes(queue)
    if classes:
        st.selectbox(
            "Label", [c.label for c in queue.labels.top], index=None, key=LABEL,
            placeholder="Type to find it", on_change=_chosen, args=(caller, queue),
        )  # fmt: skip
    with st.form("focus-edit", border=False):
        title = "Or a new label" if classes else "New response"
        height = 68 if classes else 240
        text = st.text_area(
            title, "" if classes else shown.response or "", height=height, key=RESPONSE
        )
        if st.form_submit_button("Save (Ctrl+Enter)", type="primary", width="stretch"):
            _decide(caller, queue, "edit", text.strip())
            st.rerun(scope="fragment")
    focus_on("st-key-" + (LABEL if classes else RESPONSE))
    st.button("Leave it as it was", key="leave", type="tertiary", shortcut="Esc",
              on_click=st.session_state.update, args=({EDITING: None},))  # fmt: skip


def _chosen(caller: Caller, queue: Queue) -> None:
    _decide(caller, queue, "edit", st.session_state[LABEL])


def _decide(caller: Caller, queue: Queue, action: str, response: str | None = None) -> None:
    """Save the decision and go on; where it is refused, say why and stay."""
    shown = queue.context[queue.pairs[queue.at].id]
    reason = st.session_state.get(REASON)
    if action in ("reject", "flag") and not reason:
        _say("warning", f"Say why you {action}, and press it again.")
        st.session_state[ASKED] = True
        return
    try:
        reason = reason if action in ("reject", "flag") else None
        _save(caller, queue, shown, action=action, response=response, reason=reason)
    except Conflict as error:
        read_anew(caller, queue, shown.id)
        _say("warning", f"{error.detail} It is shown as it is now.")
        return
    except OntosError as error:
        _say("error", error)
        return
    queue.decided.append((shown.id, shown.review_status))
    st.session_state[EDITING] = None
    st.session_state[MOVED].append((shown, read_anew(caller, queue, shown.id)))
    queue.move(1)


def _save(caller: Caller, queue: Queue, shown: PairInContext, **decision: str | None) -> None:
    change = {"pair_id": shown.id, "version": shown.version, **decision}
    batch: Any = {"changes": [change]}
    review_batch(caller, queue.training_sheet_id, batch)


def _reopen(caller: Caller, queue: Queue) -> None:
    """Reopen what was decided last, and go back to it."""
    pair_id, _ = queue.decided.pop()
    shown = queue.context[pair_id]
    try:
        _save(caller, queue, shown, action="reopen")
    except OntosError as error:
        _say("error", error)
        return
    st.session_state[MOVED].append((shown, read_anew(caller, queue, pair_id)))
    queue.at = next(n for n, pair in enumerate(queue.pairs) if pair.id == pair_id)


def is_classes(queue: Queue) -> bool:
    """Whether responses are labels: few and short, not texts."""
    top = queue.labels.top
    return (
        bool(top) and len(top) == queue.labels.distinct and all(len(c.label) <= SHORT for c in top)
    )


def quick_labels(queue: Queue) -> list[str]:
    """The nine most frequent, for the number keys.

    In the order of their names: a key must not mean another label after lunch because one was given
    more often meanwhile.
    """
    return sorted(c.label for c in queue.labels.top[:9]) if is_classes(queue) else []


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

"""Saving: how much is unsaved, one button for all of it, and what others changed meanwhile."""

from collections.abc import Iterable, Set
from dataclasses import replace
from typing import Any

import streamlit as st

from ontos.generate.training_sheets import TrainingSheet
from ontos.kernel.caller import Caller
from ontos.kernel.errors import OntosError
from ontos.label.decisions import ReviewConflict
from ontos.label.labels import LabelDistribution
from ontos.label.reviews import review_batch
from pages.clock import when
from pages.data.words import escaped
from pages.frame import mark, show
from pages.label.batch import receipt
from pages.label.classes import new_classes
from pages.label.drafts import Drafts, conflicts_of, drafts_of, read_again
from pages.words import many

REASON = "bar-reason"
SHOWN, FEW = 20, 3
"""Conflicts, problems and changes listed at once; new labels named in the bar."""


def save_bar(drafts: Drafts, here: Set[str], matching: int, labels: LabelDistribution) -> bool:
    """Always in sight; True when saving is asked for.

    `here` are the pairs of the page shown, `matching` counts those of the filter, `labels` are
    the responses that there are.
    """
    if not drafts:
        hint = "Change a response or choose a decision; Ctrl+S saves."
        st.markdown(f"**{many(matching, 'pair')}** :gray[{hint}]", width="stretch")
        return False
    elsewhere = len(drafts.keys() - here)
    more = f" · {elsewhere:,} on other pages" if elsewhere else ""
    st.markdown(f"**{_count(drafts)}**{more}", width="content")
    _reason(drafts)
    _new_labels(drafts, labels)
    asked = st.button("Save", type="primary", key="save", shortcut="Ctrl+S", icon=":material/save:")
    with st.popover("My changes", type="tertiary"):
        _changes(drafts)
    with st.popover("Discard", type="tertiary"):
        st.write(f"{_count(drafts)} will be lost.")
        if st.button("Discard them", key="discard", type="primary"):
            drafts.clear()
            read_again()
    return asked


def _count(drafts: Drafts) -> str:
    return f"{len(drafts):,} unsaved change{'s' if len(drafts) > 1 else ''}"


def _reason(drafts: Drafts) -> None:
    """One reason for all rows that need one and have none."""
    lacking = sum(draft.lacks_reason for draft in drafts.values())
    if lacking:
        rows = "row" if lacking == 1 else "rows"
        st.text_input(
            "Why", key=REASON, label_visibility="collapsed", width=260,
            placeholder=f"Why? For {lacking} {rows} without a reason",
        )  # fmt: skip


def _new_labels(drafts: Drafts, labels: LabelDistribution) -> None:
    """A label that no pair has is often a slip of the keyboard."""
    added = new_classes(drafts.values(), labels)
    if added:
        named = escaped(", ".join(f"“{label}”" for label in added[:FEW]))
        more = f" and {len(added) - FEW:,} more" if len(added) > FEW else ""
        s = "s" if len(added) > 1 else ""
        st.checkbox(f":orange[New label{s}:] {named}{more}. Add.", key=_tick(added))


def _tick(added: list[str]) -> str:
    """Of the question whether these shall be labels: of others it is asked again."""
    return "new-labels-" + "|".join(added)


def _changes(drafts: Drafts) -> None:
    """Where each change is, what is there and what shall be."""
    for draft in list(drafts.values())[:SHOWN]:
        with st.container(horizontal=True, gap="small"):
            st.text(draft.item_ref, width=90)
            st.text(draft.step, width=330)
    if len(drafts) > SHOWN:
        st.caption(f"and {len(drafts) - SHOWN:,} more")


def save(
    caller: Caller, sheet: TrainingSheet, drafts: Drafts, labels: LabelDistribution
) -> None:  # fmt: skip
    """All of it in one operation; what conflicts stays unsaved and is shown."""
    reason = (st.session_state.get(REASON) or "").strip() or None
    if problems := _problems(drafts, reason, labels):
        st.error("\n\n".join(problems[:SHOWN]), icon=":material/error:")
        return
    batch: Any = {"changes": [draft.to_save(reason) for draft in drafts.values()]}
    conflicts: list[ReviewConflict] = []
    try:
        result = review_batch(caller, sheet.id, batch)
        conflicts, said = result.conflicts, receipt(result)
    except OntosError as error:
        found = error.more.get("conflicts")
        if found is None:
            return show(error)
        conflicts, said = [ReviewConflict(**c) for c in found], "Nothing saved: others came first"
    _settle(drafts, sheet, conflicts)
    icon = ":material/warning:" if conflicts else ":material/check_circle:"
    st.toast(said, icon=icon, duration="long")  # while the page is read anew
    read_again()


def _problems(drafts: Drafts, reason: str | None, labels: LabelDistribution) -> list[str]:
    problems = [f"Item {d.item_ref}: {d.problem}." for d in drafts.values() if d.problem]
    if reason is None and any(draft.lacks_reason for draft in drafts.values()):
        problems.append("Say why you reject or flag: in the row, or once for all beside Save.")
    added = new_classes(drafts.values(), labels)
    if added and not st.session_state.get(_tick(added)):
        named = escaped(", ".join(f"“{label}”" for label in added[:SHOWN]))
        problems.append(f"No pair has the label {named} yet. Correct it, or tick that it is new.")
    return problems


def _settle(drafts: Drafts, sheet: TrainingSheet, conflicts: Iterable[ReviewConflict]) -> None:
    """Keep only what could not be saved."""
    open_ones = {c.pair_id: c for c in conflicts}
    for pair_id in drafts.keys() - open_ones.keys():
        del drafts[pair_id]
    conflicts_of(sheet.id).clear()
    conflicts_of(sheet.id).update(open_ones)


def conflict_panel(sheet: TrainingSheet) -> None:
    """Row by row: theirs beside yours, and which shall hold."""
    conflicts, drafts = conflicts_of(sheet.id), drafts_of(sheet.id)
    for pair_id in conflicts.keys() - drafts.keys():
        del conflicts[pair_id]
    if not conflicts:
        return
    with st.container(border=True, key="conflicts"):
        st.markdown(
            f":material/group: **{len(conflicts)} of your changes met somebody else's.** "
            "Theirs are saved, yours are not. Choose."
        )
        for conflict in list(conflicts.values())[:SHOWN]:
            _conflict(sheet, conflict)
        if len(conflicts) > 1:
            _all_conflicts(sheet)


def _conflict(sheet: TrainingSheet, theirs: ReviewConflict) -> None:
    mine = drafts_of(sheet.id)[theirs.pair_id]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{escaped(theirs.item_ref)}** · {escaped(theirs.changed_by or 'generation')}, "
            f"{when(theirs.changed_at)}: {mark(theirs.review_status)}"
            f" “{escaped((theirs.response or '')[:60])}”"
            f"  \nYours: {escaped(mine.words)}",
            width="stretch",
        )
        if st.button("Keep theirs", key=f"theirs-{theirs.pair_id}"):
            _resolve(sheet, [theirs], mine=False)
        if st.button("Use mine", key=f"mine-{theirs.pair_id}"):
            _resolve(sheet, [theirs], mine=True)


def _all_conflicts(sheet: TrainingSheet) -> None:
    every = list(conflicts_of(sheet.id).values())
    with st.container(horizontal=True):
        if st.button("Keep all theirs", key="theirs-all"):
            _resolve(sheet, every, mine=False)
        if st.button("Use all mine", key="mine-all"):
            _resolve(sheet, every, mine=True)


def _resolve(sheet: TrainingSheet, conflicts: list[ReviewConflict], *, mine: bool) -> None:
    """Mine stays unsaved, now on top of theirs; saving it is one more click, seen by both."""
    drafts = drafts_of(sheet.id)
    for conflict in conflicts:
        draft = drafts.pop(conflict.pair_id)
        if mine:
            answered = bool((conflict.response or "").strip())
            drafts[conflict.pair_id] = replace(draft, version=conflict.version, answered=answered)
        del conflicts_of(sheet.id)[conflict.pair_id]
    read_again()

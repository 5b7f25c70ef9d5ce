"""Unsaved decisions: kept for each training sheet while you page, filter, or look elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from ontos.label.decisions import ReviewConflict
from ontos.label.pairs import Pair
from pages.label.long import MOST, cut

ACTIONS = {"Approve": "approve", "Reject": "reject", "Flag": "flag", "Reopen": "reopen"}
"""Words in the grid, and the actions that they stand for."""


@dataclass(frozen=True)
class Draft:
    """What shall become of one pair, seen at `version`; `response` None leaves the response.

    `over_cut`: the response was written over a cell that held only the beginning of a longer one.
    """

    pair_id: str
    item_ref: str
    version: int
    answered: bool
    response: str | None = None
    decision: str | None = None
    reason: str | None = None
    was: str | None = None
    """The response that stands."""
    over_cut: bool = False

    @property
    def empty(self) -> bool:
        return self.response is None and not self.decision and not self.reason

    @property
    def lacks_reason(self) -> bool:
        """This can be asked for once, for all rows that lack one."""
        return self.decision in ("Reject", "Flag") and not self.reason

    @property
    def problem(self) -> str | None:
        """Why it cannot be saved as it is."""
        if self.over_cut:
            return (
                "its response is longer than its cell, and would lose the rest. Empty the cell to "
                "leave it as it was, and edit it in One by one"
            )
        if self.response is not None and self.decision not in (None, "Approve"):
            return f"{self.decision} leaves the response as it was: undo one of the two"
        if self.response is not None and not self.response.strip():
            return "the response is empty: write one, or choose Reject"
        if self.decision == "Approve" and self.response is None and not self.answered:
            return "there is no response to approve: write one"
        if self.reason and self.response is None and not self.decision:
            return "a reason goes with a decision: choose one"
        return None

    @property
    def words(self) -> str:
        """The decision, for a person."""
        if self.response is not None:
            return f"Change the response to “{self.response[:60]}”"
        return (self.decision or "No decision") + (f": {self.reason}" if self.reason else "")

    @property
    def step(self) -> str:
        """What is, and what shall be."""
        if self.response is not None:
            return f"{(self.was or '(none)')[:60]} → {self.response[:60]}"
        return self.words

    def to_save(self, reason: str | None) -> dict[str, Any]:
        """As `review_batch` takes it; `reason` stands in where a needed one is missing."""
        action = "edit" if self.response is not None else ACTIONS[self.decision or "Approve"]
        return {
            "pair_id": self.pair_id, "version": self.version, "action": action,
            "response": self.response, "reason": reason if self.lacks_reason else self.reason,
        }  # fmt: skip


SHOWN = "grid-shown"
"""In the session: the page of the grid as it was read."""

Drafts = dict[str, Draft]
Conflicts = dict[str, ReviewConflict]


def drafts_of(training_sheet_id: str) -> Drafts:
    """The unsaved decisions of a training sheet, by pair."""
    kept: dict[str, Drafts] = st.session_state.setdefault("label-drafts", {})
    return kept.setdefault(training_sheet_id, {})


def conflicts_of(training_sheet_id: str) -> Conflicts:
    """Pairs whose decision was not saved because somebody else came first, as they are now."""
    kept: dict[str, Conflicts] = st.session_state.setdefault("label-conflicts", {})
    return kept.setdefault(training_sheet_id, {})


def read_again() -> None:
    """Show the grid as it is in the store now; its editor's edits were dealt with."""
    st.session_state.pop(SHOWN, None)
    st.rerun()


def unsaved() -> int:
    """Over all training sheets."""
    kept: dict[str, Drafts] = st.session_state.get("label-drafts", {})
    return sum(len(drafts) for drafts in kept.values())


def overlay(
    pairs: Sequence[Pair],
    before: Mapping[str, Draft],
    edits: Mapping[int, Mapping[str, Any]],
) -> Drafts:
    """The drafts that the grid's edits make of these pairs, on top of what they were `before`."""
    edited = [_edited(p, before.get(p.id), edits.get(at, {})) for at, p in enumerate(pairs)]
    return {draft.pair_id: draft for draft in edited if not draft.empty}


def _edited(pair: Pair, before: Draft | None, edit: Mapping[str, Any]) -> Draft:
    draft = before or Draft(
        pair.id,
        pair.item_ref,
        pair.version,
        bool((pair.response or "").strip()),
        was=pair.response,
    )
    if "response" in edit:
        draft = _answered(pair, draft, edit["response"] or "")
    if "decision" in edit:
        draft = replace(draft, decision=edit["decision"] or None)
    if "reason" in edit:
        draft = replace(draft, reason=(edit["reason"] or "").strip() or None)
    elif draft.lacks_reason and pair.review_reason:
        draft = replace(draft, reason=pair.review_reason)  # it stands in the row already
    return draft


def _answered(pair: Pair, draft: Draft, text: str) -> Draft:
    """What a written cell makes of the response, in whose place its own beginning never comes."""
    before = pair.response or ""
    drawn = draft.response if draft.response is not None else before
    if max(len(drawn), len(before)) <= MOST:
        return replace(draft, response=None if text == before else text)
    if text == cut(drawn):
        return draft
    return replace(draft, response=text or None, over_cut=bool(text))

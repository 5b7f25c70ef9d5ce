"""The grid: a hundred pairs a page, decided in place, saved in one go."""

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from ontos.generate.training_sheets import TrainingSheet
from ontos.kernel.caller import Caller
from ontos.label.labels import LabelDistribution, label_distribution
from ontos.label.pairs import Pair, PairCount, PairFilter, count_pairs, list_pairs
from ontos.warehouse import together
from pages.frame import loaded
from pages.guard import guard, keep_place
from pages.label.bar import conflict_panel, save, save_bar
from pages.label.batch import for_all
from pages.label.drafts import SHOWN, Drafts, drafts_of, overlay, unsaved
from pages.label.filters import asked_filter, draw_filters
from pages.label.grid import grid
from pages.label.training_sheets import chosen_with, may_review

ROWS = 100
GRID = "review-grid"
WHOLE = "grid-whole"
"""In the session while the whole page runs, not the desk alone: then only that can run again."""

Scope = Literal["app", "fragment"]
Rows = tuple[list[Pair], PairCount, LabelDistribution]
"""One page of pairs, the counts of all that match, and what the responses are."""


@dataclass
class Shown:
    """One page of the grid as it was read; `before` are the drafts it was drawn with."""

    key: str
    training_sheet_id: str
    pairs: list[Pair]
    counts: PairCount
    labels: LabelDistribution
    before: Drafts

    @property
    def pages(self) -> int:
        return max(-(-self.counts.count // ROWS), 1)


def draw(caller: Caller) -> None:
    st.session_state["grid-loads"] = st.session_state.get("grid-loads", 0) + 1
    st.session_state[WHOLE] = True
    _keep_edits()
    where, number = asked_filter(), _page_number()
    sheet, read = chosen_with(caller, lambda key: _rows(caller, key, where, number))
    _show(sheet, where, number, read)
    _desk(caller, sheet)


@st.fragment
def _desk(caller: Caller, sheet: TrainingSheet) -> None:
    """An edit reruns only this, and asks the warehouse nothing."""
    scope: Scope = "app" if st.session_state.pop(WHOLE, False) else "fragment"
    _keep_edits()
    where = asked_filter()
    shown, drafts = _read(caller, sheet, where, scope), drafts_of(sheet.id)
    draw_filters(shown.labels)
    if asked_filter() != where:  # the address had changed what the filter held before
        st.rerun(scope=scope)
    editable = may_review(caller, sheet)
    if editable:
        conflict_panel(sheet)
        with st.container(key="save-bar", horizontal=True, vertical_alignment="center"):
            here = {pair.id for pair in shown.pairs}
            asked = save_bar(drafts, here, shown.counts.count, shown.labels)
            for_all(caller, sheet, where, shown.counts, bool(drafts))
        with st.container():  # there always: what comes and goes above a grid draws it anew
            if asked:
                save(caller, sheet, drafts, shown.labels)
    if shown.pairs:
        with st.container(key=GRID):
            grid(shown.pairs, shown.before, drafts.keys(), key=shown.key, editable=editable)
        keep_place(f"{sheet.id}-{_page_number()}-{where.model_dump_json()}", shown.key, GRID)
        st.pagination(shown.pages, key="p", bind="query-params")
    else:
        st.info("No pair matches. Widen the filter.", icon=":material/filter_alt_off:")
    guard(unsaved())


def _read(caller: Caller, sheet: TrainingSheet, where: PairFilter, scope: Scope) -> Shown:
    """The page as it was read since the view was opened or saved; read now where it was not."""
    number = _page_number()
    shown: Shown | None = st.session_state.get(SHOWN)
    if shown is None or shown.key != _key(sheet, where, number):
        read = loaded(lambda: _rows(caller, sheet.id, where, number))
        shown = _show(sheet, where, number, read)
    if number > shown.pages:
        st.session_state["p"] = 1
        st.rerun(scope=scope)
    return shown


def _rows(caller: Caller, training_sheet_id: str, where: PairFilter, number: int) -> Rows:
    given = where.model_dump(exclude_none=True)
    page, counts, labels = together(
        lambda: list_pairs(
            caller, training_sheet_id, limit=ROWS, offset=ROWS * (number - 1), **given
        ),
        lambda: count_pairs(caller, training_sheet_id, **given),
        lambda: label_distribution(caller, training_sheet_id, top=200),
    )
    return page.items, counts, labels


def _show(sheet: TrainingSheet, where: PairFilter, number: int, read: Rows) -> Shown:
    """What was read becomes what is shown, beside what was drafted on it before."""
    pairs, counts, labels = read
    here = {pair.id for pair in pairs}
    before = {k: draft for k, draft in drafts_of(sheet.id).items() if k in here}
    shown = Shown(_key(sheet, where, number), sheet.id, pairs, counts, labels, before)
    st.session_state[SHOWN] = shown
    return shown


def _key(sheet: TrainingSheet, where: PairFilter, number: int) -> str:
    loads = st.session_state["grid-loads"]
    return f"grid-{sheet.id}-{loads}-{number}-{where.model_dump_json()}"


def _page_number() -> int:
    given = st.session_state["p"] if "p" in st.session_state else st.query_params.get("p", "1")
    return max(int(given), 1) if str(given).isdecimal() else 1


def _keep_edits() -> None:
    """What the editor holds becomes drafts before anything else is read or drawn."""
    shown: Shown | None = st.session_state.get(SHOWN)
    if shown is None or shown.key not in st.session_state:
        return
    drafts = drafts_of(shown.training_sheet_id)
    for pair in shown.pairs:
        drafts.pop(pair.id, None)
    edits = st.session_state[shown.key].get("edited_rows", {})
    drafts.update(overlay(shown.pairs, shown.before, edits))

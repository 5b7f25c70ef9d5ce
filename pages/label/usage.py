"""What items may be used for: what was set, by whom and why; and setting it for many."""

import streamlit as st

from ontos.generate.training_sheets import TrainingSheet
from ontos.kernel.caller import Caller
from ontos.label.pairs import USES
from ontos.label.usage import (
    Eligibility,
    ItemUsage,
    get_eligibility,
    list_usage,
    set_usage_of_pairs,
)
from ontos.warehouse import together
from pages.frame import attempt
from pages.label.filters import STATUSES
from pages.label.training_sheets import chosen_with
from pages.tables import rows_of
from pages.words import many

USE_WORDS = {
    "training": "Training", "validation": "Validation", "evaluation": "Evaluation",
    "few_shot": "Few-shot examples", "testing": "Testing",
}  # fmt: skip


def draw(caller: Caller) -> None:
    sheet, (given, training) = chosen_with(caller, lambda key: together(
        lambda: list_usage(caller, key, limit=500), lambda: get_eligibility(caller, key)
    ))  # fmt: skip
    _summary(training, len(given.items), given.next_cursor is not None)
    if given.items:
        _table(given.items)
    _set(caller, sheet)


def _summary(training: Eligibility, shown: int, more: bool) -> None:
    count = f"{shown:,} or more items" if more else many(shown, "item")
    has = "has" if shown == 1 and not more else "have"
    barred = many(training.prohibited, "accepted pair")
    st.markdown(
        f"**{count}** {has} constraints; all others may be used for everything. "
        f"{barred} {'is' if training.prohibited == 1 else 'are'} barred from training by them."
    )


def _table(items: list[ItemUsage]) -> None:
    column = st.column_config
    st.dataframe(
        rows_of([
            {"item": u.item_ref, "allowed": [USE_WORDS[x] for x in u.allowed_uses],
             "prohibited": [USE_WORDS[x] for x in u.prohibited_uses], "why": u.reason,
             "by": u.updated_by, "when": u.updated_at}
            for u in items
        ]),
        hide_index=True,
        column_config={
            "item": column.TextColumn("Item"),
            "allowed": column.ListColumn("Allowed"),
            "prohibited": column.ListColumn("Prohibited"),
            "why": column.TextColumn("Why", width="medium"),
            "by": column.TextColumn("Set by"),
            "when": column.DatetimeColumn("Set", format="distance"),
        },
    )  # fmt: skip


def _set(caller: Caller, sheet: TrainingSheet) -> None:
    with st.form("usage", border=True):
        st.markdown("**Set what items may be used for**")
        st.caption("It belongs to the item: every pair made of it, now or later, inherits it.")
        item, status, response = st.columns(3)
        where = {
            "item_ref": item.text_input("Item", placeholder="Any") or None,
            "review_status": status.selectbox(
                "Status of the pair",
                STATUSES,
                index=None,
                placeholder="Any",
                format_func=str.capitalize,
            ),
            "label": response.text_input("Response is", placeholder="Any") or None,
        }
        words = USE_WORDS.__getitem__
        allowed = st.pills("Allowed", USES, selection_mode="multi", default=USES, format_func=words)
        prohibited = st.pills("Prohibited", USES, selection_mode="multi", format_func=words,
                              help="Prohibition wins over allowance.")  # fmt: skip
        reason = st.text_input("Why", placeholder="Consent withdrawn, contract, licence, …")
        everything = st.checkbox("Yes, for every item of this training sheet", value=False,
                                 help="Needed when nothing above narrows it down.")  # fmt: skip
        if st.form_submit_button("Set for the items that match", type="primary"):
            if not any(where.values()) and not everything:
                st.warning("Say which items: name one, choose a status or a response, or tick all.")
                return
            usage = {"where": where, "allowed_uses": allowed,
                     "prohibited_uses": prohibited, "reason": reason}  # fmt: skip
            if attempt(set_usage_of_pairs, caller, sheet.id, usage,
                       done=lambda change: f"Set for {many(change.changed, 'item')}"):  # fmt: skip
                st.rerun()

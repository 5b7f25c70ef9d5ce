"""Asks before unsaved decisions are left behind: on closing, reloading or leaving the page."""

from functools import cache
from typing import Any

import streamlit as st

_JS = """
const STATE = "__ontosUnsaved"

export default function (component) {
  const count = component.data?.count ?? 0
  if (!window[STATE]) {
    window[STATE] = { count: 0 }
    window.addEventListener("beforeunload", event => {
      if (window[STATE].count > 0) event.preventDefault()
    })
    document.addEventListener("click", event => {
      const link = event.target.closest?.('[data-testid="stSidebarNav"] a')
      const unsaved = window[STATE].count
      if (!link || unsaved === 0) return
      const text = `${unsaved} unsaved decision(s) are kept only while this tab is open. Leave?`
      if (!window.confirm(text)) { event.preventDefault(); event.stopPropagation() }
    }, true)
  }
  window[STATE].count = count
}
"""


@cache
def _component() -> Any:
    return st.components.v2.component("ontos_unsaved_guard", js=_JS)


def guard(unsaved: int) -> None:
    """Mount it with the number of unsaved decisions; 0 lets everything pass."""
    _component()(key="unsaved-guard", data={"count": unsaved}, height=1)

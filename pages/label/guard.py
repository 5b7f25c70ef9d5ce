"""What a page cannot do from Python: ask before unsaved work is left, and place the cursor."""

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


_FOCUS = """
export default function (component) {
  const field = document.querySelector(`.${component.data.within} :is(textarea, input)`)
  if (field && document.activeElement !== field) field.focus()
}
"""


@cache
def _component(name: str, js: str) -> Any:
    return st.components.v2.component(name, js=js)


def guard(unsaved: int) -> None:
    """Ask before that many unsaved decisions are left behind; 0 lets everything pass."""
    _component("ontos_guard", _JS)(key="unsaved-guard", data={"count": unsaved}, height=1)


def focus_on(within: str) -> None:
    """Place the cursor in the field inside the element of this class."""
    _component("ontos_focus", _FOCUS)(key=f"focus-{within}", data={"within": within}, height=1)

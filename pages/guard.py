"""What a page cannot do from Python: ask before unsaved work is left, and place the cursor."""

from functools import cache
from typing import Any

import streamlit as st

_JS = """
const STATE = "__ontosUnsaved"
const LINK = '[data-testid="stSidebarNav"] a'
const KINDS = {
  decisions: { ways: LINK,
    text: n => `${n} unsaved ${n === 1 ? "decision is" : "decisions are"} kept only while ` +
      "this tab is open. Leave?" },
  text: { ways: `${LINK}, [class*="st-key-leave-"] button, .st-key-view button`,
    text: () => "What you wrote is not saved, and is lost when you leave. Leave?" },
}

function listen() {
  const left = window[STATE] = { decisions: 0, text: 0, told: 0 }
  window.addEventListener("beforeunload", event => {
    if (left.decisions + left.text > 0) event.preventDefault()
  })
  document.addEventListener("input", event => {
    if (left.watching && event.target.closest?.(`.st-key-${left.watching}`)) left.text = 1
  }, true)
  document.addEventListener("click", event => {
    for (const [kind, { ways, text }] of Object.entries(KINDS)) {
      if (left[kind] === 0 || !event.target.closest?.(ways)) continue
      if (kind === "decisions" && left.told === left.decisions) continue
      if (!window.confirm(text(left[kind]))) {
        event.preventDefault()
        event.stopPropagation()
        return
      }
      if (kind === "text") left.text = 0
      else left.told = left.decisions
    }
  }, true)
}

export default function (component) {
  const { kind, count, within } = component.data
  if (!window[STATE]) listen()
  const left = window[STATE]
  left[kind] = count
  if (kind === "decisions") {
    if (count === 0) left.told = 0
    return
  }
  left.watching = within
  return () => { left.text = 0; left.watching = null }
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
    """Ask once before that many unsaved decisions are left behind; 0 lets everything pass."""
    data = {"kind": "decisions", "count": unsaved}
    _component("ontos_guard", _JS)(key="unsaved-guard", data=data, height=1)


def guard_text(changed: bool, within: str) -> None:
    """Ask before what was written in the fields of the container of this key is lost.

    Also for what is written and not yet sent: a field is sent when it is left.
    """
    data = {"kind": "text", "count": int(changed), "within": within}
    _component("ontos_guard", _JS)(key="text-guard", data=data, height=1)


def focus_on(within: str) -> None:
    """Place the cursor in the field inside the element of this class."""
    _component("ontos_focus", _FOCUS)(key=f"focus-{within}", data={"within": within}, height=1)

"""What a page cannot do from Python: ask before unsaved work is left, place the cursor, keep the
browser's history to what a person did, follow links within the app, and tell what was sent."""

from collections.abc import Sequence
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
  text: { ways: `${LINK}, [class*="st-key-leave-"] button, .st-key-view button, ` +
      '[data-testid="stPageLink"] a, [data-testid="stMarkdownContainer"] a',
    text: () => "What you changed here is not saved, and is lost when you leave. Leave?" },
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

_LET_GO = """
export default function (component) {
  document.activeElement?.closest(`.${component.data.within}`) && document.activeElement.blur()
}
"""


_SEEN = """
const STATE = "__ontosSeen"
const REST_MS = 200
const KEYS = /^[axfz1-9]$/i

function listen() {
  const seen = window[STATE] = { shown: "", within: "none", since: 0 }
  const drop = event => {
    if (!document.querySelector(`.st-key-${seen.within}`)) return
    if (!event.repeat && performance.now() - seen.since > REST_MS) return
    event.preventDefault()
    event.stopImmediatePropagation()
  }
  window.addEventListener("keydown", event => {
    const writing = event.target.closest?.("input, textarea, [contenteditable=true]")
    const held = event.ctrlKey || event.metaKey || event.altKey
    if (KEYS.test(event.key) && !writing && !held) drop(event)
  }, true)
  window.addEventListener("click", event => {
    if (event.target.closest?.(`.st-key-${seen.within} button`)) drop(event)
  }, true)
}

export default function (component) {
  if (!window[STATE]) listen()
  const { shown, within } = component.data
  const seen = window[STATE]
  if (seen.shown !== shown) Object.assign(seen, { shown, within, since: performance.now() })
}
"""
"""A key that is held decides once, and what was drawn a moment ago is not decided on yet."""

_PLACE = """
const STATE = "__ontosPlace"
const FRAMES = 120

function listen() {
  const kept = window[STATE] = { place: "", drawn: "", within: "none", top: 0, grid: null }
  document.addEventListener("scroll", event => {
    const grid = event.target
    if (grid.matches?.(`.st-key-${kept.within} .dvn-scroller`))
      Object.assign(kept, { grid, top: grid.scrollTop })
  }, true)
}

function restore(kept, grid, top, frames) {
  const now = document.querySelector(`.st-key-${kept.within} .dvn-scroller`)
  if (now && now !== grid && now.scrollHeight > now.clientHeight) now.scrollTop = top
  else if (frames > 0) requestAnimationFrame(() => restore(kept, grid, top, frames - 1))
}

export default function (component) {
  if (!window[STATE]) listen()
  const kept = window[STATE], { place, drawn, within } = component.data
  if (kept.drawn === drawn) return
  if (kept.place === place && kept.top > 0) restore(kept, kept.grid, kept.top, FRAMES)
  else kept.top = 0
  Object.assign(kept, { place, drawn, within })
}
"""


_HISTORY = """
const STATE = "__ontosHistory"

function follow(event, pages) {
  const link = event.target.closest?.('[data-testid="stMarkdownContainer"] a')
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return
  const to = new URL(link.href)
  if (to.origin !== location.origin || !pages.includes(to.pathname.slice(1))) return
  event.preventDefault()
  window.history.pushState({}, "", to)
  window.dispatchEvent(new PopStateEvent("popstate"))
}

export default function (component) {
  if (window[STATE]) return
  const acts = window[STATE] = { fresh: false }
  for (const kind of ["click", "keydown"]) {
    document.addEventListener(kind, () => { acts.fresh = true }, true)
  }
  const push = window.history.pushState.bind(window.history)
  window.history.pushState = (state, title, address) => {
    if (acts.fresh) push(state, title, address)
    else window.history.replaceState(state, title, address)
    acts.fresh = false
  }
  document.addEventListener("click", event => follow(event, component.data.pages))
}
"""


_ONCE = """
const STATE = "__ontosOnce"
const SEND = '[data-testid="stFormSubmitButton"] button, [class*="st-key-once-"] button'

export default function () {
  if (window[STATE]) return
  window[STATE] = true
  const app = document.querySelector('[data-testid="stApp"]')
  document.addEventListener("click", event => {
    event.target.closest?.(SEND)?.setAttribute("data-sent", "")
  }, true)
  new MutationObserver(() => {
    if (app.dataset.testScriptState !== "notRunning") return
    for (const sent of document.querySelectorAll("[data-sent]")) sent.removeAttribute("data-sent")
  }).observe(app, { attributeFilter: ["data-test-script-state"] })
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


def one_step_an_act(pages: Sequence[str]) -> None:
    """A click or a key leads one step on in the browser's history, so that one Back undoes it.

    Streamlit makes a step of each change of the address: on the way to another page it makes one of
    the page that is left with the parameters of the next. Links in text to one of the `pages` are
    such a step too, where Streamlit would open another tab, in which nobody has begun anything.
    """
    with st.container(key="history"):
        _component("ontos_history", _HISTORY)(
            key="history-steps", data={"pages": list(pages)}, height=1
        )


def mark_sent() -> None:
    """A button is marked from its press until the page has dealt with it: of a form, or `once-…`.

    Meanwhile its style takes no second press. The page may run for other reasons, too: the field
    that was left to press the button.
    """
    with st.container(key="sent"):
        _component("ontos_sent", _ONCE)(key="sent-once", height=1)


def only_seen(shown: str, within: str) -> None:
    """Take no decision by a held key, nor on what has been `shown` for less than a glance.

    The decisions are the buttons of the container of this key, and their shortcuts.
    """
    data = {"shown": shown, "within": within}
    _component("ontos_seen", _SEEN)(key="seen-guard", data=data, height=1)


def let_go(within: str) -> None:
    """Take the cursor out of the field inside the element of this class."""
    _component("ontos_let_go", _LET_GO)(key=f"let-go-{within}", data={"within": within}, height=1)


def keep_place(place: str, drawn: str, within: str) -> None:
    """A grid that is `drawn` anew at the same `place` is scrolled to where it was.

    It is the one in the container of the key `within`; `drawn` names each drawing of it.
    """
    data = {"place": place, "drawn": drawn, "within": within}
    _component("ontos_place", _PLACE)(key="place-guard", data=data, height=1)

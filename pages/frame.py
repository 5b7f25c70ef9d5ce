"""What every page is made of: who asks, views, reads side by side, errors, empty states."""

import importlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

import streamlit as st
from pydantic import ValidationError

from ontos.doors import process
from ontos.doors.session import can_sign_in, from_session
from ontos.kernel import logs
from ontos.kernel.caller import Caller
from ontos.kernel.correlation import correlation
from ontos.kernel.errors import Denied, Invalid, OntosError
from ontos.kernel.fields import explain
from ontos.kernel.jobs import Job
from ontos.kernel.permission import Level
from ontos.warehouse import so_far, together
from pages import place
from pages.data.words import escaped
from pages.memory import set_aside
from pages.words import named

T = TypeVar("T")

COLOURS = {
    "draft": "gray", "published": "green", "archived": "gray",
    "pending": "gray", "approved": "green", "edited": "blue", "rejected": "red",
    "flagged": "orange",
    "assembling": "blue", "ready": "green", "failed": "red",
    "queued": "gray", "running": "blue", "succeeded": "green", "cancelled": "gray",
    "timeout": "orange", "creating": "blue", "updating": "blue", "deleted": "gray",
    "open": "orange", "tasked": "blue", "retraining": "blue", "closed": "green", "done": "green",
    "refused": "orange",
}  # fmt: skip


STAGE = "stage"
"""In the session: the stage that is shown."""

CARRIED = ("sheet", "endpoint")
"""What is chosen at several stages, and stays chosen from one to the next."""


@dataclass(frozen=True)
class View:
    """One way to look at a stage; `module` has a `draw(caller)`.

    `feature` is what it writes on, where that is not the stage's and it does not say so itself.
    """

    key: str
    title: str
    module: str
    feature: str | None = None


def stage(title: str, purpose: str, views: Sequence[View], feature: str | None = None) -> None:
    """Draw a stage's title and its choice of views; run only the chosen view.

    Whoever may not write on the `feature`, or the view's own, is told before a button refuses them.
    """
    asking = caller()
    st.session_state[STAGE] = title
    st.title(title, anchor=False)
    st.caption(purpose)
    chosen = _chosen(views)
    _may_write(asking, chosen.feature or feature)
    try:
        importlib.import_module(chosen.module).draw(asking)
    except OntosError as error:
        show(error)
    except Exception:
        logs.failure("a view failed", stage=title, view=chosen.key)
        _failed()
    _footer()
    set_aside()


def _may_write(asking: Caller, feature: str | None) -> None:
    held = asking.levels.get(feature, Level.none) if feature else Level.write
    if held == Level.read:  # without any, the view itself is refused, with its reason
        st.caption(
            ":material/lock: You may look at all of this and change nothing. "
            "Ask an administrator for a role that may."
        )


def _failed() -> None:
    """What nobody foresaw: not the person's doing, and found again by its reference."""
    st.error("**This view failed.** It is not something that you did, and the log says more.",
             icon=":material/error:")  # fmt: skip
    st.caption(f"Reference {correlation()[:12]}")
    st.button("Try again", icon=":material/refresh:", key="try-again")


def _chosen(views: Sequence[View]) -> View:
    """The view that the address names, else the first; choosing one changes the address."""
    by_key = {view.key: view for view in views}
    if len(views) == 1:
        return views[0]
    asked = param("view")
    st.session_state["view"] = asked if asked in by_key else views[0].key
    key = st.segmented_control(
        "View", list(by_key), required=True, key="view", format_func=lambda k: by_key[k].title,
        label_visibility="collapsed", on_change=_to_address, args=("view", "view"),
    )  # fmt: skip
    return by_key[str(key)]


def _to_address(name: str, state: str) -> None:
    """What a person chose, and nothing else, is written into the address: each write is a step
    that the browser's Back has to take."""
    st.query_params[name] = st.session_state[state]


def _footer() -> None:
    """What the whole page asked of the warehouse, who asks included."""
    cost = so_far()
    if cost is None or not process.workbench().settings.debug_footer:
        return
    st.caption(
        f":material/database: {cost.statements} statements · {cost.waits} sequential waits · "
        f"{cost.seconds * 1000:.0f} ms in the warehouse"
    )


def caller() -> Caller:
    """Who is looking at this page, in the org and project they chose.

    Asks them to sign in where it must, and leads out of a place that is not theirs.
    """
    bench = process.workbench()
    try:
        asking = from_session(bench, *place.chosen())
        place.remember(asking)
        return asking
    except OntosError as error:
        denied = isinstance(error, Denied)
        st.title("Not yours to enter" if denied else "Sign in", anchor=False)
        show(error)
        if denied:
            st.button("Leave", on_click=place.leave, icon=":material/arrow_back:")
            st.stop()
        if can_sign_in(bench):
            st.button("Sign in", on_click=st.login, type="primary")
        st.stop()


def show(error: OntosError) -> None:
    """A refusal in the page: what is wrong, what to do, and the id that the log knows it by.

    As it is: Markdown would take the quotes from the names in a GRANT that is to be copied.
    """
    detail = error.detail
    if error.field:
        detail = detail.replace(f"{error.field}: ", f"{named(error.field)}: ", 1)
    st.error(f"**{error.title}.** {escaped(detail)}", icon=":material/error:")
    st.caption(f"Reference {correlation()[:12]}")


def loaded(*reads: Callable[[], Any]) -> Any:
    """The answers of several reads, run side by side: one wait. Stops the view on an error.

    One read gives its answer itself; several give a list in the same order.
    """
    try:
        answers = together(*reads)
    except OntosError as error:
        show(error)
        st.stop()
    return answers[0] if len(reads) == 1 else answers


def or_reason(read: Callable[[], T]) -> Callable[[], T | OntosError]:
    """The read, which gives its refusal instead of raising it: the rest of the view is shown."""

    def tried() -> T | OntosError:
        try:
            return read()
        except OntosError as error:
            return error

    return tried


def attempt(
    operation: Callable[..., T], *args: Any, done: str | Callable[[T], str] | None = None, **kw: Any
) -> T | None:
    """Call an operation that writes: say what it did, or show why it was refused (None)."""
    try:
        result = operation(*args, **kw)
    except ValidationError as error:
        field, message = explain(error.errors())
        show(Invalid(message, field=field))
        return None
    except OntosError as error:
        show(error)
        return None
    if done:
        st.toast(done(result) if callable(done) else done, icon=":material/check_circle:")
    return result


def empty(
    title: str,
    text: str,
    action: str | None = None,
    to: tuple[str, str] | None = None,
    **params: str,
) -> None:
    """An empty state: what would be here, and the way to fill it."""
    with st.container(border=True):
        st.subheader(title, anchor=False)
        st.write(text)
        if action and to:
            key = f"empty-{title}"
            if st.button(action, type="primary", key=key, icon=":material/arrow_forward:"):
                go(*to, **params)


def go(stage: str, view: str | None = None, **params: Any) -> None:
    """Open another stage's page, at a view and with query parameters."""
    st.switch_page(f"{stage}/page.py", query_params=_query(view, params))


def link(stage: str, view: str | None = None, **params: Any) -> str:
    """The address of a page in this org and project, for links in text and grids."""
    given = _query(view, params) | ({"embed": "true"} if st.context.is_embedded else {})
    return f"/{'' if stage == 'home' else stage}" + (f"?{urlencode(given)}" if given else "")


def step(
    label: str, stage: str, view: str | None = None, *, icon: str | None = None, **params: Any
) -> None:
    """A link within the app: it opens in the same tab, and stays in the frame of another site."""
    st.page_link(f"{stage}/page.py", label=label, icon=icon, query_params=_query(view, params))


def _query(view: str | None, params: Mapping[str, Any]) -> dict[str, str]:
    """The parameters of an address, the place among them."""
    given = {**place.named(), "view": view, **params}
    return {name: str(value) for name, value in given.items() if value is not None}


def param(name: str) -> str | None:
    """A query parameter of the page's address."""
    value = st.query_params.get(name)
    return value or None


def pick(
    label: str,
    items: Sequence[T],
    key: str,
    *,
    title: Callable[[T], str],
    identity: Callable[[T], str] = lambda item: item.id,  # type: ignore[attr-defined]
    first: str | None = None,
    help: str | None = None,
) -> T | None:
    """Choose one of several records: the address names it under `key`, else it is what was chosen
    last, else `first`, or the first of them."""
    by_id = {identity(item): item for item in items}
    if not by_id:
        return None
    state = f"pick-{key}"
    st.session_state[state] = _picked(by_id, key, state, first)
    chosen = st.selectbox(
        label, list(by_id), format_func=lambda k: title(by_id[k]), key=state, help=help,
        on_change=_to_address, args=(key, state),
    )  # fmt: skip
    if key in CARRIED:
        st.session_state[f"{state}-last"] = chosen
    return by_id[chosen]


def last_pick(key: str) -> str | None:
    """What was chosen last: in the widget that is shown, or at another stage."""
    state = f"pick-{key}"
    return st.session_state.get(state) or st.session_state.get(f"{state}-last")


def _picked(by_id: Mapping[str, Any], key: str, state: str, first: str | None) -> str:
    """What the address names; else what was shown, unless going back took it out of the address."""
    wanted, last, here = param(key), last_pick(key), st.session_state.get(STAGE)
    before = st.session_state.get(f"{state}-address")
    st.session_state[f"{state}-address"] = here, wanted
    if wanted in by_id:
        return str(wanted)
    if wanted and before != (here, wanted):
        another_is_shown()
    gone_back = before and before[0] == here and before[1] and not wanted
    if last in by_id and not gone_back:
        return last
    return first if first in by_id else next(iter(by_id))


def another_is_shown() -> None:
    """What was asked for by the address cannot be chosen."""
    st.warning("What the address names is not here. Another is shown.",
               icon=":material/link_off:")  # fmt: skip


def polled(seconds: float) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A part of the page that redraws itself while something runs."""
    return lambda draw: st.fragment(draw, run_every=seconds)  # type: ignore[return-value]


def mark(text: str) -> str:
    """A coloured badge of a state, inside Markdown."""
    return f":{COLOURS.get(text, 'gray')}-badge[{text.replace('_', ' ')}]"


def progress(job: Job) -> None:
    """A job's bar, or its end."""
    if job.status in ("queued", "running"):
        text = job.message or ("Waiting for a free worker" if job.status == "queued" else "Working")
        st.progress(min(job.progress, 100.0) / 100, text=escaped(f"{job.title}: {text}"))
    elif job.status == "failed":
        st.error(escaped(f"{job.title} failed. {job.error}"), icon=":material/error:")
    elif job.status == "cancelled":
        st.info(escaped(f"{job.title} was cancelled."), icon=":material/cancel:")


def pretty(value: Any) -> str:
    """JSON for people."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)

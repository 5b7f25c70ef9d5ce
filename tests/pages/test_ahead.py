"""What a page reads beside its list: once for each thing, whether it is shown or refused."""

import pytest
from streamlit.testing.v1 import AppTest


def _page() -> None:
    """Shows one of two things, of which one is refused."""
    from types import SimpleNamespace

    import streamlit as st

    from ontos.kernel.errors import Denied
    from ontos.kernel.seen import Seen
    from ontos.kernel.tenancy import Tenant
    from pages.ahead import read_ahead

    asked = st.session_state["asked"] = []
    chosen = st.session_state["chosen"]

    def read(key: str) -> str:
        asked.append(key)
        if key == "closed":
            raise Denied("Ask its owner.")
        return f"all of {key}"

    caller = SimpleNamespace(tenant=Tenant("ahead"), seen=Seen())
    _, ahead = read_ahead(
        caller, "page", "thing", lambda: ["closed", "open"], read, first=lambda found: found[0]
    )
    st.write(ahead.of(chosen))


def shown(guess: str, chosen: str) -> AppTest:
    page = AppTest.from_function(_page)
    page.session_state["pick-thing"], page.session_state["chosen"] = guess, chosen
    return page.run()


@pytest.mark.parametrize(("guess", "asked"), [("open", ["open"]), ("closed", ["closed", "open"])])
def test_a_wrong_guess_costs_a_read_and_is_not_told(guess: str, asked: list[str]) -> None:
    page = shown(guess, "open")
    assert (page.markdown[0].value, page.session_state["asked"]) == ("all of open", asked)
    assert not page.error


@pytest.mark.parametrize(("guess", "asked"), [("closed", ["closed"]), ("open", ["open", "closed"])])
def test_what_is_refused_is_asked_for_once(guess: str, asked: list[str]) -> None:
    page = shown(guess, "closed")
    assert "Ask its owner" in page.error[0].value
    assert (list(page.markdown), page.session_state["asked"]) == ([], asked)

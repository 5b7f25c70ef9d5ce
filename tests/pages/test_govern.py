import pytest

from ontos.bootstrap import Workbench
from ontos.govern.tokens import list_tokens
from ontos.kernel.caller import Caller
from tests.pages.opened import opened, press, texts

VIEWS = ("audit", "lineage", "members", "roles", "tokens", "orgs")


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_opens_empty(bench: Workbench, view: str) -> None:
    assert "Govern" in texts(opened(bench, "govern", view=view))


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_opens_full(bench: Workbench, caller: Caller, view: str) -> None:
    from ontos.sample.project import load_sample

    load_sample(caller)
    opened(bench, "govern", view=view)


def test_a_token_is_shown_once(bench: Workbench, caller: Caller) -> None:
    page = opened(bench, "govern", view="tokens")
    page.text_input[0].input("nightly")
    page.selectbox(key="scope-sheets").select("read")
    page = press(page, "Make the token")
    made = list_tokens(caller).items[0]
    assert (made.title, made.scopes) == ("nightly", {"sheets": "read"})
    assert any(code.value.startswith("ontos_") for code in page.code)
    assert not any(code.value.startswith("ontos_") for code in page.run().code)

"""What every page is made of."""

from streamlit.testing.v1 import AppTest

from ontos.bootstrap import Workbench
from ontos.doors import process
from tests.pages.opened import FAILED, texts


def broken_page() -> None:
    from pages.frame import View, stage

    stage("Broken", "It fails.", (View("broken", "Broken", "tests.pages.broken"),))


def test_a_view_that_fails_says_so_with_a_reference(bench: Workbench) -> None:
    process.use(bench)
    page = AppTest.from_function(broken_page, default_timeout=60).run()
    assert not page.exception
    assert page.error[0].value == FAILED and "Reference " in texts(page)
    assert "Try again" in [button.label for button in page.button]

import pytest

from ontos.bootstrap import Workbench
from ontos.kernel.caller import Caller
from ontos.sample.project import get_sample
from tests.pages.opened import figure, opened, press, texts


def test_an_empty_home_says_how_to_begin(bench: Workbench) -> None:
    page = opened(bench, "home")
    assert "Nothing here yet" in texts(page)
    assert {"Upload a table", "Load the sample project"} <= {b.label for b in page.button}


def test_the_sample_loads_and_goes_by_click(bench: Workbench, caller: Caller) -> None:
    page = press(opened(bench, "home"), "Load the sample project")
    assert get_sample(caller).loaded and figure(page, "items") == "304"
    page = press(opened(bench, "home"), "Remove it")
    assert not get_sample(caller).loaded


@pytest.mark.parametrize("view", ["gaps", "feedback"])
def test_an_empty_improve_says_what_comes_first(bench: Workbench, view: str) -> None:
    said = texts(opened(bench, "improve", view=view))
    assert "No endpoint yet" in said or "No feedback yet" in said

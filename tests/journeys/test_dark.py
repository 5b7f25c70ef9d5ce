"""In the dark theme, what Streamlit or Graphviz would leave dim has an ink that is read."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator

from tests.journeys.driver import Driver
from tests.serving import App

pytestmark = pytest.mark.browser

INK = "e => getComputedStyle(e).{}"


@pytest.fixture
def dark(app: App, browser: Browser) -> Iterator[Driver]:
    page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="dark")
    yield Driver(page, app.url)
    page.close()


def test_a_chosen_view_and_the_steps_of_a_graph_are_bright(app: App, dark: Driver) -> None:
    app.api("POST", "/sample")
    dark.open("govern", "lineage")
    chosen = dark.main.get_by_role("radio", name="Lineage")
    step = dark.main.get_by_test_id("stGraphVizChart").locator(".edge text").first
    assert brightness(chosen, "color") > 140 and brightness(step, "fill") > 140


def test_code_in_small_print_is_as_bright_as_the_rest_of_it(dark: Driver) -> None:
    dark.open("govern", "tokens")
    caption = dark.main.get_by_test_id("stCaptionContainer").filter(has_text="X-Ontos-Token")
    ink = INK.format("color")
    assert caption.locator("code").first.evaluate(ink) == caption.locator("p").evaluate(ink)


def brightness(of: Locator, ink: str) -> float:
    """The mean of red, green and blue, of 255."""
    of.wait_for()
    parts = of.evaluate(INK.format(ink)).removeprefix("rgb(").removesuffix(")").split(", ")
    return sum(map(int, parts)) / 3

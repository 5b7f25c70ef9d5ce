"""Forms take the press that sends them, whatever else the page is busy with."""

import pytest

from tests.journeys.driver import Driver

pytestmark = pytest.mark.browser

RUN = """document.querySelector('[data-testid="stApp"]')
  .setAttribute('data-test-script-state', 'running')"""
SENT = "[data-sent]"
TAKES = "button => getComputedStyle(button).pointerEvents"


def test_a_press_is_taken_while_the_page_runs_for_another_reason(driver: Driver) -> None:
    driver.open("govern", "projects")
    driver.field("Id").fill("claims")
    driver.field("Title").fill("Claims of the year")
    driver.page.evaluate(RUN)
    driver.button("Make the project").click(timeout=5000)
    driver.settle()
    driver.sees("Claims of the year")
    assert driver.page.locator(SENT).count() == 0


@pytest.mark.parametrize("view", [("govern", "projects"), ("generate", "templates")])
def test_what_was_pressed_takes_no_second_press(driver: Driver, view: tuple[str, str]) -> None:
    driver.open(*view, template="new")
    button = driver.button("Make the project" if view[0] == "govern" else "Save as draft")
    driver.page.evaluate(RUN)
    assert button.evaluate(TAKES) == "auto"
    button.evaluate("button => button.dataset.sent = ''")
    assert button.evaluate(TAKES) == "none"

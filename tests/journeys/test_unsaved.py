"""What is not saved is not lost without a question."""

import pytest
from playwright.sync_api import Dialog

from tests.journeys.driver import Driver
from tests.serving import App

pytestmark = pytest.mark.browser


class Answers:
    """Answers the browser's questions, and keeps them."""

    def __init__(self, on: Driver) -> None:
        self.leave, self.asked = False, list[str]()
        on.page.on("dialog", self._answer)

    def _answer(self, dialog: Dialog) -> None:
        self.asked.append(dialog.message)
        dialog.accept() if self.leave else dialog.dismiss()


def test_a_written_prompt_is_not_lost_without_a_question(driver: Driver) -> None:
    answers = Answers(driver)
    driver.open("generate", "templates", template="new")
    driver.go("Train")
    driver.sees("Nothing to train on yet")
    driver.open("generate", "templates", template="new")
    driver.field("User prompt").fill("Message: {{ text }}")  # and not left yet
    driver.go("Train")
    driver.sees("New template")
    assert len(answers.asked) == 1 and "is not saved" in answers.asked[0]
    driver.press("All templates")
    driver.view("Assemble")
    driver.sees("New template")
    assert len(answers.asked) == 3
    answers.leave = True
    driver.go("Train")
    driver.sees("Nothing to train on yet")
    driver.go("Home")
    driver.sees("From governed data")
    assert len(answers.asked) == 4


def test_changed_levels_are_not_lost_without_a_question(driver: Driver) -> None:
    answers = Answers(driver)
    driver.open("govern", "roles")
    choose_level(driver, "Consumer", 1, "admin")
    driver.sees("Consumer, sheets: read")
    driver.view("Members")
    driver.sees("Consumer, sheets: read")
    assert len(answers.asked) == 1 and "is not saved" in answers.asked[0]
    answers.leave = True
    driver.view("Members")
    driver.view("Audit")
    assert len(answers.asked) == 2


def choose_level(on: Driver, column: str, row: int, level: str) -> None:
    """The cell is opened by Enter, and its list by what is typed."""
    cell = on._cell(column, row, 0)
    on._cell("On", 1, 0).focus()
    cell.focus()
    on.page.keyboard.press("Enter")
    on.page.keyboard.type(level)
    on.page.keyboard.press("Enter")
    on.settle()


def test_what_was_saved_is_left_without_a_question(driver: Driver) -> None:
    answers = Answers(driver)
    driver.open("generate", "templates", template="new")
    driver.write("Name", "Sort")
    driver.write("Label type", "topic")
    driver.write("User prompt", "Message: {{ text }}")
    driver.press("Save as draft")
    driver.sees("draft")
    driver.go("Train")
    driver.sees("Nothing to train on yet")
    assert answers.asked == []


def test_unsaved_decisions_are_asked_about_once(driver: Driver, app: App) -> None:
    answers = Answers(driver)
    sheet = app.api("POST", "/sample")["training_sheet_id"]
    app.api.until(f"/training-sheets/{sheet}", ("ready",))
    driver.open("label", "review", sheet=sheet)
    driver.type_into("Response", 1, "another")
    driver.sees("1 unsaved change")
    driver.go("Train")
    driver.sees("1 unsaved change")
    assert len(answers.asked) == 1 and "while this tab is open" in answers.asked[0]
    answers.leave = True
    driver.go("Train")
    driver.go("Home")
    driver.go("Label")
    driver.sees("1 unsaved change")
    assert len(answers.asked) == 2

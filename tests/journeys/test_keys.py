"""Labelling by keyboard alone, one pair at a time."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys.driver import Driver
from tests.serving import App

pytestmark = pytest.mark.browser


def sample(app: App) -> Any:
    """The training sheet of the sample project, once it is ready."""
    sheet = app.api("POST", "/sample")["training_sheet_id"]
    return app.api.until(f"/training-sheets/{sheet}", ("ready",))


def test_pairs_are_decided_by_keys_and_the_meter_follows(driver: Driver, app: App) -> None:
    loaded = sample(app)
    sheet, total = loaded["id"], loaded["total_items"]
    driver.open("label", "focus", sheet=sheet)
    driver.sees(f"0 of {total} reviewed", "1 of 304")
    press(driver, "a")
    driver.sees(f"1 of {total} reviewed", "2 of 304")
    press(driver, "j")
    press(driver, "k")
    press(driver, "1")
    driver.sees(f"2 of {total} reviewed")
    press(driver, "z")
    driver.sees(f"1 of {total} reviewed", "2 of 304")
    press(driver, "e")
    driver.page.keyboard.press("Escape")
    driver.settle()
    press(driver, "x")
    driver.sees(re.compile("Say why you reject"))
    expect(driver.field("Why, to reject or flag")).to_be_focused()
    driver.page.keyboard.type("Nonsense")
    press(driver, "Enter")
    press(driver, "x")
    driver.sees(f"2 of {total} reviewed", "1 rejected")
    driver.healthy()
    assert driver.page.get_by_test_id("stException").count() == 0


def test_keys_decide_on_nothing_that_nobody_could_see(driver: Driver, app: App) -> None:
    [loaded] = app.api("GET", "/training-sheets")["items"] or [sample(app)]
    sheet, before = loaded["id"], loaded["pending_count"]
    driver.open("label", "focus", sheet=sheet)

    def decided() -> int:
        driver.settle()
        return int(before - app.api("GET", f"/training-sheets/{sheet}")["pending_count"])

    for _ in range(20):  # it repeats until it is let go
        driver.page.keyboard.down("a")
        driver.page.wait_for_timeout(40)
    driver.page.keyboard.up("a")
    assert decided() == 1
    for _ in range(2):
        driver.page.keyboard.press("a")
        driver.page.wait_for_timeout(60)
    assert decided() == 2
    driver.button("Approve").dblclick()
    assert decided() == 3
    driver.healthy()


def press(on: Driver, key: str) -> None:
    on.page.keyboard.press(key)
    on.settle()

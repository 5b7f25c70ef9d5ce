"""The grid of pairs: what is unsaved is marked while one goes on, and saving keeps the place."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.driver import Driver
from tests.serving import App

pytestmark = pytest.mark.browser

TOP = "document.querySelector('.st-key-review-grid .dvn-scroller').scrollTop"


def test_saving_keeps_the_place(driver: Driver, app: App) -> None:
    sheet = app.api("POST", "/sample")["training_sheet_id"]
    app.api.until(f"/training-sheets/{sheet}", ("ready",))
    driver.open("label", "review", sheet=sheet, p="2")
    driver.type_into("Response", 3, "praise")
    assert "unsaved" in driver.cell("Status", 3)
    driver.type_into("Response", 4, "slip_of_a_key")
    driver.sees("2 unsaved changes", re.compile("New label"))
    scroller = driver.main.locator(".st-key-review-grid .dvn-scroller")
    scroller.evaluate("grid => { grid.scrollTop = 1500 }")
    driver.settle()
    driver.page.keyboard.press("Control+s")
    driver.settle()
    driver.sees(re.compile("No pair has the label “slip_of_a_key” yet"))
    assert driver.page.evaluate(TOP) == 1500
    driver.page.get_by_text("New label").first.click()
    driver.settle()
    driver.page.keyboard.press("Control+s")
    driver.sees("2 saved")
    driver.settle()
    driver.page.wait_for_function(f"{TOP} === 1500")
    expect(driver.main.get_by_test_id("stElementToolbar")).to_be_hidden()
    expect(driver.page).to_have_url(re.compile("p=2"))
    driver.healthy()

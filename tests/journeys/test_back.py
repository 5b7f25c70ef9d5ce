"""The browser's Back undoes one act of the person, and addresses lead to what they name."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, expect

from tests.journeys.driver import Driver
from tests.serving import App

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def sheets(app: App) -> Iterator[tuple[str, str]]:
    """Two training sheets to choose among, the newer first."""
    made = app.api("POST", "/sample")
    app.api.until(f"/training-sheets/{made['training_sheet_id']}", ("ready",))
    sheet = app.api("GET", "/sheets", limit=1)["items"][0]
    newer = app.api("POST", f"/sheets/{sheet['id']}/assemble", {
        "name": "Newer", "template_id": made["template_id"], "response_column": "topic",
        "column_mapping": {"product": "product", "message": "message"},
    })["id"]  # fmt: skip
    app.api.until(f"/training-sheets/{newer}", ("ready",))
    yield newer, made["training_sheet_id"]


@pytest.mark.parametrize("stage", ["Generate", "Label", "Train", "Deploy", "Improve", "Govern"])
def test_one_press_leads_back_from_a_page(
    driver: Driver, sheets: tuple[str, str], stage: str
) -> None:
    driver.open()
    driver.go(stage)
    back(driver)
    at(driver, "Home", "/")


def test_one_press_undoes_a_view_and_a_choice(driver: Driver, sheets: tuple[str, str]) -> None:
    driver.open("data")
    driver.go("Label")
    driver.page.get_by_test_id("stButtonGroup").get_by_text("Flagged", exact=True).click()
    driver.settle()
    driver.view("Usage")
    driver.choose("Training sheet", "Sample")
    assert asked(driver) == {"view": ["usage"], "sheet": [sheets[1]]}
    back(driver)
    expect(chosen(driver)).to_have_value("Newer")
    back(driver)
    at(driver, "Label", "/label")
    driver.sees("Search")
    back(driver)
    at(driver, "Data", "/data")
    driver.page.go_forward()
    driver.settle()
    at(driver, "Label", "/label")


def test_a_button_that_leads_to_another_page_is_one_step(
    driver: Driver, sheets: tuple[str, str]
) -> None:
    driver.open("data")
    driver.go("Home")
    driver.press("Open")
    assert set(asked(driver)) == {"view", "sheet", "status"}
    back(driver)
    at(driver, "Home", "/")
    assert asked(driver) == {}
    back(driver)
    at(driver, "Data", "/data")


def test_an_address_names_view_and_choice_also_when_loaded_again(
    driver: Driver, sheets: tuple[str, str]
) -> None:
    driver.open("label", "usage", sheet=sheets[1])
    for _ in range(2):
        expect(chosen(driver)).to_have_value("Sample: pottery shop messages")
        assert asked(driver) == {"view": ["usage"], "sheet": [sheets[1]]}
        driver.page.reload()
        driver.settle()


def test_the_project_stays_in_the_address_without_a_step_of_its_own(
    driver: Driver, app: App
) -> None:
    app.api("POST", "/projects", {"id": "alpha", "title": "Alpha"})
    driver.open(project="alpha")
    driver.go("Govern", "Members")
    assert asked(driver) == {"view": ["members"], "project": ["alpha"]}
    back(driver)
    at(driver, "Govern", "/govern")
    back(driver)
    at(driver, "Home", "/")
    assert asked(driver) == {"project": ["alpha"]}


def test_filters_of_the_audit_outlast_a_reload_and_another_view(
    driver: Driver, sheets: tuple[str, str]
) -> None:
    driver.open("govern")
    driver.choose("Operation", "publish_sheet")
    driver.view("Lineage")
    assert asked(driver) == {"view": ["lineage"]}
    driver.view("Audit")
    assert asked(driver) == {"view": ["audit"], "operation": ["publish_sheet"]}
    driver.page.reload()
    driver.settle()
    assert driver.cell("Operation", 1) == "publish_sheet"
    back(driver)
    assert asked(driver) == {"view": ["lineage"]}
    back(driver)
    assert asked(driver) == {"operation": ["publish_sheet"]}


def back(on: Driver) -> None:
    on.page.go_back()
    on.settle()


def at(on: Driver, title: str, path: str) -> None:
    expect(on.main.locator("h1")).to_have_text(title)
    assert urlsplit(on.page.url).path == path


def asked(on: Driver) -> dict[str, list[str]]:
    """The parameters of the address."""
    return parse_qs(urlsplit(on.page.url).query)


def chosen(on: Driver) -> Locator:
    return on.main.get_by_test_id("stSelectbox").first.get_by_role("combobox")

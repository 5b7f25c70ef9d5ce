"""A form that is sent twice, because nothing seems to happen, does once what it says."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.journeys.conftest import browser
from tests.journeys.driver import Driver
from tests.serving import served as serving
from tests.wire.place import without_certificates
from tests.wire.server import TOKEN, Server, Warehouse

__all__ = ["browser"]

pytestmark = pytest.mark.browser


def test_a_second_click_on_train_trains_nothing_more(
    browser: Browser, server: Server, served: Warehouse, tmp_path: Path
) -> None:
    env = {
        "ONTOS_WAREHOUSE": "databricks", "ONTOS_HTTP_PATH": served.path,
        "DATABRICKS_HOST": server.host, "DATABRICKS_TOKEN": TOKEN, **without_certificates(tmp_path),
    }  # fmt: skip
    with serving(tmp_path / "home", **env) as app:
        sheet = app.api("POST", "/sample")["training_sheet_id"]
        app.api.until(f"/training-sheets/{sheet}", ("ready",))
        everything = {"action": "approve", "where": {"has_response": True}}
        app.api("POST", f"/training-sheets/{sheet}/review", everything)
        driver = Driver(browser.new_page(viewport={"width": 1440, "height": 900}), app.url)
        driver.open("train", "new", sheet=sheet)
        driver.button("Train").scroll_into_view_if_needed()
        box = driver.button("Train").bounding_box()
        assert box is not None
        served.faults.delay = 0.5
        for _ in range(2):
            driver.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            driver.page.wait_for_timeout(600)
        served.faults.delay = 0.0
        driver.sees("Cancel")
        (job,) = app.api("GET", "/training/jobs")["items"]
        app.api("POST", f"/training/jobs/{job['id']}/cancel")

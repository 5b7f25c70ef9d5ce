"""Pages in the frame of another site: nothing keeps them out, and they hide the navigation."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.driver import Driver
from tests.serving import App

pytestmark = pytest.mark.browser


class Host(BaseHTTPRequestHandler):
    """A page of another origin with one frame: the address in its query."""

    def do_GET(self) -> None:
        address = self.path.partition("?")[2]
        page = f'<iframe src="{address}" style="width: 800px; height: 600px"></iframe>'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:
        """The journeys' output stays short."""


@pytest.fixture
def host() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("stage", ["", "data", "label", "govern"])
def test_a_page_renders_in_the_frame_of_another_site(
    app: App, browser: Browser, host: str, stage: str
) -> None:
    page = browser.new_page(viewport={"width": 900, "height": 700})
    page.goto(f"{host}/?{app.url}/{stage}?embed=true")
    inside = page.frame_locator("iframe")
    title = stage.capitalize() or "Home"
    expect(inside.get_by_role("heading", name=title, exact=True)).to_be_visible(timeout=60_000)
    expect(inside.get_by_test_id("stSidebarNav")).to_have_count(0)
    expect(inside.get_by_test_id("stException")).to_have_count(0)
    page.close()


def test_navigation_stays_hidden_on_the_way(app: App, browser: Browser, host: str) -> None:
    page = browser.new_page(viewport={"width": 900, "height": 700})
    page.goto(f"{host}/?{app.url}/?embed=true")
    inside = page.frame_locator("iframe")
    inside.get_by_role("link", name="Data").click()
    expect(inside.get_by_role("heading", name="Data", exact=True)).to_be_visible(timeout=60_000)
    expect(inside.get_by_test_id("stSidebarNav")).to_have_count(0)
    page.close()


def test_a_menu_leads_to_the_other_stages(driver: Driver) -> None:
    driver.page.set_viewport_size({"width": 800, "height": 700})
    driver.open("label", embed="true")
    driver.press("Label")
    driver.page.get_by_test_id("stPopoverBody").get_by_role("link", name="Govern").click()
    driver.settle()
    expect(driver.main.locator("h1")).to_have_text("Govern")
    expect(driver.page.get_by_test_id("stPopoverBody")).to_have_count(0)
    assert urlsplit(driver.page.url)[2:4] == ("/govern", "embed=true")


def test_a_link_in_text_stays_in_the_tab_and_embedded(driver: Driver, app: App) -> None:
    sheet = app.api("POST", "/sample")["training_sheet_id"]
    app.api.until(f"/training-sheets/{sheet}", ("ready",))
    pairs = app.api("GET", f"/training-sheets/{sheet}/pairs", limit=1000)["items"]
    decided = {"action": "approve", "pair_ids": [pair["id"] for pair in pairs]}
    app.api("POST", f"/training-sheets/{sheet}/review", decided)
    job = app.api("POST", "/training/jobs", {"training_sheet_id": sheet, "model_name": "topics"})
    app.api.until(f"/training/jobs/{job['id']}", ("succeeded",), 180)
    driver.open("train", "jobs", job=job["id"], embed="true")
    driver.page.get_by_role("tab").last.click()
    driver.page.get_by_role("link", name="Sample: pottery shop messages").click()
    driver.settle()
    expect(driver.main.locator("h1")).to_have_text("Label")
    given = parse_qs(urlsplit(driver.page.url).query)
    assert given == {"view": ["review"], "sheet": [sheet], "embed": ["true"]}
    assert len(driver.page.context.pages) == 1
    driver.page.go_back()
    driver.settle()
    expect(driver.main.locator("h1")).to_have_text("Train")


def test_no_header_keeps_a_page_out_of_a_frame(app: App) -> None:
    headers = httpx.get(app.url, trust_env=False).headers
    assert "x-frame-options" not in headers
    assert "frame-ancestors" not in headers.get("content-security-policy", "")

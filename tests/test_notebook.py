"""A page in a notebook's cell."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from ontos.kernel.errors import Invalid
from ontos.notebook import PAGES, show

APP = "https://workbench.example.org"


class Frames(HTMLParser):
    """The attributes of each iframe."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "iframe":
            self.found.append(dict(attrs))


def drawn(html: str) -> dict[str, str | None]:
    frames = Frames()
    frames.feed(html)
    assert len(frames.found) == 1
    return frames.found[0]


def test_the_cell_shows_the_page_at_its_view_without_navigation() -> None:
    frame = drawn(show("label", app=APP + "/", sheet="a1", view="focus")._repr_html_())
    address = urlsplit(str(frame["src"]))
    assert (address.netloc, address.path) == ("workbench.example.org", "/label")
    assert parse_qs(address.query) == {"sheet": ["a1"], "view": ["focus"], "embed": ["true"]}
    assert frame["height"] == "800"


def test_nothing_in_the_query_leaves_its_attribute() -> None:
    hostile = '"><script>alert(1)</script>'
    shown = show("label", app=APP, sheet=hostile)
    assert "<script" not in shown._repr_html_()
    assert parse_qs(urlsplit(str(drawn(shown._repr_html_())["src"])).query)["sheet"] == [hostile]


def test_the_address_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONTOS_APP_URL", APP)
    assert show().url == APP + "/?embed=true"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"page": "labels", "app": APP}, "page"),
        ({"app": "javascript:alert(1)"}, "app"),
        ({"app": "https://a.example.org/?x=1"}, "app"),
        ({"app": APP, "height": 5}, "height"),
        ({}, "app"),
    ],
)
def test_what_is_wrong_is_named(
    arguments: dict[str, object], field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ONTOS_APP_URL", raising=False)
    with pytest.raises(Invalid) as told:
        show(**arguments)  # type: ignore[arg-type]
    assert told.value.field == field


def test_every_page_of_the_app_can_be_shown() -> None:
    folder = Path(__file__).parents[1] / "pages"
    assert {path.parent.name for path in folder.glob("*/page.py")} == set(PAGES)

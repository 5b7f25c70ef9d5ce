"""The workbench inside a notebook: a page of the running app, embedded in a cell's output.

from ontos.notebook import show

show("label", sheet="3f0c…", view="focus")
"""

import os
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode, urlsplit

from ontos.kernel.errors import Invalid

PAGES = (
    "home", "data", "generate", "label", "train", "deploy", "monitor", "improve", "govern",
)  # fmt: skip
LEAST, MOST = 200, 4_000
"""Pixels of height."""


@dataclass(frozen=True)
class Embedded:
    """What a notebook draws as the page; `url` opens it alone."""

    url: str
    height: int

    def _repr_html_(self) -> str:
        return (
            f'<iframe src="{escape(self.url)}" width="100%" height="{self.height}"'
            ' style="border:0" title="Ontos ML Workbench" allow="clipboard-write"></iframe>'
        )


def show(
    page: str = "home", *, app: str | None = None, height: int = 800, **query: str | int
) -> Embedded:
    """A page as a cell's output; `query` is what its address holds: a view, a record.

    `app` is the app's address, of which ONTOS_APP_URL is the default. Raises Invalid, which names
    the argument, where the page or the address is none. Who looks has to be signed in to the app.
    """
    if page not in PAGES:
        raise Invalid(f"page: there is no page {page!r}. Pages: {', '.join(PAGES)}.", field="page")
    if not LEAST <= height <= MOST:
        raise Invalid(f"height: give {LEAST} to {MOST} pixels.", field="height")
    path = "" if page == "home" else page
    return Embedded(f"{_root(app)}/{path}?{urlencode({**query, 'embed': 'true'})}", height)


def _root(app: str | None) -> str:
    given = (app or os.environ.get("ONTOS_APP_URL", "")).strip().rstrip("/")
    if not given:
        raise Invalid(
            "app: the address of the workbench is not known. Pass app='https://…', as "
            "`databricks apps get` prints it, or set ONTOS_APP_URL.",
            field="app",
        )
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise Invalid("app: give an address such as https://my-app.example.org.", field="app")
    return given

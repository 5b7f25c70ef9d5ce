"""The browser of the journeys, on a machine that had none."""

from collections.abc import Iterator

import pytest

from tests import browser


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is installed but what Debian is asked for."""
    there: list[str] = []

    def debian(package: str) -> bool:
        there.append(f"/usr/bin/{package}")
        return True

    monkeypatch.setattr(browser, "_installed", lambda: iter(there))
    monkeypatch.setattr(browser, "_starts", lambda path: True)
    monkeypatch.setattr(browser, "debian", debian)
    browser.find.cache_clear()
    yield
    browser.find.cache_clear()


def test_a_browser_is_found_once_it_is_installed(
    bare: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    assert browser.find() is None
    assert browser.main() == 0
    assert browser.find() == "/usr/bin/chromium"

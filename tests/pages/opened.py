"""A page as Streamlit runs it, without a browser."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from ontos.bootstrap import Workbench
from ontos.doors import process

FAILED = "**This view failed.** It is not something that you did, and the log says more."
SCRIPT = Path(__file__).parents[2] / "pages" / "navigation.py"


def opened(bench: Workbench, stage: str, **params: str) -> AppTest:
    """The page of a stage at a view, as this machine's user sees it."""
    return sound(visited(bench, stage, **params))


def visited(
    bench: Workbench, stage: str, *, before: Callable[[], object] | None = None, **params: str
) -> AppTest:
    """The same, whatever it shows; `before` is called when all is ready for the page."""
    process.use(bench)
    page = AppTest.from_file(str(SCRIPT), default_timeout=60).run()  # makes the pages known
    if before is not None:
        before()
    page.switch_page(f"{stage}/page.py")
    page.query_params.update({name: str(value) for name, value in params.items()})
    return page.run()


def sound(page: AppTest) -> AppTest:
    """The page, which raised nothing and shows no refusal."""
    assert not page.exception, page.exception[0].value
    assert not page.error, page.error[0].value
    return page


def press(page: AppTest, label: str) -> AppTest:
    """Press the first button that says so; the page after that, whatever it shows."""
    found = [button for button in page.button if button.label == label]
    assert found, f"no button {label!r} among {[button.label for button in page.button]}"
    page = found[0].click().run()
    assert not page.exception, page.exception[0].value
    assert FAILED not in [error.value for error in page.error], "see the log for why"
    return page


def texts(page: AppTest) -> str:
    """All that can be read."""
    kinds: list[Any] = [page.title, page.subheader, page.markdown, page.caption, page.info,
                        page.warning, page.error]  # fmt: skip
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def figure(page: AppTest, label: str) -> str:
    """The value of a metric."""
    return str(next(metric.value for metric in page.metric if metric.label == label))


def steps(page: AppTest) -> list[tuple[str, str, str]]:
    """Links within the app: their words, pages and parameters."""
    found = [element.proto for element in page.get("page_link")]
    return [(link.label, link.page, link.query_string) for link in found]

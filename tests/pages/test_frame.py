"""What every page is made of."""

import pytest
from streamlit.testing.v1 import AppTest

from ontos.bootstrap import Workbench
from ontos.doors import process
from ontos.govern.roles import LevelChange, set_level
from ontos.kernel.caller import Caller
from pages.data.words import escaped
from tests.pages.opened import FAILED, opened, texts


def broken_page() -> None:
    from pages.frame import View, stage

    stage("Broken", "It fails.", (View("broken", "Broken", "tests.pages.broken"),))


def test_a_view_that_fails_says_so_with_a_reference(bench: Workbench) -> None:
    process.use(bench)
    page = AppTest.from_function(broken_page, default_timeout=60).run()
    assert not page.exception
    assert page.error[0].value == FAILED and "Reference " in texts(page)
    assert "Try again" in [button.label for button in page.button]


def refused() -> None:
    from ontos.kernel.errors import Denied
    from pages.frame import show

    show(
        Denied("table: ask its owner for: GRANT SELECT ON TABLE `a_b`.`c` TO `ann`", field="table")
    )


def test_a_grant_in_a_refusal_can_be_copied_as_it_is() -> None:
    said = AppTest.from_function(refused).run().error[0].value
    assert escaped("Table: ask its owner for: GRANT SELECT ON TABLE `a_b`.`c` TO `ann`") in said


@pytest.mark.parametrize(
    ("stage", "feature"),
    [("data", "sheets"), ("generate", "templates"), ("train", "training"),
     ("deploy", "deploy"), ("improve", "improve")],
)  # fmt: skip
def test_whoever_may_only_look_is_told_first(
    bench: Workbench, caller: Caller, stage: str, feature: str
) -> None:
    assert "change nothing" not in texts(opened(bench, stage))
    set_level(caller, LevelChange(role="admin", feature=feature, level="read"))
    assert "change nothing" in texts(opened(bench, stage))


@pytest.mark.parametrize(("view", "feature"), [("usage", "labels"), ("tasks", "labeling_jobs")])
def test_a_view_may_write_on_something_of_its_own(
    bench: Workbench, caller: Caller, view: str, feature: str
) -> None:
    assert "change nothing" not in texts(opened(bench, "label", view=view))
    set_level(caller, LevelChange(role="admin", feature=feature, level="read"))
    assert "change nothing" in texts(opened(bench, "label", view=view))
    assert "change nothing" not in texts(opened(bench, "label", view="review"))

"""States and what may follow them."""

import pytest

from ontos.kernel.errors import NotNow
from ontos.kernel.lifecycle import Lifecycle

LIFE = Lifecycle(
    "thing", {"draft": ("published", "archived"), "published": ("archived",), "archived": ()}
)


def test_an_allowed_transition_passes() -> None:
    LIFE.check("draft", "published")


def test_a_refused_transition_says_which_are_allowed() -> None:
    with pytest.raises(
        NotNow, match=r"is published and cannot become draft. It may become archived"
    ):
        LIFE.check("published", "draft")


def test_a_final_state_says_so() -> None:
    with pytest.raises(NotNow, match="final"):
        LIFE.check("archived", "draft")


def test_what_comes_before() -> None:
    assert LIFE.before("archived") == ("draft", "published")
    assert LIFE.final("archived") and not LIFE.final("draft")

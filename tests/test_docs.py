"""What exists is documented: every setting, operation, table and role."""

from pathlib import Path

import pytest

from ontos.bootstrap import declare
from ontos.kernel.permission import FEATURES, ROLES
from ontos.kernel.settings import Settings
from tests.docs import PAGES

DOCS = Path(__file__).parents[1] / "docs"
declare()


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_is_up_to_date(name: str) -> None:
    """Reference pages are written from the declarations: `python -m tests.docs` renews them."""
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "run python -m tests.docs"


def test_settings_explain_themselves() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_roles_and_features_have_words() -> None:
    assert all(role.title for role in ROLES) and all(feature.covers for feature in FEATURES)

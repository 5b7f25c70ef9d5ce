"""What the workbench needs: found, named with its remedy, made where it may be."""

import pytest

from ontos.govern.setup import check_setup, make_setup
from ontos.kernel.errors import Denied, NotFound


def test_a_laptop_has_all_that_is_needed(caller):
    found = {each.key: each for each in check_setup(caller)}
    assert {key for key, each in found.items() if each.state == "missing"} == set()
    assert found["llm"].state == "optional"
    assert "ONTOS_LLM_BASE_URL" in found["llm"].remedy


def test_what_is_wrong_says_how_to_mend_it(bench, caller):
    registry = bench.settings.home.resolve() / "orgs" / "default" / "mlflow.db"
    registry.parent.mkdir(parents=True, exist_ok=True)
    registry.write_text("this is no database")
    found = {each.key: each for each in check_setup(caller)}["models"]
    assert found.state == "missing"
    assert "mlflow.db" in found.found and found.remedy


def test_only_an_administrator_looks(as_role):
    with pytest.raises(Denied):
        check_setup(as_role("data_steward"))


def test_nothing_is_made_that_cannot_be(caller):
    with pytest.raises(NotFound, match="cannot be made"):
        make_setup(caller, "moon")

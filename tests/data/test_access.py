"""Whose rights read a table; what a warehouse refuses is shown in tests/wire/test_rights.py."""

import queue
from dataclasses import replace

import pytest

from ontos.bootstrap import Workbench
from ontos.data import access
from ontos.data.access import known, readable, reader, require_select
from ontos.kernel import kept
from ontos.kernel.caller import Caller
from ontos.warehouse import tally
from tests.label.elsewhere import pairs_elsewhere, with_own_token


def test_without_a_forwarded_token_the_store_has_one_reader(caller):
    assert reader(caller, "workbench.elsewhere.t") is caller.warehouse
    require_select(caller, "workbench.elsewhere.not_there")  # nobody's rights to ask for


def test_uploads_are_read_as_the_app_whoever_asks(caller):
    person = replace(caller.person, token="forwarded")  # noqa: S106
    uploads = caller.workspace.catalog.upload_schema()
    assert reader(replace(caller, person=person), f"{uploads}.mine") is caller.warehouse


@pytest.fixture
def person(bench: Workbench, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> Caller:
    """Whose own rights read the tables `one` and `two` from elsewhere."""
    for name in ("one", "two"):
        pairs_elsewhere(bench, name)
    return with_own_token(caller, monkeypatch)


ONE, TWO, GONE = (f"workbench.elsewhere.{name}" for name in ("one", "two", "gone"))


def test_a_list_is_asked_for_in_one_statement(person: Caller) -> None:
    with tally() as cost:
        assert readable(person, [ONE, TWO]) == {ONE, TWO}
        assert readable(person, [TWO, ONE, ONE]) == {ONE, TWO}
    assert (cost.statements, known(person, [ONE, TWO]), known(person, [ONE])) == (1, True, False)


def test_where_a_list_is_refused_each_is_asked_for(person: Caller) -> None:
    with tally() as cost:
        assert readable(person, [ONE, TWO, GONE]) == {ONE, TWO}
        assert readable(person, [GONE]) == set()
    assert cost.statements == 1 + 3 + 2


def test_a_list_is_renewed_as_one(person: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    readable(person, [ONE, TWO])
    renewed: queue.Queue[list[str]] = queue.Queue()
    monkeypatch.setattr(access, "_which", lambda _, tables: renewed.put(tables) or set(tables))
    monkeypatch.setattr(kept, "FRESH_SECONDS", 0.0)
    assert readable(person, [ONE, TWO]) == {ONE, TWO}
    assert renewed.get(timeout=10) == [ONE, TWO]
    assert renewed.empty()

"""What training sheets were made of, as it is remembered; whom that keeps out: tests/wire."""

from dataclasses import replace

import pytest

from ontos.kernel.caller import Caller
from ontos.label import origins
from ontos.label.origins import (
    SHEETS,
    TRAINING_SHEETS,
    look_up_newest,
    look_up_tables,
    require_source,
    tables_seen,
)
from ontos.warehouse import tally
from tests.label.assembled import Maker


def test_the_newest_are_those_that_stand_first(caller: Caller, assemble: Maker) -> None:
    assert look_up_newest(caller) == {"label": None, "train": None}
    ready = assemble()
    archived = assemble(of=ready, status="archived")
    assemble(of=ready, status="assembling")
    assert look_up_newest(caller) == {"label": archived.id, "train": ready.id}


def test_what_was_looked_up_is_not_asked_for_again(caller: Caller, assemble: Maker) -> None:
    made = assemble()
    table = look_up_tables(caller)[made.sheet_id]
    person = replace(caller, person=replace(caller.person, token="forwarded"))  # noqa: S106
    with tally() as cost:
        require_source(person, made.id)
        require_source(person, made.id)
    assert cost.statements == 1
    assert tables_seen(caller, TRAINING_SHEETS) == {made.id: table}
    assert tables_seen(caller, SHEETS) == {made.sheet_id: table}


def test_the_newest_are_remembered(
    caller: Caller, assemble: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(origins, "MOST", 2)
    made = [assemble() for _ in range(3)]
    look_up_newest(caller)
    assert list(tables_seen(caller, TRAINING_SHEETS)) == [sheet.id for sheet in made[1:]]

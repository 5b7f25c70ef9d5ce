"""A table that is not the workbench's own: whoever looks reads it with their own rights."""

from dataclasses import replace

import pytest

from ontos.bootstrap import Workbench
from ontos.kernel.caller import Caller
from tests.label.assembled import Assembled, Maker, messages

TABLE = "workbench.elsewhere.messages"
ROWS = [{"ref": f"i{n}", "text": f"text {n}", "label": "greet"} for n in range(3)]


def pairs_elsewhere(bench: Workbench, name: str = "messages", org: str | None = None) -> Assembled:
    """Pairs of ROWS in TABLE, or another one beside it, made as the app."""
    bench.engine.create_schema("elsewhere")

    store = bench.engine.within("elsewhere")
    return Maker(bench.local_caller(org), lambda _, rows: messages(store, name, rows))(ROWS)


def with_own_token(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> Caller:
    """The same person, behind whom a workspace would forward a token: tables from elsewhere are
    asked for by another connection then, to which all is granted."""
    engine = type(caller.warehouse)
    monkeypatch.setattr(engine, "as_person", lambda self, _: self.within(self.schema))
    return replace(caller, person=replace(caller.person, token=caller.user))

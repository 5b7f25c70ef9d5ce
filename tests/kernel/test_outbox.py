"""Subscribers receive each event, in order, after the operation has answered."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from ontos.bootstrap import Workbench
from ontos.data.sheets import SheetSpec, create_sheet
from ontos.generate.templates import TemplateSpec, create_template
from ontos.govern.orgs import OrgSpec, create_org
from ontos.govern.projects import ProjectSpec, create_project
from ontos.kernel import observers, outbox
from ontos.kernel.caller import Caller
from ontos.kernel.fields import new_id, now
from ontos.kernel.observers import subscriber
from ontos.kernel.outbox import deliver


@pytest.fixture
def heard() -> Iterator[list[Mapping[str, Any]]]:
    events: list[Mapping[str, Any]] = []
    arrived = threading.Event()

    @subscriber("create_sheet")
    def listen(_caller: Caller, event: Mapping[str, Any]) -> None:
        events.append(event)
        arrived.set()

    yield events
    observers._subscribers.clear()


def test_an_event_is_a_cloudevents_document(
    caller: Caller, table: Callable[..., str], heard: list[Mapping[str, Any]]
) -> None:
    sheet = create_sheet(caller, SheetSpec(name="s", source_table=table("t", [{"a": "x"}])))
    deliver(caller, set())
    assert len(heard) >= 1
    event = heard[0]
    assert event["specversion"] == "1.0" and event["source"] == "/ontos/default"
    assert event["type"] == "ontos.create_sheet.done" and event["subject"] == f"sheet/{sheet.id}"
    assert event["data"]["arguments"]["spec"]["name"] == "s"


def test_a_row_that_is_committed_late_is_delivered(
    caller: Caller, heard: list[Mapping[str, Any]]
) -> None:
    """Another's, with a later id, was there before."""
    delivered: set[str] = set()

    def committed(key: str) -> None:
        caller.warehouse.execute(
            "INSERT INTO journal (id, at, user, door, operation, outcome, correlation_id)"
            " VALUES (:id, :at, 'ann', 'rest', 'create_sheet', 'done', 'x')",
            id=key, at=now(),
        )  # fmt: skip

    early, late = new_id(), new_id()
    committed(late)
    assert deliver(caller, delivered, batch=1) >= 1
    committed(early)
    assert deliver(caller, delivered, batch=1) == 1
    assert deliver(caller, delivered, batch=1) == 0
    assert {late, early} <= {event["id"] for event in heard}


def test_what_was_delivered_long_ago_is_neither_known_nor_delivered_again(
    caller: Caller, heard: list[Mapping[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    delivered: set[str] = set()
    deliver(caller, delivered)
    monkeypatch.setattr(outbox, "LATE", 0.0)
    assert deliver(caller, delivered) == 0
    assert delivered == set()


def test_events_of_every_tenant_arrive(bench: Workbench, caller: Caller) -> None:
    """Also where nobody but a few may come in."""
    create_org(caller, OrgSpec(id="north", title="North"))
    create_project(bench.local_caller("north"), ProjectSpec(id="alpha", title="Alpha"))
    sources: list[tuple[str, str]] = []

    @subscriber("create_template")
    def listen(there: Caller, event: Mapping[str, Any]) -> None:
        sources.append((event["source"], there.tenant.name))

    try:
        for place in (
            caller,
            bench.local_caller("north"),
            bench.local_caller("north", "x", "alpha"),
        ):
            create_template(place, TemplateSpec(name="t", label_type="kind", user_prompt="{{ a }}"))
        until = time.monotonic() + 10
        while len(sources) < 3:
            assert time.monotonic() < until, sources
            time.sleep(0.02)
    finally:
        observers._subscribers.clear()
    assert sorted(sources) == [
        ("/ontos/default", "default"), ("/ontos/north", "north"),
        ("/ontos/north/alpha", "north__alpha"),
    ]  # fmt: skip

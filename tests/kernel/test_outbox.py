"""Subscribers receive each event, in order, after the operation has answered."""

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from ontos.data.sheets import SheetSpec, create_sheet
from ontos.kernel import observers
from ontos.kernel.caller import Caller
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
    while deliver(caller):
        pass
    assert len(heard) >= 1
    event = heard[0]
    assert event["specversion"] == "1.0" and event["source"] == "/ontos/default"
    assert event["type"] == "ontos.create_sheet.done" and event["subject"] == f"sheet/{sheet.id}"
    assert event["data"]["arguments"]["spec"]["name"] == "s"

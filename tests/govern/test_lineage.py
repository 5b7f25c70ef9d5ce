"""Lineage: both directions, cycles end, other people's branches stay out."""

import pytest

from ontos.govern.lineage import get_lineage, list_lineage_entities, look_up_latest
from ontos.kernel.caller import Caller
from ontos.kernel.errors import NotFound
from ontos.kernel.lineage import Node, link


def node(kind: str, key: str) -> Node:
    return Node(kind, key, f"{kind} {key}")


@pytest.fixture
def chain(caller: Caller) -> None:
    """table a → sheet b → model c, and another sheet d of the same table."""
    link(caller, node("table", "a"), node("sheet", "b"), "create_sheet")
    link(caller, node("sheet", "b"), node("model", "c"), "train")
    link(caller, node("table", "a"), node("sheet", "d"), "create_sheet")


def names(caller: Caller, kind: str, key: str) -> set[str]:
    return {n.entity_id for n in get_lineage(caller, kind, key).nodes}


def test_what_it_came_out_of_and_what_came_of_it(caller: Caller, chain: None) -> None:
    assert names(caller, "model", "c") == {"a", "b", "c"}
    assert names(caller, "table", "a") == {"a", "b", "c", "d"}
    assert names(caller, "sheet", "d") == {"a", "d"}


def test_the_latest_is_the_first_that_is_listed(caller: Caller, chain: None) -> None:
    first = list_lineage_entities(caller)[0]
    assert look_up_latest(caller) == f"{first.entity_type}/{first.entity_id}"


def test_of_nothing_there_is_no_latest(caller: Caller) -> None:
    assert look_up_latest(caller) is None


def test_the_same_edge_is_kept_once(caller: Caller, chain: None) -> None:
    link(caller, node("table", "a"), node("sheet", "b"), "create_sheet")
    assert len(get_lineage(caller, "sheet", "b").edges) == 2


def test_a_cycle_ends(caller: Caller, chain: None) -> None:
    link(caller, node("model", "c"), node("sheet", "b"), "use_feedback")
    assert names(caller, "sheet", "b") == {"a", "b", "c"}


def test_unknown_things_are_not_drawn(caller: Caller, chain: None) -> None:
    with pytest.raises(NotFound, match="nothing is known of sheet zzz"):
        get_lineage(caller, "sheet", "zzz")
    assert {n.entity_id for n in list_lineage_entities(caller)} == {"a", "b", "c", "d"}

import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel

from ontos.kernel import seen
from ontos.kernel.caller import Caller
from ontos.kernel.errors import Conflict, Denied, NotFound, NotNow, OntosError
from ontos.kernel.seen import Seen, Sight, beside, by_sight, see
from ontos.kernel.tenancy import Tenant
from ontos.warehouse import tally


@dataclass(frozen=True)
class Thing:
    id: str
    version: int


class Part(BaseModel):
    id: str
    text: str = ""
    parts: list[str] | dict[str, str] = []


HERE, ELSEWHERE = Tenant("default"), Tenant("default", "claims")


class Shelf:
    """What is there now, and how often it was read."""

    def __init__(self, *things: Thing) -> None:
        self.there = {thing.id: thing for thing in things}
        self.reads = 0

    def read(self, caller: Caller, key: str) -> Thing:
        self.reads += 1
        if key not in self.there:
            raise NotFound(f"There is no thing {key}.")
        return see(caller, self.there[key])

    def written(self, thing: Thing) -> int:
        """Compare and set, as a save does it."""
        if self.there[thing.id] != thing:
            raise Conflict("Somebody was quicker.")
        return thing.version


def test_what_was_seen_is_not_read(caller: Caller) -> None:
    shelf = Shelf(Thing("a", 1))
    shelf.read(caller, "a")
    for _ in range(2):
        done = by_sight(caller, lambda sight: shelf.written(sight(Thing, "a", shelf.read)))
    assert (done, shelf.reads) == (1, 1)


def test_what_was_not_seen_is_read_once(caller: Caller) -> None:
    shelf = Shelf(Thing("b", 3))
    assert by_sight(caller, lambda sight: shelf.written(sight(Thing, "b", shelf.read))) == 3
    assert shelf.reads == 1


def test_what_changed_unseen_is_met_as_it_is_now(caller: Caller) -> None:
    shelf = Shelf(Thing("c", 1))
    shelf.read(caller, "c")
    shelf.there["c"] = Thing("c", 2)
    assert by_sight(caller, lambda sight: shelf.written(sight(Thing, "c", shelf.read))) == 2
    assert shelf.reads == 2


def test_what_is_refused_for_good_is_tried_once(caller: Caller) -> None:
    shelf, tries = Shelf(Thing("d", 1)), []

    def refused(sight: Sight) -> None:
        tries.append(sight(Thing, "d", shelf.read))
        raise NotNow("It is archived.")

    shelf.read(caller, "d")
    with pytest.raises(NotNow):
        by_sight(caller, refused)
    assert len(tries) == 1


def test_what_is_gone_is_said_to_be_gone(caller: Caller) -> None:
    shelf = Shelf(Thing("e", 1))
    thing = shelf.read(caller, "e")
    del shelf.there["e"]

    def written(sight: Sight) -> None:
        assert sight(Thing, "e", shelf.read) == thing
        raise Conflict("It did not change.")

    with pytest.raises(NotFound, match="no thing e"):
        by_sight(caller, written)


def test_each_tenant_has_seen_its_own() -> None:
    memory, thing = Seen(), Thing("f", 1)
    memory.keep(HERE, thing)
    assert memory.last(HERE, Thing, "f") is thing
    assert memory.last(ELSEWHERE, Thing, "f") is None
    assert memory.last(HERE, Caller, "f") is None  # type: ignore[type-var]


def test_what_a_save_answers_is_seen_only_where_it_had_been() -> None:
    memory = Seen()
    memory.keep(HERE, Thing("h", 1))
    for answer in (Thing("h", 2), Thing("i", 2), None, "h"):
        memory.renew(HERE, answer)
    assert memory.last(HERE, Thing, "h") == Thing("h", 2)
    assert memory.last(HERE, Thing, "i") is None


def test_the_longest_unused_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "MOST", 2)
    memory = Seen()
    for key in "abc":
        memory.keep(HERE, Thing(key, 1))
        memory.last(HERE, Thing, "a")
    assert [memory.last(HERE, Thing, key) is not None for key in "abc"] == [True, False, True]


@pytest.mark.parametrize(
    "large",
    [{"text": "x" * 500_001}, {"parts": ["x" * 300_000] * 2}, {"parts": {"a": "x" * 500_001}}],
)
def test_what_is_large_is_read_anew_each_time(large: dict[str, Any]) -> None:
    memory = Seen()
    memory.keep(HERE, Part(id="a", text="short"))
    memory.keep(HERE, Part(id="a", **large))
    assert memory.last(HERE, Part, "a") is None


def test_what_is_kept_has_a_limit_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """By what records take: one of many small parts takes far more than its text."""
    monkeypatch.setattr(seen, "ROOM", 500_000)
    memory, names = Seen(), [f"{n:04d}" for n in range(200)]
    tracemalloc.start()
    for name in names:
        memory.keep(HERE, Part(id=name, parts=[f"{name} {n}" for n in range(200)]))
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 250_000 < taken < 750_000
    assert memory.last(HERE, Part, names[-1]) and not memory.last(HERE, Part, names[0])


def test_a_record_that_is_kept_anew_takes_its_room_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "ROOM", 100_000)
    memory = Seen()
    memory.keep(HERE, Thing("first", 1))
    for _ in range(20):
        memory.keep(HERE, Part(id="a", text="x" * 10_000))
    assert memory.last(HERE, Thing, "first")


def test_remembering_costs_no_wait(caller: Caller) -> None:
    shelf = Shelf(Thing("g", 1))
    shelf.read(caller, "g")
    with tally() as cost:
        by_sight(caller, lambda sight: shelf.written(sight(Thing, "g", shelf.read)))
    assert (cost.waits, cost.statements) == (0, 0)


def measured(caller: Caller, now: Thing | OntosError) -> tuple[list[int], Callable[[], object]]:
    """A read beside a thing: the versions that it was called for, and the whole."""
    asked: list[int] = []

    def act(thing: Thing) -> int:
        asked.append(thing.version)
        if thing.version < 0:
            raise NotFound("There is no such version.")
        return thing.version

    def read() -> Thing:
        if isinstance(now, OntosError):
            raise now
        return see(caller, now)

    return asked, lambda: beside(caller, Thing, "t", read, act)


def test_what_is_read_beside_is_done_again_only_where_it_has_changed(caller: Caller) -> None:
    for size, calls in ((1, [1]), (1, [1]), (2, [1, 2]), (2, [2])):
        asked, found = measured(caller, Thing("t", size))
        assert (found(), asked) == (size, calls)


def test_what_is_refused_beside_counts_only_where_the_thing_is_so(caller: Caller) -> None:
    see(caller, Thing("t", -1))
    asked, found = measured(caller, Thing("t", 3))
    assert (found(), asked) == (3, [-1, 3])
    see(caller, Thing("t", -1))
    asked, found = measured(caller, Thing("t", -1))
    with pytest.raises(NotFound, match="no such version"):
        found()
    assert asked == [-1]


def test_what_may_not_be_read_gives_nothing_beside(caller: Caller) -> None:
    see(caller, Thing("t", 1))
    with pytest.raises(Denied):
        measured(caller, Denied("Not yours."))[1]()
